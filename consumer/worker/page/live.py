"""The streams of all open pages: one look at the worker for all of them, and to each what changed since its last event.

An event is JSON: `now` (ms since the epoch), and `parts`, HTML by endpoint and part. Every few seconds there is one,
though nothing changed: a page that hears nothing knows that the stream is broken. Other events end a stream: `reload`
(the page was made by another process, or of other endpoints), `crowded`, and `stopped`.
"""

import asyncio
import re
import uuid
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Final, Protocol

import msgspec

from consumer.worker.page.board import PAGE, Board
from consumer.worker.page.facts import WorkerFacts
from consumer.worker.page.head import head_parts
from consumer.worker.page.parts import CardParts
from runtime.clock import Clock

EVERY_S: Final = 2.0
"""Between two looks while pages are open."""
BEAT_S: Final = 6.0
"""An event comes that often at least; page.js waits for three."""
MOST_PAGES: Final = 16
"""Open at a time."""
_AGAIN_MS: Final = 2000
_CROWDED_AGAIN_MS: Final = 30_000
_VERSION: Final = re.compile(r"([0-9a-f]{8})\.([0-9]{1,15})")


class PageSource(Protocol):
    """Knows the facts of a worker, in one process or in several."""

    async def look(self) -> WorkerFacts:
        """The facts of this moment."""
        ...


class LivePages:
    """The board of a worker, and the pages that show it."""

    def __init__(self, source: PageSource, clock: Clock, stop: asyncio.Event) -> None:
        """Looks at nothing until somebody asks; all streams end when `stop` is set."""
        self.board: Final = Board()
        self._boot: Final = uuid.uuid4().hex[:8]
        self._source: Final = source
        self._clock: Final = clock
        self._cards: dict[str, CardParts] = {}
        self._looking: Final = asyncio.Lock()
        self._looked_at = float("-inf")
        self._open = 0
        self._stop: Final = stop

    @property
    def version(self) -> str:
        """Of what the board shows: with the process that shows it."""
        return f"{self._boot}.{self.board.version}"

    async def refresh(self) -> None:
        """Look, unless somebody else just did."""
        async with self._looking:
            if self._clock.monotonic() - self._looked_at < EVERY_S / 2:
                return
            facts = await self._source.look()
            self._looked_at = self._clock.monotonic()
        self._show(facts)

    async def events(self, version: str) -> AsyncGenerator[bytes, None]:
        """What changes from now on, for a page that shows `version`."""
        if self._open >= MOST_PAGES:
            yield _event("crowded", self._now_ms, retry_ms=_CROWDED_AGAIN_MS)
            return
        self._open += 1
        try:
            async for event in self._changes(version):
                yield event
        finally:
            self._open -= 1

    async def _changes(self, version: str) -> AsyncGenerator[bytes, None]:
        await self.refresh()
        shown = self._known(version)
        if shown is None:
            yield _event("reload", self._now_ms)
            return
        yield b"retry: %d\n\n" % _AGAIN_MS
        beat_at = float("-inf")
        while not self._stop.is_set():
            if self.board.renamed_at > shown:
                yield _event("reload", self._now_ms)
                return
            now = self._clock.monotonic()
            if self.board.version > shown or now >= beat_at:
                event, shown, beat_at = self._event(shown), self.board.version, now + BEAT_S
                yield event
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), EVERY_S)
            await self.refresh()
        yield _event("stopped", self._now_ms)

    def _known(self, version: str) -> int | None:
        """The number of a version of this process, that its board has been through."""
        found = _VERSION.fullmatch(version)
        if found is None or found[1] != self._boot or int(found[2]) > self.board.version:
            return None
        return int(found[2])

    def _event(self, shown: int) -> bytes:
        parts = msgspec.json.encode({"now": self._now_ms, "parts": self.board.since(shown)})
        return b"id: %b\ndata: %b\n\n" % (self.version.encode(), parts)

    def _show(self, facts: WorkerFacts) -> None:
        self._cards = {card.endpoint: self._cards.get(card.endpoint) or CardParts() for card in facts.cards}
        changed = {card.endpoint: self._cards[card.endpoint].changed(card) for card in facts.cards}
        self.board.put(
            self._cards, {PAGE: head_parts(facts), **{name: parts for name, parts in changed.items() if parts}}
        )

    @property
    def _now_ms(self) -> int:
        return round(self._clock.wall() * 1000)


def _event(name: str, now_ms: int, *, retry_ms: int = _AGAIN_MS) -> bytes:
    return b'event: %b\nretry: %d\ndata: {"now": %d}\n\n' % (name.encode(), retry_ms, now_ms)
