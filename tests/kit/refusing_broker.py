"""A broker that refuses the first request to write and takes the next one, as one that learns that it is the leader.

A proxy before a real broker: it answers the first Produce request itself, with NOT_LEADER_OR_FOLLOWER, as soon as a
second one has come too; all else it passes on. It reads and answers by Kafka's protocol, from version 9 of Produce on:
https://kafka.apache.org/protocol
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
            self.refuse()
        return True

    def refuse(self) -> None:
        """Refuses the first request now, if that is not done yet."""
        with self._lock:
            if self._held is not None:
                client, correlation = self._held
                self._held = None
                answer = _refusal(correlation, self.topic.encode())
                client.sendall(_SIZE.pack(len(answer)) + answer)


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
            threading.Thread(target=_pass_on, args=(upstream, self.request), daemon=True).start()
            while size := _read(self.request, _SIZE.size):
                frame = _read(self.request, _SIZE.unpack(size)[0])
                if self.server.broker.take(self.request, frame):
                    upstream.sendall(size + frame)


def _refusal(correlation: int, topic: bytes) -> bytes:
    """The answer to a Produce request: one topic, one partition, no offsets, no further words."""
    partition = _PARTITION.pack(0, _NOT_LEADER, -1, -1, -1, 1, 0, 0)
    topics = b"\x02" + bytes([len(topic) + 1]) + topic + b"\x02" + partition + b"\x00"
    return _SIZE.pack(correlation) + b"\x00" + topics + _SIZE.pack(0) + b"\x00"


def _pass_on(source: socket, target: socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(SHUT_WR)


def _read(source: socket, size: int) -> bytes:
    """So many bytes, or none at the end."""
    data = b""
    while len(data) < size:
        more = source.recv(size - len(data))
        if not more:
            return b""
        data += more
    return data
