"""Asking the schema registry beside the event loop: again and again, told once, and for nobody who is gone."""

import asyncio
import gc
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from consumer.endpoint.schema_lookup import SchemaLookup
from consumer.log.decoding import UnaskedError
from consumer.log.schema_ids import SchemaIds
from consumer.record import Record
from runtime.clock import SystemClock
from runtime.schema_registry import SchemaRegistryUnavailableError
from schemas.avro import UndecodableError
from schemas.catalog import CATALOG
from tests.kit import eventually
from tests.kit.virtual_time import VirtualClock, run, running_loop, simulated

WITHIN_S = 60.0
"""In vain where something is wrong; a registry that hangs does it for twice as long."""

LATEST = CATALOG.latest
RECORD = Record("registry.events", 0, 0, 0, None, b"")


@dataclass
class Registry:
    """A registry, what it says to each question, and a lookup that asks it; made on a loop."""

    trouble: Callable[[int], Exception | None] = lambda _: None
    asked: list[tuple[float, int]] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)
    """Ids that were wanted and are not asked for any more."""
    wanted: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._began = VirtualClock().monotonic()
        self.ids = SchemaIds(self, VirtualClock())
        self.lookup = SchemaLookup(self.ids, self, endpoint="ci", jitter=lambda: 0.0)

    def wake(self) -> None:
        """Something is known now: whoever waited for it reads on."""
        done = [schema_id for schema_id in self.wanted if not self.lookup.is_asking(schema_id)]
        self.answered += done
        self.wanted = [schema_id for schema_id in self.wanted if schema_id not in done]

    def schema(self, schema_id: int) -> str | None:
        """Even ids are those of events."""
        self.asked.append((VirtualClock().monotonic() - self._began, schema_id))
        error = self.trouble(schema_id)
        if error is not None:
            raise error
        return LATEST.text if schema_id % 2 == 0 else None

    def ask(self, schema_id: int) -> None:
        """A partition needs it."""
        with pytest.raises(UnaskedError):
            self.ids.resolve_known(RECORD, schema_id)
        if schema_id not in self.wanted:
            self.wanted.append(schema_id)
        self.lookup.want(self.wanted)

    def want(self, *schema_ids: int) -> None:
        """Only these are waited for now."""
        self.wanted = list(schema_ids)
        self.lookup.want(self.wanted)


def away(text: str = "it is away") -> Exception:
    """What a client says of a registry that does not answer."""
    return SchemaRegistryUnavailableError(text)


@simulated
async def test_an_answer_is_told_once_on_the_loop() -> None:
    """Then its records can be read, and nothing is asked any more."""
    registry = Registry()
    registry.ask(8)
    assert [] == registry.answered
    await asyncio.sleep(0.1)
    assert [8] == registry.answered
    assert LATEST.fingerprint == registry.ids.resolve_known(RECORD, 8).schema_fingerprint
    assert [(0.0, 8)] == registry.asked
    await registry.lookup.close()


@simulated
async def test_several_partitions_wait_for_one_question() -> None:
    """However often it is met while the question is open."""
    registry = Registry(lambda _: away())
    for _ in range(5):
        registry.ask(8)
    await asyncio.sleep(0.5)
    registry.ask(8)
    assert [(0.0, 8)] == registry.asked
    await registry.lookup.close()


def test_it_is_asked_with_backoff_until_it_answers_and_told_once() -> None:
    """After 1, 2, 4, 8, 16, then every 30 s; one warning for each trouble, not for each try."""

    async def scenario() -> None:
        registry = Registry(lambda _: away() if len(registry.asked) < 9 else None)
        registry.ask(8)
        await asyncio.sleep(100.0)
        assert ["schema id 8: it is away"] == registry.lookup.troubles
        assert [] == registry.answered
        await asyncio.sleep(100.0)
        assert [0.0, 1.0, 3.0, 7.0, 15.0, 31.0, 61.0, 91.0, 121.0] == [at for at, _ in registry.asked]
        assert ([8], []) == (registry.answered, registry.lookup.troubles)
        await registry.lookup.close()

    told = [line for line in run(scenario()) if line["event"] == "schema_registry.waiting"]
    assert [("ci", 8, "it is away", "warning")] == [
        (line["endpoint"], line["schema_id"], line["error"], line["level"]) for line in told
    ]


def test_another_trouble_is_told_anew() -> None:
    """Refused first, then an error of its own: an operator who mends the one is told of the other."""
    troubles = ["refused", "refused", "answers 401", "answers 401", "answers 401"]

    async def scenario() -> None:
        registry = Registry(lambda _: away(troubles.pop(0)) if troubles else None)
        registry.ask(8)
        await asyncio.sleep(60.0)
        assert [8] == registry.answered
        await registry.lookup.close()

    assert ["refused", "answers 401"] == [line["error"] for line in run(scenario())]


