"""Brokers that all processes of a run of tests share: whoever first asks for one has it started, and the run ends it.

The process that hands out the tests has them, for it is there from the beginning to the end; the others ask it.
"""

import json
import os
import socket
import socketserver
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self

import pytest

from broker import KAFKA_3_9, LocalKafka, LocalKafkaError
from broker.ports import LOOPBACK

STEADY: Final[Mapping[str, str]] = MappingProxyType({"broker.session.timeout.ms": "60000"})
"""For a broker that nobody kills: on a busy machine its controller is late itself, and takes it for dead after 3 s."""
KINDS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "kafka": {"settings": STEADY},
        "kafka-3.9": {"settings": STEADY, "release": KAFKA_3_9},
        "kafka-without-group-version": {"settings": STEADY, "features": {"group.version": 0}},
    }
)
"""What each is started with."""
ADDRESS: Final = "SHARED_KAFKA"
"""The variable that tells where to ask."""


class SharedBrokers:
    """Starts brokers for whoever asks on `address`, one of each kind; leaving it stops them and removes their data."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="shared-kafka-")
        self._brokers: dict[str, LocalKafka] = {}
        self._starting: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._server = _Server(self)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        for broker in self._brokers.values():
            broker.stop()
        self._folder.cleanup()

    @property
    def address(self) -> str:
        """The port on the loopback on which it answers."""
        return str(self._server.server_address[1])

    def get(self, kind: str) -> LocalKafka:
        """The running broker of this kind; raises LocalKafkaError if it cannot be started, or there is no such kind."""
        if kind not in KINDS:
            raise LocalKafkaError(f"no broker of the kind {kind!r} is shared")
        with self._starting[kind]:
            if kind not in self._brokers:
                broker = LocalKafka(Path(self._folder.name, kind), **KINDS[kind])
                broker.start()
                self._brokers[kind] = broker
            return self._brokers[kind]


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, brokers: SharedBrokers) -> None:
        super().__init__((LOOPBACK, 0), _Answer)
        self.brokers = brokers


class _Answer(socketserver.StreamRequestHandler):
    """One line with the kind is answered by one of JSON: the broker's folder and port, or why there is none."""

    def handle(self) -> None:
        """Answer."""
        assert isinstance(self.server, _Server)
        try:
            broker = self.server.brokers.get(self.rfile.readline().decode().strip())
            answer = {"folder": str(broker.log.parent), "port": int(broker.bootstrap.rpartition(":")[2])}
        except LocalKafkaError as error:
            answer = {"error": str(error)}
        self.wfile.write(json.dumps(answer).encode())


def ask(address: str, kind: str) -> LocalKafka:
    """The shared broker of this kind, which runs, though not as this process's own: it cannot be stopped from here.

    Raises:
        LocalKafkaError: it cannot be started, or there is no such kind.
    """
    with socket.create_connection((LOOPBACK, int(address))) as asked, asked.makefile("rb") as answer:
        asked.sendall(f"{kind}\n".encode())
        told = json.loads(answer.read())
    if "error" in told:
        raise LocalKafkaError(told["error"])
    return LocalKafka(Path(told["folder"]), port=told["port"])


@contextmanager
def shared_kafka(kind: str, folders: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """The broker of this kind that the processes of this run share; in a run of one process, its own."""
    if address := os.environ.get(ADDRESS):
        yield ask(address, kind)
    else:
        with LocalKafka(folders.mktemp(kind), **KINDS[kind]) as running:
            yield running
