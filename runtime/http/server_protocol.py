"""How the HTTP server reads a connection: uvicorn's protocol on httptools, mended in two ways.

An offer to change the protocol is ignored, as a server may (RFC 9110 section 7.8): the JDK's client, Ktor and
`curl --http2` offer h2c with every POST, and httptools ends such a request at its head, so that its body is lost. And
what is refused here, before any application sees it, is passed to an observer with its sender.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["Unreadable", "UnreadableObserver", "protocol"]

_TLS_HANDSHAKE: Final = b"\x16\x03"
_HTTP2_PREFACE: Final = b"PRI * HTTP/2"
_OFFER: Final = frozenset({b"upgrade", b"http2-settings"})


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Bytes that are no request, which were answered 400."""

    sender: str
    """The peer's address."""
    tls: bool
    """Whether they look like the beginning of TLS."""
    error: str


class UnreadableObserver(Protocol):
    """Learns of bytes that are no HTTP request."""

    def unreadable(self, refused: Unreadable) -> None:
        """Bytes were answered 400."""


def protocol(observer: UnreadableObserver) -> type[HttpToolsProtocol]:
    """The class whose instances read a connection each; uvicorn takes a class, so the observer is a member of it."""
    return type("_ObservedProtocol", (_Protocol,), {"observer": observer})


class _Protocol(HttpToolsProtocol):
    observer: UnreadableObserver

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        try:
            while data:
                data = self._fed(data)
        except httptools.HttpParserCallbackError as error:
            self._refuse(data, str(error.__context__))
        except httptools.HttpParserError as error:
            self._refuse(data, str(error))

    def on_headers_complete(self) -> None:
        if not self.parser.should_upgrade():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def _fed(self, data: bytes) -> bytes:
        """Parse; what is to be parsed next: after an offer the same request without it, else nothing."""
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

    def _refuse(self, data: bytes, reason: str) -> None:
        if self.transport.is_closing():
            return
        tls = data.startswith(_TLS_HANDSHAKE)
        if tls:
            reason = "this looks like TLS, but this address speaks plain HTTP: use http:// in the sender's URL"
        elif data.startswith(_HTTP2_PREFACE):
            reason = "HTTP/2 without an upgrade request; this address speaks HTTP/1.1"
        host, port = self.client or ("unknown", 0)
        error = f"not a valid HTTP request: {reason}"
        self.observer.unreadable(Unreadable(f"{host}:{port}", tls, error))
        self.send_400_response(error.encode("ascii", "backslashreplace").decode())


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
