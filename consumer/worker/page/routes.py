"""The routes of the page: the page itself, its stream, and its facts for the parent of several processes."""

from typing import Final

import msgspec

from consumer.worker.page.document import PageSettings, page_of, policy
from consumer.worker.page.live import LivePages, PageSource
from runtime.clock import Clock
from runtime.http.asgi import Request, Response, Route
from runtime.http.event_stream import EventStream

FACTS: Final = "/page-facts"
_LIVE: Final = "/live/"
_LAST: Final = b"last-event-id"


def live_routes(live: LivePages, settings: PageSettings, clock: Clock) -> list[Route]:
    """The page, and its stream at `/live/VERSION`: a browser that connects again says itself which version it has."""

    async def page(_: Request) -> Response:
        await live.refresh()
        text = page_of(settings, live.board, live.version, round(clock.wall() * 1000))
        headers = {"content-security-policy": policy()}
        return Response(200, text.encode(), headers, content_type="text/html; charset=utf-8")

    async def stream(request: Request) -> EventStream:
        version = request.header(_LAST) or request.path.removeprefix(_LIVE)
        return EventStream(events=live.events(version))

    return [Route.get("/", page), Route(("GET", "HEAD"), _is_stream, stream, (f"{_LIVE}{{version}}",))]


def facts_route(source: PageSource) -> Route:
    """What one process knows, for its parent."""

    async def facts(_: Request) -> Response:
        return Response(200, msgspec.json.encode(await source.look()))

    return Route.get(FACTS, facts)


def _is_stream(path: str) -> bool:
    return path.startswith(_LIVE)