@simulated
async def test_two_ids_are_two_questions() -> None:
    """One that is not answered keeps nobody from the other, nor does "there is no such id"."""
    registry = Registry(lambda schema_id: away() if schema_id == 8 and len(registry.asked) < 6 else None)
    registry.ask(8)
    registry.ask(10)
    registry.ask(11)
    await asyncio.sleep(0.5)
    assert [10, 11] == registry.answered
    assert ["schema id 8: it is away"] == registry.lookup.troubles
    with pytest.raises(UndecodableError):
        registry.ids.resolve_known(RECORD, 11)
    await asyncio.sleep(60.0)
    assert [10, 11, 8] == registry.answered
    assert [] == registry.lookup.troubles
    await registry.lookup.close()


def test_a_fault_of_ours_does_not_end_the_asking() -> None:
    """An exception that the client never announced is told as such, and the question put again."""

    async def scenario() -> None:
        registry = Registry(lambda _: ZeroDivisionError("ours") if len(registry.asked) < 3 else None)
        registry.ask(8)
        await asyncio.sleep(0.5)
        assert ["schema id 8: internal error: ZeroDivisionError('ours')"] == registry.lookup.troubles
        await asyncio.sleep(60.0)
        assert ([8], []) == (registry.answered, registry.lookup.troubles)
        await registry.lookup.close()

    assert ["internal error: ZeroDivisionError('ours')"] == [line["error"] for line in run(scenario())]


@simulated
async def test_nobody_asks_for_those_who_are_gone() -> None:
    """Their trouble is no longer ours to tell; whoever comes again asks again, at once."""
    registry = Registry(lambda _: away())
    registry.ask(8)
    registry.ask(10)
    await asyncio.sleep(10.0)
    registry.want(10)
    before = len(registry.asked)
    assert ["schema id 10: it is away"] == registry.lookup.troubles
    await asyncio.sleep(1000.0)
    assert {10} == {schema_id for _, schema_id in registry.asked[before:]}
    registry.ask(8)
    await asyncio.sleep(0.5)
    assert 8 == registry.asked[-1][1]
    await registry.lookup.close()


@simulated
async def test_closing_ends_what_is_open() -> None:
    """No task is left, and nothing is asked, answered or waited for any more."""
    registry = Registry(lambda _: away())
    registry.ask(8)
    registry.ask(9)
    await asyncio.sleep(5.0)
    await registry.lookup.close()
    assert {asyncio.current_task()} == asyncio.all_tasks(running_loop())
    assert [] == registry.lookup.troubles
    before = list(registry.asked)
    await asyncio.sleep(1000.0)
    assert before == registry.asked
    await registry.lookup.close()


class Woken:
    """Notes on which threads it is woken."""

    def __init__(self) -> None:
        self.threads: list[int] = []
        self.often = asyncio.Event()
        """Set at the thirtieth time."""

    def wake(self) -> None:
        """Something is known."""
        self.threads.append(threading.get_ident())
        if len(self.threads) == 30:
            self.often.set()


class Hanging:
    """A registry that takes every question and answers none before it is let go; in real threads."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.began = threading.Event()
        self.let_go = threading.Event()

    def schema(self, schema_id: int) -> str | None:
        """Nothing, late."""
        self.asked.append(schema_id)
        self.began.set()
        assert self.let_go.wait(2 * WITHIN_S)
        return LATEST.text


def test_a_registry_that_hangs_holds_up_neither_the_loop_nor_its_threads() -> None:
    """The loop turns, its own threads are free for those who leave the group in one, and closing waits for nothing."""
    hanging = Hanging()

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        own = ThreadPoolExecutor(1)
        loop.set_default_executor(own)
        woken = Woken()
        lookup = SchemaLookup(SchemaIds(hanging, SystemClock()), woken, endpoint="ci", jitter=lambda: 0.0)
        lookup.want(range(20))
        assert await asyncio.wait_for(asyncio.to_thread(hanging.began.wait), WITHIN_S)
        await asyncio.wait_for(lookup.close(), WITHIN_S)
        assert {asyncio.current_task()} == asyncio.all_tasks()
        assert [] == woken.threads

    asyncio.run(scenario())
    hanging.let_go.set()
    eventually(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("schemas-ci")])
    assert len(hanging.asked) <= 2, "what was not begun is dropped"
    gc.collect()  # what was never awaited or retrieved would be a warning, which is an error


def test_answers_of_real_threads_wake_on_the_loop() -> None:
    """Once for each id, in the thread of the loop."""
    threads: list[int] = []

    async def scenario() -> None:
        woken = Woken()
        hanging = Hanging()
        hanging.let_go.set()
        ids = SchemaIds(hanging, SystemClock())
        lookup = SchemaLookup(ids, woken, endpoint="ci", jitter=lambda: 0.0)
        lookup.want(range(30))
        await asyncio.wait_for(woken.often.wait(), WITHIN_S)
        assert not any(map(lookup.is_asking, range(30)))
        resolved = [ids.resolve_known(RECORD, schema_id) for schema_id in range(30)]
        assert {LATEST.fingerprint} == {record.schema_fingerprint for record in resolved}
        threads.extend(woken.threads)
        await lookup.close()

    asyncio.run(scenario())
    assert [threading.get_ident()] * 30 == threads
