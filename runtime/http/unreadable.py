"""What is answered before the application sees it, or all of it, because it is no request that is taken. Pure."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol

from runtime.http.guard_headers import GUARD_HEADERS
from runtime.http.request_framing import RequestFaultError

_TLS_HANDSHAKE: Final = b"\x16\x03"
_HTTP2_PREFACE: Final = b"PRI * HTTP/2"
_GUARD: Final = "".join(f"{name}: {value}\r\n" for name, value in GUARD_HEADERS.items())
_REASONS: Final = {HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "head", HTTPStatus.REQUEST_TIMEOUT: "slow"}


@dataclass(frozen=True, slots=True)
class Unreadable:
    """It was answered `status`."""

    sender: str
    """The peer's address."""
    status: int
    """400, 408 or 431."""
    reason: str
    """`protocol`, `tls` (it looks like the beginning of TLS), `plain` (it is no TLS), `head` (too large) or `slow`."""
    error: str


class UnreadableObserver(Protocol):
    """Learns of it."""

    def unreadable(self, refused: Unreadable) -> None:
        """It was answered with an error."""


def unreadable(fault: RequestFaultError, data: bytes, sender: str) -> Unreadable:
    """What to tell of a fault in these bytes, the last that came."""
    reason, error = _REASONS.get(fault.status, "protocol"), str(fault)
    if data.startswith(_TLS_HANDSHAKE):
        reason = "tls"
        error = "this looks like TLS, but this address speaks plain HTTP: use http:// in the sender's URL"
    elif data.startswith(_HTTP2_PREFACE):
        error = "HTTP/2 without an upgrade request; this address speaks HTTP/1.1"
    if fault.status is HTTPStatus.BAD_REQUEST:
        error = f"not a valid HTTP request: {error}"
    return Unreadable(sender, fault.status, reason, error)


def answer(status: HTTPStatus, text: str) -> bytes:
    """An answer, whole, after which the connection is closed."""
    body = text.encode("ascii", "backslashreplace")
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: text/plain; charset=utf-8\r\n"
        f"content-length: {len(body)}\r\n{_GUARD}connection: close\r\n\r\n"
    )
    return head.encode() + body
