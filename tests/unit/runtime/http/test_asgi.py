"""Answers of the bare ASGI application: what every one of them says to a browser."""

import asyncio
from typing import Any

import pytest

from runtime.http.asgi import Request, Response, Route, application


async def _page(_: Request) -> Response:
    return Response(200, b"<p>", {"content-security-policy": "default-src 'self'"}, content_type="text/html")


async def _broken(_: Request) -> Response:
    raise LookupError


_APPLICATION = application([Route.get("/page", _page), Route.get("/broken", _broken)])


def _headers(method: str, path: str) -> tuple[int, dict[str, str]]:
    """Status and headers of the answer to a request without a body."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "headers": [], "client": None}

    async def exchange() -> None:
        await _APPLICATION(scope, receive, send)

    asyncio.run(exchange())
    return sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/page", 200),
        ("HEAD", "/page", 200),
        ("POST", "/page", 405),
        ("GET", "/x", 404),
        ("GET", "/broken", 500),
    ],
)
def test_a_browser_shows_an_answer_and_does_nothing_with_it(method: str, path: str, status: int) -> None:
    """No guessing of types, no scripts, no frames, no other site's use of it, nothing kept."""
    found, headers = _headers(method, path)
    assert status == found
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_a_page_may_have_a_policy_of_its_own() -> None:
    """All others have the strictest."""
    assert _headers("GET", "/page")[1]["content-security-policy"] == "default-src 'self'"
    assert _headers("GET", "/x")[1]["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
