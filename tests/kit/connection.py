"""One connection of the receiver: parses requests, answers them in turn, keeps alive. Lives on the receiver's loop."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol, cast

import httptools

from tests.kit.exchange import Answer, Captured


class Book(Protocol):
    """Where a connection writes down what happens to it."""

    def opened(self, connection: "Connection") -> int:
        """Takes a new connection and gives it its number."""

    def closed(self, connection: "Connection") -> None:
        """Forgets a connection."""

    def captured(self, request: Captured) -> Answer:
        """Keeps a request and says what to answer."""

    def answered(self, request: Captured, status: int) -> None:
        """Keeps what was answered."""


class Connection(asyncio.Protocol):
    """An HTTP/1.1 server's side of one TCP connection."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._parser = httptools.HttpRequestParser(self)
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.lost = self._loop.create_future()  # done when the connection is gone
        self._waiting: deque[tuple[Captured, bool]] = deque()
        self._answering = False
        self._number = 0
        self._path = b""
        self._headers: list[tuple[str, str]] = []
        self._body: list[bytes] = []

    def abort(self) -> None:
        """Resets the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class
        self._number = self._book.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends: what still waits is never answered."""
        self._transport = None
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
        self._book.closed(self)
        self.lost.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Parses; a client that does not speak HTTP is cut off."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.abort()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Clears what the request before left."""
        self._path, self._headers, self._body = b"", [], []

    def on_url(self, url: bytes) -> None:
        """Comes in pieces."""
        self._path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keeps order and case."""
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))
        if name.lower() == b"expect" and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """Comes in pieces."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Puts the request in line."""
        request = Captured(
            method=self._parser.get_method().decode("latin-1"),
            path=self._path.decode("latin-1"),
            headers=tuple(self._headers),
            body=b"".join(self._body),
            connection=self._number,
            arrived=time.monotonic(),
        )
        self._waiting.append((request, self._parser.should_keep_alive()))
        if not self._answering:
            self._next()

    # Answering, one request after the other.

    def _next(self) -> None:
        self._answering = bool(self._waiting)
        if self._waiting:
            request, keep_alive = self._waiting.popleft()
            answer = self._book.captured(request)
            self._after(answer.delay, lambda: self._begin(request, answer, keep_alive=keep_alive))

    def _after(self, seconds: float, step: Callable[[], None]) -> None:
        if seconds > 0:
            self._timer = self._loop.call_later(seconds, step)
        else:
            step()

    def _begin(self, request: Captured, answer: Answer, *, keep_alive: bool) -> None:
        if self._transport is None:
            return
        if answer.abort:
            self.abort()
        elif answer.raw is not None:
            self._transport.write(answer.raw)
            self._transport.close()
        elif answer.drip > 0:
            self._drip(request, answer, answer.head(keep_alive=keep_alive), keep_alive=keep_alive)
        elif answer.body_delay > 0:
            self._transport.write(answer.head(keep_alive=keep_alive))
            self._after(answer.body_delay, lambda: self._end(request, answer, answer.body, keep_alive=keep_alive))
        else:
            self._end(request, answer, answer.head(keep_alive=keep_alive) + answer.body, keep_alive=keep_alive)

    def _drip(self, request: Captured, answer: Answer, head: bytes, *, keep_alive: bool) -> None:
        if len(head) == 1 or self._transport is None:
            self._end(request, answer, head + answer.body, keep_alive=keep_alive)
            return
        self._transport.write(head[:1])
        self._after(answer.drip, lambda: self._drip(request, answer, head[1:], keep_alive=keep_alive))

    def _end(self, request: Captured, answer: Answer, rest: bytes, *, keep_alive: bool) -> None:
        if self._transport is None:
            return
        # Noted first: whoever reads the answer must find it noted.
        self._book.answered(request, answer.status)
        self._transport.write(rest if request.method != "HEAD" else rest.removesuffix(answer.body))
        if keep_alive:
            self._next()
        else:
            self._transport.close()
