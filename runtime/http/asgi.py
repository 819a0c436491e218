"""Requests, answers and routes of a bare ASGI application: all that a few routes need. Knows no server.

A framework costs half the rate for four routes, so there is none.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl

import msgspec
import structlog

from runtime.http.guard_headers import GUARD_HEADERS

Scope = Mapping[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_GUARD_BYTES: Final = [(name.encode(), value.encode()) for name, value in GUARD_HEADERS.items()]

_log: Final = structlog.get_logger(__name__)


class ClientGoneError(Exception):
    """The client closed the connection before its request was read, or its answer ended."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; the body is read on demand."""

    scope: Scope
    receive: Receive

    @property
    def method(self) -> str:
        """GET, HEAD, POST, ..."""
        return str(self.scope["method"])

    @property
    def path(self) -> str:
        """The path, percent-decoded."""
        return str(self.scope["path"])

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the query, percent-decoded; of one that is given twice the last value."""
        return dict(parse_qsl(self.scope["query_string"].decode("latin-1"), keep_blank_values=True))

    @property
    def sender(self) -> str:
        """Who sent it, for logs: the peer's address."""
        client = self.scope.get("client")
        return f"{client[0]}:{client[1]}" if client else "unknown"

    def header(self, name: bytes) -> str | None:
        """The first value of a header, given in lower case, or None.

        White space around a value is no part of it (RFC 9110 section 5.5), and the server leaves it there.
        """
        for key, value in self.scope["headers"]:
            if key == name:
                return bytes(value).strip(b" \t").decode("latin-1")
        return None

    def header_lines(self, name: bytes) -> list[str]:
        """All values of a header, given in lower case, in their order."""
        return [bytes(value).decode("latin-1") for key, value in self.scope["headers"] if key == name]

    def chunks(self) -> AsyncIterator[bytes]:
        """The body in pieces, as they come; ClientGoneError if the client goes away in the middle."""
        return _BodyPieces(self)


class _BodyPieces(AsyncIterator[bytes]):
    """A body; no generator, which the loop would keep a list of."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._has_more = True

    async def __anext__(self) -> bytes:
        if not self._has_more:
            raise StopAsyncIteration
        message = await self._request.receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        self._has_more = message.get("more_body", False)
        return bytes(message.get("body", b""))


@dataclass(frozen=True, slots=True)
class Response:
    """One answer, whole."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    @classmethod
    def json(cls, status: int, value: Any, headers: Mapping[str, str] | None = None) -> "Response":
        """An answer of JSON."""
        return cls(status, msgspec.json.encode(value), headers or {})

    @classmethod
    def text(cls, status: int, text: str) -> "Response":
        """An answer of plain text."""
        return cls(status, text.encode(), content_type="text/plain; charset=utf-8")

    async def send(self, send: Send, *, without_body: bool) -> None:
        """Send it; to a HEAD request without the body but with its length."""
        raw = [
            (b"content-type", self.content_type.encode("latin-1")),
            (b"content-length", b"%d" % len(self.body)),
            *guarded(self.headers),
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": raw})
        await send({"type": "http.response.body", "body": b"" if without_body else self.body})


def guarded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """An answer's own headers, and those that every answer has, as ASGI has them."""
    if not headers:
        return _GUARD_BYTES
    own = {name.lower(): value for name, value in headers.items()}
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in {**GUARD_HEADERS, **own}.items()]


Respond = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """Which requests go where: paths that `matches`, with one of the `methods`."""

    methods: tuple[str, ...]
    matches: Callable[[str], bool]
    respond: Respond
    templates: tuple[str, ...] = ()
    """Its paths as OpenAPI writes them, with `{names}` for what varies."""

    @classmethod
    def get(cls, path: str, respond: Respond) -> "Route":
        """GET and HEAD of exactly this path."""
        return cls(("GET", "HEAD"), path.__eq__, respond, (path,))


class UnroutedObserver(Protocol):
    """Learns of requests that no route takes."""

    def unrouted(self, request: Request, status: int) -> None:
        """A request was answered 404, or 405 where only the method is wrong."""


def application(routes: Iterable[Route], observer: UnroutedObserver | None = None) -> Application:
    """An ASGI application: the first route whose path matches decides; `routes` are in order."""
    table = tuple(routes)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        with suppress(ClientGoneError):
            response = await _response(table, request, observer)
            await response.send(send, without_body=request.method == "HEAD")

    return app


async def _response(table: tuple[Route, ...], request: Request, observer: UnroutedObserver | None) -> Response:
    try:
        if (route := _route_of(table, request)) is not None:
            return await route.respond(request)
    except ClientGoneError:
        raise
    except Exception:  # noqa: BLE001 - a fault of ours must not cost the connection
        _log.exception("http.failed", method=request.method, path=request.path, sender=request.sender)
        return Response.json(500, {"error": "internal error; see the log"})
    refused = _no_route(table, request)
    if observer is not None:
        observer.unrouted(request, refused.status)
    return refused


def _route_of(table: tuple[Route, ...], request: Request) -> Route | None:
    method, path = request.method, request.path
    for route in table:
        if method in route.methods and route.matches(path):
            return route
    return None


def _no_route(table: tuple[Route, ...], request: Request) -> Response:
    allowed = sorted({method for route in table if route.matches(request.path) for method in route.methods})
    if not allowed:
        return Response.json(404, {"error": f"there is nothing at {request.path}"})
    listed = ", ".join(allowed)
    return Response.json(405, {"error": f"{request.method} is not allowed here; {listed}"}, {"allow": listed})
