"""A proxy of HTTP before a server of the loopback that treats requests badly, each as a plan says.

Threads of its own: the test goes on meanwhile.
"""

import http.client
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Literal

from broker.ports import LOOPBACK
from tests.kit.running import Running

Kind = Literal["pass", "slow down", "cut request", "cut answer", "lose answer", "hold request", "hold answer"]
_SLOW_DOWN: Final = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
_NOT_FORWARDED: Final = frozenset({"connection", "transfer-encoding", "content-length"})


@dataclass(frozen=True, slots=True)
class Treatment:
    """Of one request: `cut request` and `cut answer` let so many bytes of the body through, and close.

    `hold request` and `hold answer` let nothing through until `let_go`, and close then.
    """

    kind: Kind = "pass"
    after: int = 0


Plan = Callable[[int, str], Treatment]
"""The treatment of the request with this number, counted from 1, with this method."""


def passing(number: int, method: str) -> Treatment:
    """A plan without faults."""
    return Treatment()


class FaultyProxy(Running):
    """The proxy of a server at a port; `plan` may be changed at any time."""

    def __init__(self, server: int, plan: Plan = passing) -> None:
        self.plan = plan
        self._server = server
        self._lock = threading.Lock()
        self.paths: Final[list[str]] = []
        """Of all requests that have come."""
        self.gate = threading.Event()
        """Opens for the requests that are held now."""
        self._listening: _Listening | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._listening is not None
        return int(self._listening.server_address[1])

    @property
    def requests(self) -> int:
        """How many requests have come."""
        with self._lock:
            return len(self.paths)

    def begin(self) -> None:
        """Starts its threads."""
        self._listening = _Listening(self, self._server)
        threading.Thread(target=self._listening.serve_forever, args=(0.05,), name="faulty-proxy", daemon=True).start()

    def stop(self) -> None:
        """Closes it."""
        if self._listening is not None:
            self._listening.shutdown()
            self._listening.server_close()
            self._listening = None

    def let_go(self) -> None:
        """Closes the connections of all requests that are held; the plan decides whether the next ones are."""
        gate, self.gate = self.gate, threading.Event()
        gate.set()

    def treatment(self, method: str, path: str) -> Treatment:
        """Of the next request."""
        with self._lock:
            self.paths.append(path)
            return self.plan(len(self.paths), method)


class _Listening(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, proxy: FaultyProxy, server: int) -> None:
        self.proxy = proxy
        self.server = server
        super().__init__((LOOPBACK, 0), _Request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed is no news."""


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listening

    def _serve(self) -> None:
        gate = self.server.proxy.gate
        treatment = self.server.proxy.treatment(self.command, self.path)
        length = int(self.headers.get("content-length", "0"))
        if treatment.kind == "cut request":
            self._send_part(self.rfile.read(min(length, treatment.after)), length)
            self._close()
            return
        body = self.rfile.read(length)
        if treatment.kind == "slow down":
            self._answer(503, [("content-type", "application/xml")], _SLOW_DOWN)
            return
        if treatment.kind == "hold request":
            gate.wait()
            self._close()
            return
        status, headers, content = self._ask(body)
        if treatment.kind == "hold answer":
            gate.wait()
        if treatment.kind in ("lose answer", "hold answer"):
            self._close()
        elif treatment.kind == "cut answer":
            self._answer(status, headers, content, most=treatment.after)
            self._close()
        else:
            self._answer(status, headers, content)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _serve  # noqa: N815 - names of the standard library

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(LOOPBACK, self.server.server, timeout=120)
        try:
            connection.request(self.command, self.path, body, dict(self.headers.items()))
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _send_part(self, body: bytes, length: int) -> None:
        """The server gets the head and a part of the body, and then the end of the connection."""
        with socket.create_connection((LOOPBACK, self.server.server), timeout=120) as connection:
            head = f"{self.command} {self.path} HTTP/1.1\r\n"
            head += "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
            connection.sendall(head.encode("latin-1") + b"\r\n" + body)

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes, most: int | None = None) -> None:
        self.send_response_only(status)
        length = {name.lower(): value for name, value in headers}.get("content-length", "0")
        for name, value in headers:
            if name.lower() not in _NOT_FORWARDED:
                self.send_header(name, value)
        self.send_header("content-length", length if self.command == "HEAD" else str(len(content)))
        self.end_headers()
        self.wfile.write(content if most is None else content[:most])

    def _close(self) -> None:
        self.close_connection = True
        with suppress(OSError):  # the client has closed it already
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the standard library has it
        """Nothing is said."""
