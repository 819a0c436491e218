"""The head of a request without an offer to change the protocol, which a server may ignore. Pure.

RFC 9110 section 7.8. The JDK's client, Ktor and `curl --http2` offer h2c with every POST, and httptools ends such a
request at its head, so that its body is lost.
"""

from collections.abc import Iterable
from typing import Final

_OFFER: Final = frozenset({b"upgrade", b"http2-settings"})


def head_without_offer(method: bytes, url: bytes, version: str, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The head as bytes; of `Connection` only what is not about the offer stays."""
    lines = [b"%b %b HTTP/%b" % (method, url, version.encode())]
    for name, value in headers:
        if name == b"connection":
            options = (option.strip() for option in value.split(b","))
            value = b", ".join(option for option in options if option.lower() not in _OFFER)  # noqa: PLW2901
        if name not in _OFFER:
            lines.append(b"%b: %b" % (name, value))
    return b"\r\n".join([*lines, b"", b""])
