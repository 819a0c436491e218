"""What benchmarks share: a broker, a topic full of events, our commands as processes, and how figures are printed."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from broker import LocalKafka
from producer.event_record import record_of
from runtime.kafka.admin import Admin
from runtime.kafka.writer import AcknowledgedWriter
from schemas.event import MEDIA_TYPE_V2, Event, RequestRecord, SourceRecord, Target

PARTITIONS = 12
_BATCH = 500


def event(number: int, repository: str) -> Event:
    """A manifest push without references, as common as any."""
    digest = f"sha256:{number:064x}"
    url = f"http://registry.example.com/v2/{repository}/manifests/{digest}"
    return Event(
        id=str(uuid.uuid4()),
        timestamp="2026-11-24T11:52:14.00767803+05:30",
        action="push",
        target=Target(
            media_type="application/vnd.oci.image.manifest.v1+json",
            digest=digest,
            size=741,
            length=741,
            repository=repository,
            url=url,
            tag=f"v{number}",
        ),
        request=RequestRecord(
            id=str(uuid.uuid4()),
            addr="203.0.113.9:35742",
            host="registry.example.com",
            method="PUT",
            useragent="skopeo/1.9.3",
        ),
        source=SourceRecord(addr="registry-0:5000", instance_id="b87fc0cf-1ac8-4e43-961f-750b95d625b5"),
        content_type=MEDIA_TYPE_V2,
    )


@dataclass
class Bench:
    """A broker, a topic of its own, and a folder."""

    kafka: LocalKafka
    topic: str
    folder: Path

    def config(self, endpoints: list[dict[str, Any]], **sections: Any) -> Path:
        """A configuration file for these endpoints."""
        path = self.folder / f"{uuid.uuid4().hex[:8]}.yaml"
        content = {
            "kafka": {"bootstrap.servers": self.kafka.bootstrap},
            "topics": {"events": self.topic, "dead_letters": f"{self.topic}.dead", "partitions": PARTITIONS},
            "worker": {"group_prefix": self.topic, "listen": "127.0.0.1:0"},
            "intake": {"listen": "127.0.0.1:0"},
            "endpoints": [{"start": "beginning", **endpoint} for endpoint in endpoints],
            **sections,
        }
        path.write_text(yaml.safe_dump(content))
        return path

    def fill(self, count: int, *, repositories: int) -> None:
        """Write so many events, over so many repositories in turn."""
        settings = {"bootstrap.servers": self.kafka.bootstrap}
        writer = AcknowledgedWriter(
            settings, client_id="benchmark", max_record_bytes=1 << 20, limit_s=60.0, is_bulk=True
        )
        now = int(time.time() * 1000)
        for start in range(0, count, _BATCH):
            numbers = range(start, min(start + _BATCH, count))
            events = [event(number, f"team/app{number % repositories}") for number in numbers]
            writer.write([record_of(one, topic=self.topic, accepted_ms=now) for one in events])
        writer.close()

    @contextlib.contextmanager
    def process(self, *arguments: str, config: Path) -> Iterator["Running"]:
        """One of our commands, for the time of a `with`."""
        log = self.folder / f"{uuid.uuid4().hex[:8]}.log"
        command = [sys.executable, "-m", *arguments, "-c", str(config), "--log-format", "json"]
        with log.open("wb") as out:
            child = subprocess.Popen(command, stderr=out, stdout=out)
        try:
            yield Running(child, log)
        finally:
            child.terminate()
            child.wait(60)


def resident_mib(pid: int) -> float:
    """Resident memory of a process, in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass
class Running:
    """A command that runs."""

    child: "subprocess.Popen[bytes]"
    log: Path

    def address(self) -> str:
        """Where it listens."""
        return str(self.wait_for("listening")["address"])

    def wait_for(self, event: str, limit_s: float = 20.0) -> dict[str, Any]:
        """Wait for the first line of the log with this event.

        Raises:
            TimeoutError: there is none within the limit.
        """
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            for line in self.log.read_text().splitlines():
                entry: dict[str, Any] = json.loads(line)
                if entry.get("event") == event:
                    return entry
            time.sleep(0.05)
        raise TimeoutError(self.log.read_text())

    def resident_mib(self) -> float:
        """Resident memory of the process, in MiB."""
        return resident_mib(self.child.pid)

    def cpu_s(self) -> float:
        """Processor time of the process so far, in seconds."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class CommandRun:
    """A command from its start to its exit."""

    said: str
    """On standard output."""
    seconds: float
    cpu_s: float
    """Processor time of all its threads."""
    peak_mib: float
    """The most memory that it had."""


def run_worker(*arguments: str, environment: Mapping[str, str] | None = None) -> CommandRun:
    """Run `registry-worker` to its end; the benchmark ends if it fails."""
    command = [sys.executable, "-m", "consumer.cli", *arguments]
    started = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}
    ) as child:
        said = child.stdout.read() if child.stdout else ""
        _, status, used = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{arguments[0]} failed: exit {child.returncode}, {said}")
    return CommandRun(said, seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


@contextlib.contextmanager
def bench() -> Iterator[Bench]:
    """A broker of its own and an empty topic."""
    with tempfile.TemporaryDirectory() as folder, LocalKafka(Path(folder) / "kafka") as kafka:
        topic = f"bench.{uuid.uuid4().hex[:8]}"
        admin = Admin({"bootstrap.servers": kafka.bootstrap}, client_id="benchmark")
        admin.create_topic(topic, partitions=PARTITIONS, replication_factor=1, settings={})
        yield Bench(kafka, topic, Path(folder))


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def report(title: str, **figures: object) -> None:
    """Print a line of figures."""
    shown = "  ".join(f"{name.replace('_', ' ')} {_shown(value)}" for name, value in figures.items())
    print(f"{title:<34} {shown}", flush=True)


def _shown(value: object) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else str(value)
