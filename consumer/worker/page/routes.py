"""The routes of the page: the page, its stream and its tables; and its facts, for the parent of several processes."""

import asyncio
from collections.abc import Mapping
from typing import Final

import msgspec

from consumer.attempts.question import AttemptQuestion
from consumer.worker.attempts_route import AttemptsView
from consumer.worker.page.attempt_rows import SHOWN, attempt_rows
from consumer.worker.page.document import PageSettings, page_of, policy
from consumer.worker.page.live import LivePages, PageSource
from consumer.worker.page.text import with_ages
from runtime.clock import Clock
from runtime.http.asgi import Request, Response, Route
from runtime.http.event_stream import EventStream

FACTS: Final = "/page-facts"
_LIVE: Final = "/live/"
_ROWS: Final = "/attempt-rows/"
_WITH_ATTEMPTS: Final = 20
"""Endpoints: with more, the page does not have all attempts in it from the beginning."""
_LAST: Final = b"last-event-id"


def live_routes(live: LivePages, view: AttemptsView, settings: PageSettings, clock: Clock) -> list[Route]:
    """The page, its stream at `/live/VERSION`, and rows of attempts at `/attempt-rows/NAME`.

    A browser that connects again says itself which version it has.
    """

    async def rows_of(endpoint: str) -> str:
        found = await view.attempts(AttemptQuestion(endpoint=endpoint, limit=SHOWN))
        return attempt_rows(found.attempts, found.unknown_because)

    async def page(_: Request) -> Response:
        await live.refresh()
        names = live.board.names if len(live.board.names) <= _WITH_ATTEMPTS else ()
        attempts = dict(zip(names, await asyncio.gather(*map(rows_of, names)), strict=True))
        text = page_of(settings, live.board, attempts, version=live.version, now_ms=_now_ms())
        return _html(text, {"content-security-policy": policy()})

    async def stream(request: Request) -> EventStream:
        version = request.header(_LAST) or request.path.removeprefix(_LIVE)
        return EventStream(events=live.events(version))

    async def rows(request: Request) -> Response:
        name = request.path.removeprefix(_ROWS)
        await live.refresh()
        if name not in live.board.names:
            return Response.json(404, {"error": f"no endpoint of this name is served here: {name}"})
        return _html(with_ages(f"<table>{await rows_of(name)}</table>", _now_ms()))

    def _now_ms() -> int:
        return round(clock.wall() * 1000)

    methods = ("GET", "HEAD")
    return [
        Route.get("/", page),
        Route(methods, _is_stream, stream, (f"{_LIVE}{{version}}",)),
        Route(methods, _is_rows, rows, (f"{_ROWS}{{endpoint}}",)),
    ]


def _html(text: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(200, text.encode(), headers or {}, content_type="text/html; charset=utf-8")


def facts_route(source: PageSource) -> Route:
    """What one process knows, for its parent."""

    async def facts(_: Request) -> Response:
        return Response(200, msgspec.json.encode(await source.look()))

    return Route.get(FACTS, facts)


def _is_stream(path: str) -> bool:
    return path.startswith(_LIVE)


def _is_rows(path: str) -> bool:
    return path.startswith(_ROWS)
