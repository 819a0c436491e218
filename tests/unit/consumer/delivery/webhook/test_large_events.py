"""Large events: read once for all endpoints, on a thread of their own, one at a time; and screened there."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from consumer.delivery.webhook.large_events import LargeEvents
from consumer.record import Record
from runtime.config.endpoint_settings import WebhookForm
from runtime.config.template import Template
from schemas import Event
from schemas.avro import UndecodableError, encode, frame
from schemas.catalog import CATALOG


def _record(offset: int, name: str) -> Record:
    """A new object each time, as each endpoint reads its own."""
    return Record("t", 0, offset, 0, None, frame(CATALOG.latest.id, encode(Event(id=name))))


def test_work_on_the_record_of_before_goes_first() -> None:
    """So that each record is read once for all endpoints, however their work is mixed; all of it off the loop."""
    done: list[str] = []
    threads: set[int] = set()
    objects: dict[str, set[int]] = {"a": set(), "b": set()}

    async def scene() -> None:
        events = LargeEvents()

        def work(record: Record, name: str) -> Callable[[], None]:
            def read() -> None:
                kept, event = events.read(record)
                objects[event.id].add(id(kept.value))
                events.request(record, "registry")
                threads.add(threading.get_ident())
                done.append(name)

            return read

        pieces = [(_record(at, name), f"{name}{number}") for number in range(3) for at, name in enumerate("ab")]
        await asyncio.gather(*(events.begin(record, work(record, name)) for record, name in pieces))
        events.close()

    asyncio.run(scene())
    assert done == ["a0", "a1", "a2", "b0", "b1", "b2"]
    assert [1, 1] == [len(found) for found in objects.values()], "the bytes of all but the first were kept too"
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_another_record_at_the_same_place_is_another() -> None:
    """A topic that was made anew has other records at the same offsets."""

    async def scene() -> list[str]:
        events = LargeEvents()
        records = [_record(7, "a"), _record(7, "b")]
        found = [events.begin(record, lambda record=record: events.read(record)[1].id) for record in records]  # type: ignore[misc]
        return [await one for one in found]

    assert asyncio.run(scene()) == ["a", "b"]


def test_a_request_is_made_once_for_each_form() -> None:
    """Endpoints of the same form share it; another format and another template have a request of their own."""
    events, record = LargeEvents(), _record(7, "a")
    forms: list[WebhookForm] = ["registry", "acr", Template(("1",)), Template(("2",))]

    made = [events.request(record, form) for form in forms]

    assert 4 == len({request.body for request in made})
    assert all(events.request(record, form) is request for form, request in zip(forms, made, strict=True))


def test_work_that_fails_or_is_broken_off_holds_up_nothing() -> None:
    """Its error is that of who waits for it; the next goes on."""

    async def scene() -> str:
        events = LargeEvents()
        damaged = Record("t", 0, 0, 0, None, b"")
        failing = events.begin(damaged, lambda: events.read(damaged))
        broken_off = [events.begin(_record(at, "x"), lambda: pytest.fail("nobody waits for it")) for at in (1, 2)]
        for one in broken_off:
            one.cancel()
        last = _record(3, "last")
        found = events.begin(last, lambda: events.read(last)[1].id)
        with pytest.raises(UndecodableError):
            await failing
        return await found

    assert asyncio.run(scene()) == "last"
