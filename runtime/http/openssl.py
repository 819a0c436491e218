"""The second HTTP client: for servers whose certificate the first one's TLS library refuses on principle.

rustls takes no authority's certificate as a server's own, though `openssl req -x509` makes just that by default, and
Go's client, curl and OpenSSL take it when it is trusted. aiohttp's TLS is OpenSSL. It verifies everything that the
first client verifies; it is slower, so it is imported and used only for such a server.

No error shows a URL, a header's value or a key file's content.
"""

import base64
import errno
import os
import socket
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
    hdrs,
)
from multidict import CIMultiDict
from yarl import URL

from runtime.config import TLSSettings
from runtime.config.networks import Networks
from runtime.http.certificate_faults import certificate_fault
from runtime.http.tls_handshake import client_context

__all__ = ["ClientError", "address_of", "headers_of", "openssl_session", "reason_of", "refusal_in"]

_REFUSED: Final = f"[Errno {errno.EACCES}] "
_KEYS: Final = "_networks"
_IDLE_S: Final = 75.0
"""How long a connection is kept for the next request."""


def openssl_session(
    tls: TLSSettings, *, timeout_s: float, connections: int, networks: Networks | None = None
) -> ClientSession:
    """A session without cookies, decompression or anything from the environment; made on the running loop.

    Args:
        tls: trust and identity; also what the system trusts is trusted.
        timeout_s: seconds that an exchange may take, its last byte included.
        connections: how many may be open at once.
        networks: what may be connected to; None: everything.

    Raises:
        OSError: a file cannot be read or used.
    """
    connector = TCPConnector(
        ssl=client_context(tls),
        limit=connections,
        keepalive_timeout=_IDLE_S,
        socket_factory=None if networks is None else _socket_factory(networks),
    )
    return ClientSession(
        connector=connector,
        timeout=ClientTimeout(total=timeout_s),
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=(hdrs.USER_AGENT, hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE),
    )


def _socket_factory(networks: Networks) -> Callable[[Any], socket.socket]:
    """Makes the socket for each address right before it is connected to."""

    def socket_for(address_info: Any) -> socket.socket:
        family, type_, protocol, _, address = address_info
        if refusal := networks.refusal(address[0]):
            raise PermissionError(errno.EACCES, refusal)
        return socket.socket(family, type_, protocol)

    return socket_for


def refusal_in(error: ClientError | OSError) -> str:
    """Why no address could be connected to, if `networks` refuses all; empty if that is not what went wrong."""
    found = error.os_error if isinstance(error, ClientConnectorError) else error
    if not isinstance(found, PermissionError) or _KEYS not in str(found):
        return ""
    return str(found).split(_REFUSED)[1].rstrip(", ")  # of several addresses, the first


def address_of(url: str) -> tuple[URL, str]:
    """The URL as it is to be asked for, byte for byte, and the Authorization that its user info makes (or empty)."""
    parts = urlsplit(url)
    where, found = URL(url, encoded=True), parts.netloc.rpartition("@")
    bare = URL(urlunsplit(parts._replace(netloc=found[2])), encoded=True)
    if where.user is None and where.password is None:
        return bare, ""
    credentials = f"{where.user or ''}:{where.password or ''}"
    return bare, f"Basic {base64.b64encode(credentials.encode()).decode()}"


def reason_of(error: ClientError | OSError) -> str:
    """What went wrong, without the URL that the library's own texts can show."""
    if fault := certificate_fault(str(error)):
        return fault
    if isinstance(error, OSError) and error.errno and error.errno > 0:
        return os.strerror(error.errno)
    if isinstance(error, ClientResponseError):
        return "the answer is not HTTP"
    return "the connection was closed without an answer"


def headers_of(lines: Sequence[tuple[str, str]]) -> CIMultiDict[str]:
    """The header lines in their order; a name may stand on several."""
    return CIMultiDict(lines)
