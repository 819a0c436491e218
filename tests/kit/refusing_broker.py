"""A broker that refuses the first request to write and takes the next one, as one that learns that it is the leader.

A proxy before a real broker: it answers the first Produce request itself, with NOT_LEADER_OR_FOLLOWER, together with
the broker's answer to the second one, so that the client has no time to send the first one again; all else it passes
on. It reads and answers by Kafka's protocol, from version 9 of Produce on: https://kafka.apache.org/protocol
"""

import socketserver
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from socket import SHUT_WR, create_connection, socket
from types import TracebackType
from typing import Final, Self

from broker.ports import LOOPBACK

_PRODUCE: Final = 0
_FIRST_FLEXIBLE: Final = 9
_NOT_LEADER: Final = 6
_HEAD: Final = struct.Struct(">hhi")
_PARTITION: Final = struct.Struct(">ihqqqbbb")
_SIZE: Final = struct.Struct(">i")


@dataclass
class RefusingBroker:
    """Stands on `port` before the broker that listens on `target`; leaving it ends it.

    Args:
        target: the port of the broker.
        topic: which the request is for that is refused, to its only partition.

    Attributes:
        requests: how many requests to write have come.
    """

    target: int
    topic: str
    requests: int = 0
    _held: tuple[socket, int] | None = None
    """Where the refusal is to go, and the number of the request."""
    _second: int | None = None
    """The number of the second request."""
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __enter__(self) -> Self:
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def take(self, client: socket, frame: bytes) -> bool:
        """Looks at a request; whether the broker is to have it."""
        key, version, correlation = _HEAD.unpack_from(frame)
        if key != _PRODUCE:
            return True
        assert version >= _FIRST_FLEXIBLE, f"version {version} of Produce"
        with self._lock:
            self.requests += 1
            if self.requests == 1:
                self._held = client, correlation
                return False
            if self.requests == 2:
                self._second = correlation
        return True

    def give(self, client: socket, frame: bytes) -> None:
        """Gives an answer of the broker to the client."""
        with self._lock:
            refusal = self._refusal() if _SIZE.unpack_from(frame)[0] == self._second else b""
            client.sendall(refusal + _SIZE.pack(len(frame)) + frame)

    def refuse(self) -> None:
        """Refuses the first request now, if that is not done yet."""
        with self._lock:
            if self._held is not None:
                client, _ = self._held
                client.sendall(self._refusal())

    def _refusal(self) -> bytes:
        """Once, then nothing."""
        if self._held is None:
            return b""
        _, correlation = self._held
        self._held = None
        answer = _refusal(correlation, self.topic.encode())
        return _SIZE.pack(len(answer)) + answer


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, broker: RefusingBroker) -> None:
        self.broker = broker
        super().__init__((LOOPBACK, 0), _Connection)


class _Connection(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        """Passes requests on one by one, and answers as they come."""
        with suppress(OSError), create_connection((LOOPBACK, self.server.broker.target)) as upstream:
            threading.Thread(target=self._answer, args=(upstream,), daemon=True).start()
            while frame := _frame(self.request):
                if self.server.broker.take(self.request, frame):
                    upstream.sendall(_SIZE.pack(len(frame)) + frame)

    def _answer(self, upstream: socket) -> None:
        with suppress(OSError):
            while frame := _frame(upstream):
                self.server.broker.give(self.request, frame)
            self.request.shutdown(SHUT_WR)


def _refusal(correlation: int, topic: bytes) -> bytes:
    """The answer to a Produce request: one topic, one partition, no offsets, no further words."""
    partition = _PARTITION.pack(0, _NOT_LEADER, -1, -1, -1, 1, 0, 0)
    topics = b"\x02" + bytes([len(topic) + 1]) + topic + b"\x02" + partition + b"\x00"
    return _SIZE.pack(correlation) + b"\x00" + topics + _SIZE.pack(0) + b"\x00"


def _frame(source: socket) -> bytes:
    """The next request or answer, without its size; nothing at the end."""
    size = _read(source, _SIZE.size)
    return _read(source, _SIZE.unpack(size)[0]) if size else b""


def _read(source: socket, size: int) -> bytes:
    """So many bytes, or none at the end."""
    data = b""
    while len(data) < size:
        more = source.recv(size - len(data))
        if not more:
            return b""
        data += more
    return data
