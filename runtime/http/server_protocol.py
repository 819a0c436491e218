"""How the HTTP server parses requests: httptools, behind a guard.

httptools knows no limits and no deadlines, so `GuardedConnection` reads the connection and feeds one request at a time.
What is refused here, before any application sees it, is passed to an observer with its sender.

uvicorn has a protocol on httptools too, which reads the connection itself, queues what is pipelined and checks each
header of an answer. Behind the guard all that is done twice, and took a sixth of the processor time of a POST.
"""

import asyncio
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn import Config
from uvicorn.server import ServerState

from runtime.http.answer_observer import NOBODY, AnswerObserver
from runtime.http.asgi import Application
from runtime.http.exchange import Exchange
from runtime.http.guarded_connection import GuardedConnection
from runtime.http.limits import MAX_HEADERS
from runtime.http.open_connections import OpenConnections
from runtime.http.request_framing import HeadTooLargeError, RequestFaultError
from runtime.http.request_target import path_and_query
from runtime.http.server_tls import ServerTLS
from runtime.http.tls_front import TLSFront
from runtime.http.unreadable import UnreadableObserver
from runtime.http.upgrade_offer import head_without_offer


class GuardedServing:
    """Makes what reads one connection; uvicorn takes it for a class of protocols."""

    def __init__(
        self,
        app: Application,
        connections: OpenConnections,
        observer: UnreadableObserver,
        tls: ServerTLS | None = None,
    ) -> None:
        """Makes nothing yet.

        Args:
            app: what answers.
            connections: all that are open.
            observer: learns of what is no request.
            tls: of the server; None: it speaks plain HTTP.
        """
        self._app = app
        self._tls = tls
        self._connections = connections
        self._observer = observer

    def __call__(
        self,
        config: Config,  # noqa: ARG002 - uvicorn's
        server_state: ServerState,
        app_state: dict[str, Any],  # noqa: ARG002
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> GuardedConnection | TLSFront:
        """A connection that is about to be made."""
        requests = _Requests(self._app, server_state)
        connection = GuardedConnection(requests, self._connections, self._observer)
        requests.observer = connection
        if self._tls is None:
            return connection
        return TLSFront(connection, server_state, self._tls, self._connections, self._observer)


class _Requests:
    """The requests of one connection, parsed and answered one after another."""

    observer: AnswerObserver

    def __init__(self, app: Application, server: ServerState) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.is_head_complete = False
        self.is_message_complete = False
        self.is_over = False
        self._app = app
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._parser = _parser_of(self)
        self._exchange: Exchange | None = None
        self._url = b""
        self._expects_continue = False
        self._headers_seen = 0
        self._is_held = False
        """Whether the guard wants no more to be read."""
        self._is_paused = False
        self._writable = asyncio.Event()
        self._writable.set()

    # What the guard calls.

    @property
    def is_answered(self) -> bool:
        """Whether the application has answered the request whose head came last."""
        return self._exchange is not None and self._exchange.is_answered

    @property
    def is_reading(self) -> bool:
        """Whether bytes of the connection are being read."""
        return not self._is_paused

    def pause_reading(self) -> None:
        """Read no more until `resume_reading`, whatever the application does."""
        self._is_held = True
        self._read_or_not()

    def resume_reading(self) -> None:
        """Read on as soon as the application is not behind."""
        self._is_held = False
        self._read_or_not()

    def connection_made(self, transport: asyncio.Transport) -> None:
        """As in `asyncio.Protocol`."""
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self._client = peer[:2] if isinstance(peer, tuple) else None
        self._scheme = "http" if transport.get_extra_info("ssl_object") is None else "https"
        self._server.connections.add(self)  # type: ignore[arg-type]  # of which it only wants `shutdown`

    def connection_lost(self, exc: Exception | None) -> None:
        """As in `asyncio.Protocol`."""
        self._server.connections.discard(self)
        if self._exchange is not None:
            self._exchange.gone()
        self._writable.set()
        # These refer to this object. Without them it is freed at once, and with it the buffers of TLS.
        del self._parser
        self._exchange, self.observer = None, NOBODY
        if exc is None:
            self._transport.close()

    def pause_writing(self) -> None:
        """As in `asyncio.Protocol`."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """As in `asyncio.Protocol`."""
        self._writable.set()

    def feed(self, data: bytes) -> None:
        """Parse bytes of one request.

        Raises:
            RequestFaultError: they are none of a request.
        """
        try:
            while data:
                data = self._fed(data)
        except httptools.HttpParserCallbackError as error:
            if isinstance(error.__context__, RequestFaultError):
                raise error.__context__ from None
            raise RequestFaultError("it cannot be read") from None
        except httptools.HttpParserError as error:
            raise RequestFaultError(str(error)) from None

    # What the server calls.

    def shutdown(self) -> None:
        """Answer what is under way, and close."""
        if self._exchange is None or self._exchange.is_answered:
            self._transport.close()
        else:
            self._exchange.keeps_alive = False

    # What the parser calls.

    def on_message_begin(self) -> None:
        """A request begins."""
        self.is_head_complete = self.is_message_complete = self._expects_continue = False
        self.headers, self._headers_seen, self._url = [], 0, b""

    def on_url(self, url: bytes) -> None:
        """A piece of its target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header or a trailer."""
        self._headers_seen += 1
        if self._headers_seen > MAX_HEADERS:
            raise HeadTooLargeError(f"request has more than {MAX_HEADERS} headers")
        if not self.is_head_complete:  # else it is a trailer, which nobody asks for
            name = name.lower()
            if name == b"expect" and value.lower() == b"100-continue":
                self._expects_continue = True
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is complete, unless an offer is to be taken out of it first."""
        if not self._parser.should_upgrade():
            self.is_head_complete = True
            self._begin()

    def on_body(self, piece: bytes) -> None:
        """A piece of the body."""
        if self._exchange is not None and self.is_head_complete:
            self._exchange.came(piece)
            if self._exchange.is_behind:
                self._read_or_not()

    def on_message_complete(self) -> None:
        """The body is complete."""
        if self._exchange is not None and not self._parser.should_upgrade():
            self.is_message_complete = True
            self._exchange.ended()

    # What the exchange calls.

    @property
    def default_headers(self) -> Iterable[tuple[bytes, bytes]]:
        """The date."""
        return self._server.default_headers

    def body_taken(self) -> None:
        """See `ServedConnection`."""
        self._read_or_not()

    async def writable(self) -> None:
        """See `ServedConnection`."""
        if not self._writable.is_set():
            await self._writable.wait()

    def write(self, data: bytes) -> None:
        """See `ServedConnection`."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def answered(self, *, keeps_alive: bool) -> None:
        """See `ServedConnection`."""
        self._server.total_requests += 1
        if not keeps_alive:
            self._end()
        if not self._transport.is_closing():
            self._read_or_not()
            self.observer.answered()

    def close(self) -> None:
        """See `ServedConnection`."""
        self._transport.close()

    def _end(self) -> None:
        """Close behind the last answer; while the body still comes, only this half: the guard closes the other.

        If a server closes while the client sends, the client's system may drop the answer before it is read (RFC 9112
        section 9.6).
        """
        if self.is_message_complete:
            self._transport.close()
        elif not self._transport.is_closing():
            self.is_over = True
            if self._transport.can_write_eof():  # TLS has no half of a connection
                self._transport.write_eof()

    def _begin(self) -> None:
        """Let the application answer the request whose head is complete."""
        parser = self._parser
        path, query = path_and_query(self._url)
        scope = {
            "type": "http",
            "method": parser.get_method().decode("ascii"),
            "scheme": self._scheme,
            "path": unquote(path) if "%" in path else path,
            "query_string": query,
            "headers": self.headers,
            "client": self._client,
        }
        keeps_alive = parser.get_http_version() != "1.0" and parser.should_keep_alive()
        self._exchange = Exchange(scope, self, keeps_alive=keeps_alive, expects_continue=self._expects_continue)
        task = self._loop.create_task(self._exchange.run(self._app))
        self._server.tasks.add(task)
        task.add_done_callback(self._server.tasks.discard)

    def _read_or_not(self) -> None:
        paused = self._is_held or (self._exchange is not None and self._exchange.is_behind)
        if paused != self._is_paused and not self._transport.is_closing():
            self._is_paused = paused
            (self._transport.pause_reading if paused else self._transport.resume_reading)()

    def _fed(self, data: bytes) -> bytes:
        """Parse; what is to be parsed next: after an offer the same head without it, else nothing."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            method, version = self._parser.get_method(), self._parser.get_http_version()
            if method == b"CONNECT":
                raise httptools.HttpParserError("CONNECT is for proxies") from None
            self._parser = _parser_of(self)
            return head_without_offer(method, self._url, version, self.headers) + data[offer.args[0] :]
        return b""


def _parser_of(requests: _Requests) -> httptools.HttpRequestParser:
    parser = httptools.HttpRequestParser(requests)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)  # so that a second request is refused by the guard
    return parser
