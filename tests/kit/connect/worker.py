"""Runs Kafka Connect on properties files: a standalone worker, or MirrorMaker 2. Knows no connector."""

import os
from collections.abc import Mapping
from pathlib import Path

from broker import Program
from broker.jars import class_path
from broker.java import find_java
from broker.local_kafka import JVM, LOGGING
from tests.kit.child import Child
from tests.kit.running import Running

PROGRAM = Program("Kafka Connect", Path(__file__).with_name("connect.lock.toml"))
STANDALONE = "org.apache.kafka.connect.cli.ConnectStandalone"
"""What `connect-standalone.sh` runs."""
MIRROR_MAKER = "org.apache.kafka.connect.mirror.MirrorMaker"
"""What `connect-mirror-maker.sh` runs."""
STOP_SECONDS = 60.0


class ConnectWorker(Running):
    """A worker whose working directory is `folder`.

    Args:
        folder: where the properties files and the log go, and what they name by relative paths.
        properties: the files by name: the worker's own first, then one for each connector.
        main: the class that is run.
    """

    def __init__(self, folder: Path, properties: Mapping[str, str], *, main: str = STANDALONE) -> None:
        self._main = main
        self._folder = folder
        self._properties = properties
        self._child: Child | None = None

    def begin(self) -> None:
        """Starts the process; its connectors take their time."""
        jars = PROGRAM.files()
        for name, text in self._properties.items():
            (self._folder / name).write_text(text)
        command = [find_java(os.environ), *JVM, LOGGING, "-cp", class_path(jars), self._main, *self._properties]
        self._child = Child(command, folder=self._folder, log=self.log)

    def report(self) -> str:
        """All that it has said."""
        return self.log.read_text()

    def stop(self) -> None:
        """Asks it to end, and kills it if it has not in a minute."""
        if self._child is not None:
            self._child.stop(STOP_SECONDS)

    @property
    def log(self) -> Path:
        """What it has said: warnings and errors."""
        return self._folder / "connect.log"

    def check(self) -> None:
        """Raises RuntimeError with its log if it has ended by itself."""
        if self._child is not None and (why := self._child.died()) is not None:
            raise RuntimeError(f"Connect: {why}\n{self.log.read_text()}")
