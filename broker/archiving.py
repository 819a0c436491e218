"""Makes the archive of a program's classes, the local Kafka's above all: see `broker.class_data`."""

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from broker.class_data import HOME, archive_of
from broker.errors import LocalKafkaError
from broker.java import find_java
from broker.local_kafka import LocalKafka
from broker.program import Program

END_SECONDS = 120.0
LOOK_SECONDS = 0.05


def make_archive(release: Program, environment: Mapping[str, str] = os.environ, home: Path = HOME) -> Path:
    """Starts a broker of this release once and lets it write down its classes; quick if the archive is there.

    Raises:
        LocalKafkaError: the broker cannot be started, or does not end within two minutes.
    """
    archive = archive_of(find_java(environment), release.files(), home)
    with to_be_made(archive) as made:
        if made is not None:
            _record(made, release, environment)
    return archive


@contextmanager
def to_be_made(archive: Path) -> Iterator[Path | None]:
    """Where to write the archive, which is put in its place at the end; None if it is there."""
    if archive.exists():
        yield None
        return
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        made = Path(folder, archive.name)
        yield made
        made.touch()  # empty where this Java can make none
        made.replace(archive)


def recording(made: Path) -> list[str]:
    """What tells Java to write down its classes when it ends in order."""
    return [f"-XX:ArchiveClassesAtExit={made}", "-Xlog:disable"]


def wait_for_end(pid: int, died: Callable[[], str | None]) -> None:
    """Tells a program to end, and waits until it has written down its classes, which `stop` has no patience for.

    Raises:
        LocalKafkaError: it does not end within two minutes.
    """
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + END_SECONDS
    while died() is None:
        if time.monotonic() > until:
            raise LocalKafkaError(f"a program that was to write down its classes did not end within {END_SECONDS:g} s")
        time.sleep(LOOK_SECONDS)


def _record(made: Path, release: Program, environment: Mapping[str, str]) -> None:
    data = made.with_name("kafka")
    with LocalKafka(data, release=release, environment=environment, jvm=recording(made)) as kafka:
        wait_for_end(kafka.pid, kafka.died)
