"""The streams of open pages: one look for all, what changed and nothing else, and an end that is said."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

from msgspec.structs import replace

from consumer.worker.page.facts import WorkerFacts
from consumer.worker.page.live import BEAT_S, EVERY_S, MOST_PAGES, LivePages
from tests.kit.page_facts import calm_facts, some_facts
from tests.kit.virtual_time import VirtualClock, simulated

CALM = calm_facts()


class Worker:
    """Says what a test wants it to say."""

    def __init__(self, facts: WorkerFacts = CALM) -> None:
        self.facts = facts
        self.looks = 0

    async def look(self) -> WorkerFacts:
        """The facts."""
        self.looks += 1
        return self.facts

    def change(self, lag: int) -> None:
        """Of the first endpoint."""
        first, *others = self.facts.cards
        self.facts = replace(self.facts, cards=[replace(first, lag=lag), *others])


async def opened(live: LivePages) -> AsyncGenerator[bytes, None]:
    """The stream of a page that was asked for just now, after its first event."""
    await live.refresh()
    events = live.events(live.version)
    assert (await anext(events)).startswith(b"retry: ")
    assert {} == parts(await anext(events))
    return events


def parts(event: bytes) -> Any:
    """What an event says changed."""
    (data,) = (line.removeprefix(b"data: ") for line in event.splitlines() if line.startswith(b"data: "))
    return json.loads(data)["parts"]


def name(event: bytes) -> str:
    """Of an event."""
    return event.splitlines()[0].decode().removeprefix("event: ")


@simulated
async def test_only_what_changed_comes() -> None:
    """And a beat where nothing does."""
    worker = Worker()
    live = LivePages(worker, VirtualClock(), asyncio.Event())
    events = await opened(live)
    worker.change(lag=7)
    changed = parts(await anext(events))
    assert '<data value="7">7</data>' == changed["ci"]["lag"]
    assert {"", "ci"} == changed.keys()
    before = asyncio.get_running_loop().time()
    assert {} == parts(await anext(events))
    assert BEAT_S <= asyncio.get_running_loop().time() - before <= BEAT_S + EVERY_S


@simulated
async def test_pages_share_the_look() -> None:
    """However many are open; and nobody looks while none is."""
    worker = Worker()
    live = LivePages(worker, VirtualClock(), asyncio.Event())
    streams = [await opened(live) for _ in range(5)]
    looks = worker.looks
    for lag in range(1, 11):
        worker.change(lag)
        for event in await asyncio.gather(*map(anext, streams)):
            assert "ci" in parts(event)
    assert 10 == worker.looks - looks
    for events in streams:
        await events.aclose()
    looks = worker.looks
    await asyncio.sleep(600)
    assert looks == worker.looks


@simulated
async def test_a_slow_page_gets_what_counts_now() -> None:
    """Not what it missed."""
    worker = Worker()
    live = LivePages(worker, VirtualClock(), asyncio.Event())
    slow, brisk = await opened(live), await opened(live)
    for lag in range(1, 11):
        worker.change(lag)
        await anext(brisk)
    assert '<data value="10">10</data>' == parts(await anext(slow))["ci"]["lag"]


@simulated
async def test_too_many_pages() -> None:
    """Are told so and come again later; one that is closed makes room."""
    live = LivePages(Worker(), VirtualClock(), asyncio.Event())
    streams = [await opened(live) for _ in range(MOST_PAGES)]
    assert ["crowded"] == [name(event) async for event in live.events(live.version)]
    await streams[0].aclose()
    await opened(live)


@simulated
async def test_a_page_of_another_time() -> None:
    """Of another process, of other endpoints, or of no version at all has to be loaded again."""
    worker = Worker()
    live, other = LivePages(worker, VirtualClock(), asyncio.Event()), LivePages(worker, VirtualClock(), asyncio.Event())
    await other.refresh()
    await live.refresh()
    for version in (other.version, "", "x.1", f"{live.version}9"):
        assert ["reload"] == [name(event) async for event in live.events(version)]
    events = await opened(live)
    worker.facts = some_facts()
    assert ["reload"] == [name(event) async for event in events]


@simulated
async def test_a_worker_that_stops() -> None:
    """Says so at once, and every stream ends."""
    stop = asyncio.Event()
    live = LivePages(Worker(), VirtualClock(), stop)
    events = await opened(live)
    before = asyncio.get_running_loop().time()
    stop.set()
    assert ["stopped"] == [name(event) async for event in events]
    assert asyncio.get_running_loop().time() - before < EVERY_S
