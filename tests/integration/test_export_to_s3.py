"""`registry-worker export` to a real S3 server: each record once whatever happens, and the reports of it."""

import io
import json
import os
import random
import re
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import obstore
import pyarrow.parquet as pq
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from broker import LocalKafka
from broker.ports import free_port
from consumer.analytics.iceberg.compaction import compact
from consumer.analytics.iceberg.expiry import expire
from consumer.analytics.objects.address import StorageAddress
from consumer.analytics.objects.bucket import ONE_REQUEST_BYTES, Bucket
from consumer.analytics.objects.lease import Lease, LeaseTerms
from consumer.analytics.objects.object_storage import holding
from consumer.attempts.record import record_of
from consumer.log.record_batch import DAY_MS
from runtime.clock import SystemClock
from runtime.kafka.writer import AcknowledgedWriter
from tests.kit import eventually
from tests.kit.attempt_rows import attempted
from tests.kit.bridge import Installation
from tests.kit.faulty_proxy import FaultyProxy, Kind, Plan, Treatment, passing
from tests.kit.iceberg_tables import NAME, Exporting, rows
from tests.kit.process import Process
from tests.kit.s3_exports import NOON, exported_files, exporting, fill, finished, names, working
from tests.kit.s3_server import BUCKET, SECRET, S3Server
from tests.kit.topics import make_topic, read

pytestmark = pytest.mark.kafka

