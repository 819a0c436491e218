"""Exports to an S3 server for tests: the command as a process of one machine or another, and what is in the bucket."""

import itertools

import obstore

from producer.event_record import record_of
from runtime.kafka.writer import AcknowledgedWriter
from schemas import Event, Target
from tests.kit.bridge import WORKER, Finished, Installation
from tests.kit.process import Process
from tests.kit.s3_server import BUCKET, S3Server, variables

NOON = 1_767_268_800_000
"""2026-01-01T12:00:00Z."""
COUNT = itertools.count()


def fill(setup: Installation, count: int, *, ms: int = NOON) -> None:
    """Writes pushes to 50 repositories, accepted a millisecond apart."""
    writer = AcknowledgedWriter(
        {"bootstrap.servers": setup.bootstrap}, client_id="test", max_record_bytes=1 << 20, limit_s=60.0
    )
    media_type = "application/vnd.oci.image.manifest.v1+json"
    events = [
        Event(id=f"e{ms + n}", action="push", target=Target(media_type=media_type, repository=f"team/app{n % 50}"))
        for n in range(count)
    ]
    records = [record_of(event, topic=setup.topic, accepted_ms=ms + at) for at, event in enumerate(events)]
    for start in range(0, len(records), 500):
        writer.write(records[start : start + 500])
    writer.close()


def exporting(setup: Installation, port: int, *options: str, machine: str = "machine", bucket: str = BUCKET) -> Process:
    """An export to a bucket as a process of that machine, not started yet."""
    arguments = ("export", "--output", f"s3://{bucket}/{setup.topic}", "--format", "parquet", *options)
    return working(setup, port, *arguments, machine=machine)


def working(setup: Installation, port: int, *arguments: str, machine: str = "machine") -> Process:
    """A command of a machine that knows the server, not started yet."""
    scratch = setup.folder / machine
    scratch.mkdir(exist_ok=True)
    environment = {**variables(port), "TMPDIR": str(scratch)}
    folder = setup.folder / f"process-{next(COUNT)}"
    return Process(WORKER, *arguments, folder=folder, config=setup.config(), environment=environment)


def finished(process: Process) -> Finished:
    """Runs it to its end."""
    process.start()
    code = process.wait()
    return Finished(code, process.stdout, process.stderr)


def names(s3: S3Server, prefix: str) -> list[str]:
    """The paths of all objects below a prefix."""
    return sorted(one["path"] for found in obstore.list(s3.store(prefix)) for one in found)


def exported_files(s3: S3Server, prefix: str) -> list[str]:
    """The paths of all Parquet objects."""
    return [name for name in names(s3, prefix) if name.endswith(".parquet")]
