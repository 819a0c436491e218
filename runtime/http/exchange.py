"""One request and its answer, as an ASGI application has them: what `receive` gives and `send` takes.

An answer is mostly whole: one message with the head, one with all of the body. They are written together. One that goes
on (`runtime/http/event_stream.py`) has more pieces of a body; its end is that of the connection.
"""

import asyncio
from collections.abc import Iterable, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Final, Protocol

import structlog

from runtime.http.asgi import Application, ClientGoneError, Message, Scope
from runtime.http.unreadable import answer

_log: Final = structlog.get_logger(__name__)

HIGH_WATER_BYTES: Final = 64 * 1024
"""Of a body that the application has not taken; then no more is read."""
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_GONE: Final[Mapping[str, str]] = {"type": "http.disconnect"}


class ServedConnection(Protocol):
    """The connection that a request came over."""

    @property
    def default_headers(self) -> Iterable[tuple[bytes, bytes]]:
        """Of every answer."""

    def body_taken(self) -> None:
        """The application has taken all that was read of the body."""

    async def writable(self) -> None:
        """Return when the client reads what is written, or is gone."""

    def write(self, data: bytes) -> None:
        """Write, unless the client is gone."""

    def answered(self, *, keeps_alive: bool) -> None:
        """The answer is written; another request may come if the connection is kept."""

    def close(self) -> None:
        """Close when all is written."""


class Exchange:
    """A request, from its head to the end of its answer."""

    def __init__(
        self, scope: Scope, connection: ServedConnection, *, keeps_alive: bool, expects_continue: bool
    ) -> None:
        """A request whose body is still to come.

        Args:
            scope: what the application is told of its head.
            connection: over which it came.
            keeps_alive: whether another request may come after it.
            expects_continue: whether the client waits for a word before it sends the body.
        """
        self.keeps_alive = keeps_alive
        self.is_answered = False
        self._scope = scope
        self._connection = connection
        self._expects_continue = expects_continue
        self._pieces: list[bytes] = []
        self._size = 0
        self._is_whole = False
        self._is_gone = False
        self._waiting: asyncio.Future[None] | None = None
        self._head: Message = {}
        self._is_begun = False
        """Whether a part of the answer is written."""

    # What the connection calls.

    @property
    def is_behind(self) -> bool:
        """Whether the application has so much of the body to take that no more is to be read."""
        return self._size > HIGH_WATER_BYTES

    def came(self, piece: bytes) -> None:
        """A piece of the body; what comes after the answer is dropped."""
        if not self.is_answered:
            self._pieces.append(piece)
            self._size += len(piece)
            self._wake()

    def ended(self) -> None:
        """The body is whole."""
        self._is_whole = True
        self._wake()

    def gone(self) -> None:
        """The connection is lost."""
        self._is_gone = True
        self._wake()

    async def run(self, app: Application) -> None:
        """Let the application answer."""
        try:
            await app(self._scope, self.receive, self.send)
        except asyncio.CancelledError:  # the server stops, and what is under way has had its time
            self._break_off(HTTPStatus.SERVICE_UNAVAILABLE, "the server stops")
        except Exception:  # noqa: BLE001 - a fault of ours must not end in silence
            _log.exception("http.failed", method=self._scope["method"], path=self._scope["path"])
            self._break_off(HTTPStatus.INTERNAL_SERVER_ERROR, "internal error; see the log")

    # What the application calls.

    async def receive(self) -> Message:
        """The next piece of the body, or that there is nobody to answer any more."""
        if self._expects_continue:
            self._expects_continue = False
            self._connection.write(_CONTINUE)
        while not (self._pieces or self._is_whole or self._is_gone or self.is_answered):
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        if self._is_gone or self.is_answered:
            return dict(_GONE)
        body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces, self._size = [], 0
        if not self._is_whole:
            self._connection.body_taken()
        return {"type": "http.request", "body": body, "more_body": not self._is_whole}

    async def send(self, message: Message) -> None:
        """The head of the answer, then its body, or the next piece of it.

        Raises:
            ClientGoneError: nobody reads the next piece any more.
            ValueError: a header with a line break in it.
        """
        if message["type"] == "http.response.start":
            self._head = message
            return
        goes_on = message.get("more_body", False)
        self.keeps_alive = self.keeps_alive and not goes_on
        head = b"" if self._is_begun else self._head_bytes()
        await self._connection.writable()
        if self._is_gone and goes_on:
            raise ClientGoneError
        if not self._is_gone:
            self._is_begun = True
            self._connection.write(head + message["body"])
            if not goes_on:
                self._end()

    def _head_bytes(self) -> bytes:
        headers = [b"%b: %b\r\n" % header for header in (*self._connection.default_headers, *self._head["headers"])]
        if not self.keeps_alive:
            headers.append(b"connection: close\r\n")
        lines = b"".join(headers)
        if lines.count(b"\n") != len(headers) or lines.count(b"\r") != len(headers):
            raise ValueError("a header of the answer has a line break in it")
        return b"%b%b\r\n" % (_status_line(self._head["status"]), lines)

    def _break_off(self, status: HTTPStatus, error: str) -> None:
        """Answer so much, unless there is an answer already, and close."""
        self.keeps_alive = False
        if self.is_answered or self._is_gone or self._is_begun:
            self._connection.close()
            return
        self._connection.write(answer(status, error))
        self._end()

    def _end(self) -> None:
        """Nobody takes the rest of the body: what came of it does not keep the connection from being read."""
        self.is_answered = True
        self._pieces, self._size = [], 0
        self._expects_continue = False
        self._wake()
        self._connection.answered(keeps_alive=self.keeps_alive)

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


@lru_cache(maxsize=64)
def _status_line(status: int) -> bytes:
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