HOLDS: Sequence[Kind] = ("hold request", "hold answer")
LOCK = ".export.lock"
IN_THE_MIDDLE = 4
"""The request of files at which some are there and some are not, however fast it goes: one asks what is there, and each
of four partitions has a file at least."""


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A server of this file."""
    with S3Server(tmp_path_factory.mktemp("s3")) as running:
        yield running


@pytest.fixture
def setup(kafka: LocalKafka, topic: str, tmp_path: Path) -> Installation:
    """A topic of four partitions, empty."""
    make_topic(kafka, topic, retention_ms="-1")  # the records are old
    return Installation(kafka.bootstrap, topic, tmp_path)


def places(kafka: LocalKafka, topic: str) -> Counter[tuple[int, int]]:
    """Every record of the topic, once."""
    return Counter((one.partition, one.offset) for one in read(kafka, topic))


def exported(s3: S3Server, prefix: str) -> Counter[tuple[int, int]]:
    """Every row of the Parquet objects."""
    rows: Counter[tuple[int, int]] = Counter()
    for name in exported_files(s3, prefix):
        table = pq.read_table(io.BytesIO(bytes(obstore.get(s3.store(prefix), name).bytes())))
        rows.update(zip(table["kafka_partition"].to_pylist(), table["kafka_offset"].to_pylist(), strict=True))
    return rows


def test_killed_at_any_moment(setup: Installation, kafka: LocalKafka, s3: S3Server) -> None:
    """Killed at any request and run once more, the objects hold each record exactly once, and nothing unfinished."""
    fill(setup, 2000)
    dice = random.Random(20261130)
    counts = []
    with FaultyProxy(s3.port) as proxy:
        for more in (IN_THE_MIDDLE, *(dice.randrange(3, 20) for _ in range(4))):
            wanted = len(of_files(proxy)) + more
            proxy.plan = holding_from(wanted, dice.choice(HOLDS), proxy)
            with exporting(setup, proxy.port, "--roll", "200ms", "--lease", "1s") as running:
                eventually(partial(reached, proxy, wanted, running))
                if running.returncode is None:
                    running.kill()
            proxy.plan = passing
            proxy.let_go()
            counts.append(len(exported_files(s3, setup.topic)))
        done = finished(exporting(setup, proxy.port))
    assert 0 == done.code, done.stderr
    assert 0 < counts[0] < len(exported_files(s3, setup.topic)), counts  # the first was killed in the middle
    assert places(kafka, setup.topic) == exported(s3, setup.topic)
    assert [LOCK] == [name for name in names(s3, setup.topic) if not name.endswith(".parquet")]


def of_files(proxy: FaultyProxy) -> list[str]:
    """The paths of the requests that have come, without those for the lock: time decides how often it is renewed."""
    return [path for path in proxy.paths.copy() if LOCK not in path]


def holding_from(first: int, kind: Kind, proxy: FaultyProxy) -> Plan:
    """A plan that holds each request from this one of files on, or its answer."""
    return lambda number, _: Treatment(kind if len(of_files(proxy)) >= first else "pass")


def reached(proxy: FaultyProxy, requests: int, running: Process) -> bool:
    """Whether so many requests of files have come, or the export has ended before."""
    return len(of_files(proxy)) >= requests or running.returncode is not None


def test_a_live_run_keeps_others_out(setup: Installation, kafka: LocalKafka, s3: S3Server) -> None:
    """On this machine and on another, with who holds it; a signal ends the first in order, and the next one begins."""
    fill(setup, 50)
    with exporting(setup, s3.port, "--follow", "--roll", "300ms") as running:
        eventually(lambda: 50 == sum(exported(s3, setup.topic).values()))
        said = {}
        for machine in ("machine", "another"):
            done = finished(exporting(setup, s3.port, machine=machine))
            assert 2 == done.code
            assert "another export is writing there" in done.stderr
            said[machine] = done.stderr
        assert f"process {running.pid})" in said["another"]
        assert 0 == running.terminate()
    fill(setup, 30)
    done = finished(exporting(setup, s3.port, machine="another"))
    assert "30 records in " in done.stdout
    assert "waits_for_lock" not in done.stderr
    assert places(kafka, setup.topic) == exported(s3, setup.topic)


def test_a_run_that_was_taken_for_dead(setup: Installation, kafka: LocalKafka, s3: S3Server) -> None:
    """Frozen in the middle, followed by another, and thawed, it ends without a double or a gap."""
    fill(setup, 1500)
    with FaultyProxy(s3.port) as proxy:
        proxy.plan = holding_from(IN_THE_MIDDLE, "hold request", proxy)  # so it cannot have ended before it is frozen
        with exporting(setup, proxy.port, *("--roll", "200ms", "--lease", "10s")) as frozen:
            eventually(partial(reached, proxy, IN_THE_MIDDLE, frozen))
            frozen.signal(signal.SIGSTOP)
            proxy.plan = passing
            proxy.let_go()
            done = finished(exporting(setup, s3.port, machine="another"))
            assert 0 == done.code, done.stderr
            assert places(kafka, setup.topic) == exported(s3, setup.topic)
            frozen.signal(signal.SIGCONT)
            assert 1 == frozen.wait()
            assert "another export took over" in frozen.stderr
    assert places(kafka, setup.topic) == exported(s3, setup.topic)


def test_a_bad_network(setup: Installation, kafka: LocalKafka, s3: S3Server) -> None:
    """Requests and answers are cut, answers lost after success, the store asks to slow down: it gets through."""
    fill(setup, 1000)
    dice = random.Random(20261130)
    kinds: list[Kind] = ["slow down", "cut request", "cut answer", "lose answer"]

    def plan(number: int, method: str) -> Treatment:
        return Treatment(dice.choice(kinds), dice.randrange(200)) if dice.randrange(4) == 0 else Treatment()

    with FaultyProxy(s3.port, plan) as proxy:
        done = finished(exporting(setup, proxy.port, "--roll", "250ms"))
        assert 0 == done.code, done.stderr
        assert proxy.requests > 40
    assert places(kafka, setup.topic) == exported(s3, setup.topic)


def test_a_store_that_slows_down_for_a_while(setup: Installation, kafka: LocalKafka, s3: S3Server) -> None:
    """Sixteen refusals one after the other end nothing: how long it has lasted decides, and the pauses grow."""
    fill(setup, 20)
    with FaultyProxy(s3.port, lambda number, _: Treatment("slow down" if 3 < number <= 19 else "pass")) as proxy:
        done = finished(exporting(setup, proxy.port))
    assert 0 == done.code, done.stderr
    assert places(kafka, setup.topic) == exported(s3, setup.topic)


def test_a_report_of_a_bucket(setup: Installation, s3: S3Server, tmp_path: Path) -> None:
    """It says what the report of the same export in a directory says, and downloads only the days that it needs."""
    for day in range(3):
        fill(setup, 100, ms=NOON + day * DAY_MS)
    assert 0 == finished(exporting(setup, s3.port)).code
    local = tmp_path / "local"
    assert 0 == setup.run_worker("export", "--output", local.as_uri(), "--format", "parquet").code
    asked = ("report", "--json", "--from", "2026-01-02T06:00:00Z", "--to", "2026-01-02T18:00:00Z", "--input")
    with FaultyProxy(s3.port) as proxy:
        of_bucket = finished(working(setup, proxy.port, *asked, f"s3://{BUCKET}/{setup.topic}"))
        assert 0 == of_bucket.code, of_bucket.stderr
        days = {found[0] for path in proxy.paths if (found := re.findall(r"2026-01-\d\d", unquote(path)))}
    assert {"2026-01-02"} == days
    answers = [json.loads(text) for text in (of_bucket.stdout, setup.run_worker(*asked, str(local)).stdout)]
    assert answers[0] == answers[1]
    assert 100 == answers[0]["answers"]["window"][0]["records"]


def test_attempts_in_a_bucket(kafka: LocalKafka, topic: str, s3: S3Server, tmp_path: Path) -> None:
    """They are exported to it, and a report reads them from there."""
    kept = {"topic": f"{topic}.attempts", "keep": "all"}
    setup = Installation(kafka.bootstrap, topic, tmp_path, sections={"worker": {"attempts": kept}})
    for each in (topic, kept["topic"]):
        make_topic(kafka, each, 1, retention_ms="-1")
    fill(setup, 3)
    writer = AcknowledgedWriter(
        {"bootstrap.servers": kafka.bootstrap}, client_id="test", max_record_bytes=1 << 20, limit_s=60.0
    )
    writer.write([record_of(attempted(at, topic=topic, status=200 + at), kept["topic"]) for at in range(3)])
    writer.close()
    output = f"s3://{BUCKET}/{topic}.attempts"
    done = finished(exporting(setup, s3.port, "--attempts", "--output", output))
    assert "3 records in 1 file" in done.stdout, done.stderr
    assert 0 == finished(exporting(setup, s3.port)).code
    asked = ("report", "--json", "--input", f"s3://{BUCKET}/{topic}", "--attempts", output)
    report = finished(working(setup, s3.port, *asked))
    assert 0 == report.code, report.stderr
    by_status = json.loads(report.stdout)["answers"]["attempts_by_status"]
    assert [200, 201, 202] == [one["status"] for one in by_status]


def test_a_table_in_a_bucket(setup: Installation, kafka: LocalKafka, s3: S3Server, tmp_path: Path) -> None:
    """Each record is there once, after a compaction and an expiry too; the files that these replaced are gone."""
    for day in range(2):
        fill(setup, 50, ms=NOON + day * DAY_MS)
    uri, output = f"sqlite:///{tmp_path}/catalog.db", f"s3://{BUCKET}/warehouse"
    command = ("export", "--format", "iceberg", "--catalog", f"lake={uri}", "--output", output)
    done = finished(working(setup, s3.port, *command))
    assert 0 == done.code, done.stderr
    with SqlCatalog("lake", uri=uri, **s3.of_iceberg()) as catalog:
        assert places(kafka, setup.topic) == rows(catalog.load_table(NAME))
        export = Exporting(catalog).table
        assert 2 == compact(export, NOON // DAY_MS + 9).days
        assert expire(export, 1 << 60).files > 2
        assert places(kafka, setup.topic) == rows(catalog.load_table(NAME))
    assert 2 == len(exported_files(s3, "warehouse"))


def test_faults_are_one_line(setup: Installation, s3: S3Server) -> None:
    """A bucket that is not there, a store that cannot be reached or refuses: the cause and the bucket, no secret."""
    fill(setup, 1)
    refusing = [
        (BUCKET, "the connection is refused (127.0.0.1:", 1, free_port()),
        ("nowhere", "there is no such bucket", 2, s3.port),
    ]
    for bucket, cause, code, port in refusing:
        done = finished(exporting(setup, port, bucket=bucket))
        assert code == done.code
        assert f"registry-worker: s3://{bucket}/{setup.topic}: {cause}" in done.stderr
        assert 1 == len(done.stderr.splitlines())
        assert SECRET not in done.stderr
    with FaultyProxy(s3.port, lambda number, method: Treatment("slow down")) as proxy:
        done = finished(exporting(setup, proxy.port))
    assert (1, 1) == (done.code, len(done.stderr.splitlines()))
    assert "it asks to slow down (503 SlowDown), also after 3 more tries" in done.stderr


def test_large_files_go_in_parts(s3: S3Server, tmp_path: Path) -> None:
    """A file of more than 8 MiB arrives whole under its name, and nothing of its way is left."""
    address = StorageAddress("s3", BUCKET, "large")
    bucket = Bucket(s3.store("large"), address)
    lease = Lease(bucket, LeaseTerms("--output s3", "here", SystemClock(), 30.0))
    file, path = tmp_path / "file", "accepted_date=2026-01-01/registry.events-00000-0-1.parquet"
    content = os.urandom(ONE_REQUEST_BYTES * 2 + 1)
    file.write_bytes(content)
    with holding(bucket, lease, tmp_path) as storage:
        storage.publish(file, path)
    assert [LOCK, path] == names(s3, "large")
    assert content == bytes(obstore.get(s3.store("large"), path).bytes())
    assert not file.exists()
