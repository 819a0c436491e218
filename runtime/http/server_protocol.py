"""How the HTTP server parses requests: uvicorn's protocol on httptools, behind a guard and mended in two ways.

httptools knows no limits and no deadlines, so `GuardedConnection` reads the connection and feeds one request at a time.

An offer to change the protocol is ignored, as a server may (RFC 9110 section 7.8): the JDK's client, Ktor and
`curl --http2` offer h2c with every POST, and httptools ends such a request at its head, so that its body is lost. And
what is refused here, before any application sees it, is passed to an observer with its sender.
"""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

import httptools
from uvicorn import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from runtime.http.guarded_connection import AnswerObserver, GuardedConnection
from runtime.http.limits import MAX_HEADERS
from runtime.http.open_connections import OpenConnections
from runtime.http.request_framing import HeadTooLargeError, RequestFaultError
from runtime.http.unreadable import UnreadableObserver

__all__ = ["GuardedServing"]

_OFFER: Final = frozenset({b"upgrade", b"http2-settings"})


class GuardedServing:
    """Makes what reads one connection; uvicorn takes it for a class of protocols."""

    def __init__(self, connections: OpenConnections, observer: UnreadableObserver) -> None:
        self._connections = connections
        self._observer = observer

    def __call__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> GuardedConnection:
        """A connection that is about to be made."""
        requests = _Requests(config, server_state, app_state, _loop)
        connection = GuardedConnection(requests, self._connections, self._observer)
        requests.observer = connection
        return connection


class _HeldFlow(FlowControl):
    """Lets the application read on only when the connection's guard does."""

    is_held = False

    def resume_reading(self) -> None:
        if not self.is_held:
            super().resume_reading()


class _Requests(HttpToolsProtocol):
    """The requests of one connection, parsed and answered one after another."""

    flow: _HeldFlow
    observer: AnswerObserver
    is_head_complete = False
    is_message_complete = False

    @property
    def is_answered(self) -> bool:
        """Whether the application has answered the request whose head came last."""
        return bool(self.cycle.response_complete)

    @property
    def is_reading(self) -> bool:
        """Whether bytes of the connection are being read."""
        return not self.flow.read_paused

    def pause_reading(self) -> None:
        """Read no more until `resume_reading`, whatever the application does."""
        self.flow.is_held = True
        self.flow.pause_reading()

    def resume_reading(self) -> None:
        """Read on as soon as the application is not behind."""
        self.flow.is_held = False
        if not self._is_behind:
            self.flow.resume_reading()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the base class
        super().connection_made(transport)
        self.flow = _HeldFlow(transport)

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
            raise RequestFaultError(str(error.__context__)) from None
        except httptools.HttpParserError as error:
            raise RequestFaultError(str(error)) from None

    def on_message_begin(self) -> None:
        self.is_head_complete = self.is_message_complete = False
        self._headers_seen = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers_seen += 1
        if self._headers_seen > MAX_HEADERS:
            raise HeadTooLargeError(f"request has more than {MAX_HEADERS} headers")
        if not self.is_head_complete:  # else it is a trailer, which nobody asks for
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if not self.parser.should_upgrade():
            self.is_head_complete = True
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            self.is_message_complete = True
            super().on_message_complete()

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if not self.transport.is_closing():
            self.flow.resume_reading()
            self.observer.answered()

    @property
    def _is_behind(self) -> bool:
        """Whether the application has so much of a body to read that no more is taken."""
        cycle: RequestResponseCycle | None = self.cycle  # there is none before the first head
        return cycle is not None and len(cycle.body) > HIGH_WATER_LIMIT

    def _fed(self, data: bytes) -> bytes:
        """Parse; what is to be parsed next: after an offer the same head without it, else nothing."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            method, version = self.parser.get_method(), self.parser.get_http_version()
            if method == b"CONNECT":
                raise httptools.HttpParserError("CONNECT is for proxies") from None
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as in the base class
            return _head(method, self.url, version, self.headers) + data[offer.args[0] :]
        return b""


def _head(method: bytes, url: bytes, version: str, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A request's head without the offer; of `Connection` only what is not about it stays."""
    lines = [b"%b %b HTTP/%b" % (method, url, version.encode())]
    for name, value in headers:
        if name == b"connection":
            options = (option.strip() for option in value.split(b","))
            value = b", ".join(option for option in options if option.lower() not in _OFFER)  # noqa: PLW2901
        if name not in _OFFER:
            lines.append(b"%b: %b" % (name, value))
    return b"\r\n".join([*lines, b"", b""])
