"""Makes the archive of the local Kafka's classes: see `broker.class_data`."""

import os
import signal
import tempfile
import time
from collections.abc import Mapping
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
    if archive.exists():
        return archive
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as folder:
        made = Path(folder, archive.name)
        _record(made, release, environment)
        made.touch()  # empty where this Java can make none
        made.replace(archive)
    return archive


def _record(made: Path, release: Program, environment: Mapping[str, str]) -> None:
    options = [f"-XX:ArchiveClassesAtExit={made}", "-Xlog:disable"]
    with LocalKafka(made.with_name("kafka"), release=release, environment=environment, jvm=options) as kafka:
        os.kill(kafka.pid, signal.SIGTERM)  # and not `stop`, which has no patience for what comes now
        until = time.monotonic() + END_SECONDS
        while kafka.died() is None:
            if time.monotonic() > until:
                raise LocalKafkaError(f"the broker that wrote {made} did not end within {END_SECONDS:g} s")
            time.sleep(LOOK_SECONDS)
