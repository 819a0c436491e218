"""Large records at the door of an endpoint: their partition waits, the others go on, and no verdict is lost."""

import asyncio

import pytest

from consumer.delivery.webhook.large_events import LargeEvents
from consumer.endpoint.large_records import LargeRecords
from consumer.filters.endpoint_filter import Filter
from consumer.lanes.screening import LARGE, Screened, Screening, UnscreenedError
from consumer.record import Record
from schemas import Event, Target
from schemas.avro import UndecodableError, encode, frame
from schemas.catalog import CATALOG
from tests.simulation.simulation import endpoint_settings


class _Bell:
    """Counts how often the endpoint is woken."""

    def __init__(self) -> None:
        self.rung = asyncio.Event()

    def wake(self) -> None:
        self.rung.set()


def _record(partition: int = 0, *, size: int = LARGE, action: str = "push") -> Record:
    event = Event(action=action, target=Target(repository="r", data="x" * size))
    return Record("t", partition, 0, 0, None, frame(CATALOG.latest.id, encode(event)))


def _door() -> tuple[LargeRecords, _Bell]:
    bell = _Bell()
    screening = Screening(Filter(endpoint_settings(ignore={"actions": ["pull"]})))
    return LargeRecords(screening, LargeEvents(), bell), bell


async def _verdict(record: Record) -> Screened:
    door, bell = _door()
    with pytest.raises(UnscreenedError):
        door.screen(record)
    await bell.rung.wait()
    return door.screen(record)


def test_a_large_record_is_screened_without_its_event() -> None:
    """Which is read again when it is sent."""
    screened = asyncio.run(_verdict(_record()))
    assert (None, None) == (screened.event, screened.rule)
    assert screened.record == _record()
    assert asyncio.run(_verdict(_record(action="pull"))).rule == "ignore.actions"


def test_a_small_record_is_screened_at_once() -> None:
    """Nearly all are."""

    async def scene() -> Screened:
        return _door()[0].screen(_record(size=10))

    screened = asyncio.run(scene())
    assert screened.event is not None


def test_a_large_record_that_is_no_event_is_undecodable() -> None:
    """The verdict is raised at the door, as for a small one."""
    with pytest.raises(UndecodableError, match="framing byte"):
        asyncio.run(_verdict(Record("t", 0, 0, 0, None, b"x" * 2 * LARGE)))


def test_partitions_wait_by_themselves() -> None:
    """And what comes first in a partition now counts, not what came first before it was taken away and given back."""

    async def scene() -> None:
        door, bell = _door()
        first, second, again = _record(0), _record(1), _record(0)
        for record in (first, second, again):
            with pytest.raises(UnscreenedError):
                door.screen(record)
        while True:
            await bell.rung.wait()
            bell.rung.clear()
            try:
                assert door.screen(again).record == again
                assert door.screen(second).record == second
            except UnscreenedError:
                continue
            return

    asyncio.run(scene())
