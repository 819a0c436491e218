"""What an HTTP request says about itself: who asked, for what, from where. Knows ASGI and WSGI, and no server.

Follows the registry: proxy headers are trusted as they come, so a registry that
clients reach directly takes what they claim.
"""

import base64
import binascii
import ipaddress
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from msgspec import Struct

from producer.bridge.event_id import new_id
from schemas import ActorRecord, RequestRecord

__all__ = [
    "IncomingRequest",
    "actor_from_asgi",
    "actor_from_wsgi",
    "request_from_asgi",
    "request_from_wsgi",
]

_log = structlog.get_logger(__name__)
_LONGEST_LOGGED = 100
_AROUND_VALUES = " \t"
"""White space around a header's value is no part of it (RFC 9110 section 5.5); some servers leave it there."""


class IncomingRequest(Struct, frozen=True, kw_only=True):
    """The parts of a request that events and their URLs are made of, the same from ASGI and WSGI."""

    method: str
    scheme: str
    path: str
    """As the client asked for it, decoded, with the prefix that the application is mounted at."""
    peer: str
    """`ip:port` of the connection, IPv6 in brackets; empty where the server does not say."""
    server: str
    """`host:port` that the server listens on; empty where it does not say."""
    headers: dict[str, str]
    """By lower-case name, the first of several alike. UTF-8 where it is that, else Latin-1."""

    @classmethod
    def from_asgi(cls, scope: Mapping[str, Any]) -> "IncomingRequest":
        """Read an ASGI `http` scope (ASGI specification 3.0, HTTP connection scope)."""
        headers: dict[str, str] = {}
        for name, value in scope.get("headers") or ():
            headers.setdefault(_text(bytes(name)).lower(), _text(bytes(value)).strip(_AROUND_VALUES))
        prefix, path = scope.get("root_path") or "", scope.get("path") or "/"
        return cls(
            method=scope.get("method") or "",
            scheme=scope.get("scheme") or "http",
            path=path if path.startswith(f"{prefix}/") else prefix + path,
            peer=_address(scope.get("client")),
            server=_address(scope.get("server")),
            headers=headers,
        )

    @classmethod
    def from_wsgi(cls, environ: Mapping[str, Any]) -> "IncomingRequest":
        """Read a WSGI environ (PEP 3333: its text is bytes read as Latin-1)."""
        names = (name for name in environ if name.startswith("HTTP_"))
        return cls(
            method=_native(environ.get("REQUEST_METHOD") or ""),
            scheme=environ.get("wsgi.url_scheme") or "http",
            path=_native(environ.get("SCRIPT_NAME") or "") + _native(environ.get("PATH_INFO") or ""),
            peer=_address((_native(environ.get("REMOTE_ADDR") or ""), environ.get("REMOTE_PORT"))),
            server=_address((_native(environ.get("SERVER_NAME") or ""), environ.get("SERVER_PORT"))),
            headers={
                name[5:].replace("_", "-").lower(): _native(str(environ[name])).strip(_AROUND_VALUES) for name in names
            },
        )

    @property
    def client(self) -> str:
        """The client's address: the first of `X-Forwarded-For`, else `X-Real-Ip`, without a port; else the peer."""
        forwarded = self.headers.get("x-forwarded-for", "").partition(",")[0].strip(" ")
        for name, claimed in (("x-forwarded-for", forwarded), ("x-real-ip", self.headers.get("x-real-ip", ""))):
            if _is_ip(claimed):
                return claimed
            if claimed:
                _log.warning("request.address_invalid", header=name, value=claimed[:_LONGEST_LOGGED])
        return self.peer

    @property
    def basic_user(self) -> str:
        """The user name of Basic credentials, which nobody has verified; empty if there are none."""
        scheme, _, encoded = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return ""
        try:
            credentials = _text(base64.b64decode(encoded, validate=True))
        except (binascii.Error, ValueError):
            return ""
        user, colon, _ = credentials.partition(":")
        return user if colon else ""

    def record(self, ids: Callable[[], str]) -> RequestRecord:
        """The request as an event names it; its id is ours, never a client's."""
        return RequestRecord(
            id=ids(),
            addr=self.client,
            host=self.headers.get("host", ""),
            method=self.method,
            useragent=self.headers.get("user-agent", ""),
        )


def request_from_asgi(scope: Mapping[str, Any], *, ids: Callable[[], str] = new_id) -> RequestRecord:
    """The record of a request; make one a request, so that its events share the id.

    `addr` is the first of `X-Forwarded-For`, else `X-Real-Ip`, else `client` of the scope; `host` and `useragent` are
    the headers, `method` is that of the scope, `id` is new. What is missing is "".
    """
    return IncomingRequest.from_asgi(scope).record(ids)


def request_from_wsgi(environ: Mapping[str, Any], *, ids: Callable[[], str] = new_id) -> RequestRecord:
    """The record of a request; make one a request, so that its events share the id.

    `addr` is the first of `X-Forwarded-For`, else `X-Real-Ip`, else `REMOTE_ADDR` with `REMOTE_PORT`; `host` and
    `useragent` are the headers, `method` is `REQUEST_METHOD`, `id` is new. What is missing is "".
    """
    return IncomingRequest.from_wsgi(environ).record(ids)


def actor_from_asgi(scope: Mapping[str, Any], *, user: str = "") -> ActorRecord:
    """Who asks: `user` if somebody was authenticated, else the unverified Basic user name, as in the registry."""
    return ActorRecord(name=user or IncomingRequest.from_asgi(scope).basic_user)


def actor_from_wsgi(environ: Mapping[str, Any], *, user: str = "") -> ActorRecord:
    """Who asks: `user` if somebody was authenticated, else the unverified Basic user name, as in the registry."""
    return ActorRecord(name=user or IncomingRequest.from_wsgi(environ).basic_user)


def _address(address: Any) -> str:
    host, port = address or (None, None)
    if not host:
        return ""
    if not port:
        return str(host)
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"


def _is_ip(text: str) -> bool:
    """Whether Go's `net.ParseIP` takes it: an address without zone, brackets or port."""
    if "%" in text:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _native(text: str) -> str:
    """Text of a WSGI environ; what is not bytes in disguise is taken as it is, without lone surrogates."""
    try:
        return _text(text.encode("latin-1"))
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
