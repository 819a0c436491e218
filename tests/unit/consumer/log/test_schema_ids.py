"""What is known of schema ids that are not ours: asked once, kept, and by which schema a record is read then."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from consumer.log.decoding import UnaskedError, event_of, foreign_id_of
from consumer.log.schema_ids import SchemaIds
from consumer.record import Record
from runtime.schema_registry import SchemaRegistryUnavailableError
from schemas import Event, Target
from schemas.avro import UndecodableError, UnknownSchemaError, encode, frame
from schemas.catalog import CATALOG
from schemas.names import SCHEMA_FINGERPRINT
from tests.kit import eventually
from tests.kit.still_clock import StillClock

LATEST = CATALOG.latest
EVENT = Event(id="e1", action="push", target=Target(repository="team/app"))
NEWER: dict[str, Any] = json.loads(LATEST.text)
NEWER["fields"].append({"name": "more", "type": ["null", "string"], "default": None})


@dataclass
class Clock:
    """Stands still until it is moved."""

    now: float = 0.0

    def monotonic(self) -> float:
        """As set."""
        return self.now

    def wall(self) -> float:
        """Nobody is to ask."""
        raise AssertionError("only durations matter")

    def sleep(self, seconds: float) -> None:
        """Nobody is to wait."""
        raise AssertionError(f"{seconds} s")


@dataclass
class Registry:
    """A schema registry that notes what it is asked."""

    schemas: dict[int, str] = field(default_factory=dict)
    is_away: bool = False
    asked: list[int] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.ids = SchemaIds(self, self.clock)

    def schema(self, schema_id: int) -> str | None:
        """The schema, or nothing."""
        self.asked.append(schema_id)
        if self.is_away:
            raise SchemaRegistryUnavailableError("it is away")
        return self.schemas.get(schema_id)


def record(schema_id: int, *headers: tuple[str, bytes], value: bytes | None = None) -> Record:
    """An event framed with this id."""
    framed = frame(schema_id, encode(EVENT)) if value is None else value
    return Record("registry.events", 0, 7, 1, b"team/app", framed, headers)


def test_nothing_is_known_before_it_is_asked() -> None:
    """`resolve_known` never blocks: it says that somebody has to ask, and names the id."""
    registry = Registry({7: LATEST.text})
    with pytest.raises(UnaskedError) as unasked:
        registry.ids.resolve_known(record(7), 7)
    assert 7 == unasked.value.schema_id
    assert [] == registry.asked


def test_an_id_is_asked_once() -> None:
    """However often it is met: then its records are read like any other, and are otherwise as they were."""
    registry = Registry({7: LATEST.text})
    for _ in range(3):
        registry.ids.ask(7)
    learned = registry.ids.resolve_known(record(7), 7)
    assert EVENT == event_of(learned)
    assert (record(7).value, ()) == (learned.value, learned.headers)
    assert LATEST.fingerprint == registry.ids.fingerprint(7)
    assert learned == registry.ids.resolve_blocking(record(7))
    assert [7] == registry.asked


def test_a_fingerprint_is_never_forgotten() -> None:
    """An id that a registry gave out stands for one schema for ever, even while the registry is away."""
    registry = Registry({7: LATEST.text})
    registry.ids.ask(7)
    registry.is_away = True
    registry.clock.now = 1e9
    for unknown in range(100, 10_200):
        with pytest.raises(SchemaRegistryUnavailableError):
            registry.ids.ask(unknown)
    registry.is_away = False
    for unknown in range(100, 10_200):
        registry.ids.ask(unknown)
    registry.is_away = True
    assert LATEST.fingerprint == registry.ids.fingerprint(7)
    assert EVENT == event_of(registry.ids.resolve_known(record(7), 7))


def test_that_there_is_no_such_id_holds_for_a_minute() -> None:
    """Then it is asked again: a registry's replica may have come to know it."""
    registry = Registry()
    registry.ids.ask(7)
    registry.clock.now = 59.9
    registry.ids.ask(7)
    with pytest.raises(UndecodableError, match=r"^the schema registry has no schema of an event with the id 7$"):
        registry.ids.resolve_known(record(7), 7)
    assert [7] == registry.asked
    registry.schemas[7] = LATEST.text
    registry.clock.now = 60.0
    with pytest.raises(UnaskedError):
        registry.ids.resolve_known(record(7), 7)
    registry.ids.ask(7)
    assert EVENT == event_of(registry.ids.resolve_known(record(7), 7))
    assert [7, 7] == registry.asked


def test_ids_that_there_are_not_do_not_fill_the_memory() -> None:
    """Ten thousand are kept, the oldest goes first: whoever writes damage can write any number."""
    registry = Registry()
    for schema_id in range(10_001):
        registry.ids.ask(schema_id)
    assert 10_000 == len(registry.ids._unknown)
    with pytest.raises(UnaskedError):
        registry.ids.resolve_known(record(0), 0)
    with pytest.raises(UndecodableError):
        registry.ids.resolve_known(record(1), 1)


def test_a_registry_that_is_away_is_asked_again() -> None:
    """No answer is no knowledge: each caller hears of it, and the next one asks anew."""
    registry = Registry({7: LATEST.text}, is_away=True)
    for _ in range(2):
        with pytest.raises(SchemaRegistryUnavailableError):
            registry.ids.resolve_blocking(record(7))
    with pytest.raises(UnaskedError):
        registry.ids.resolve_known(record(7), 7)
    registry.is_away = False
    assert EVENT == event_of(registry.ids.resolve_blocking(record(7)))
    assert [7, 7, 7] == registry.asked


OTHERS = {
    "no JSON": "Event",
    "no schema": "{}",
    "a name of nothing": '"Event"',
    "a primitive": '"string"',
    "a union": '["null", "string"]',
    "another record": '{"type": "record", "name": "Event", "namespace": "somebody.else", "fields": []}',
    "an unknown type": '{"type": "record", "name": "E", "fields": [{"name": "a", "type": "b"}]}',
    "no name": '{"type": "record", "fields": []}',
    "marked as parsed": '{"name": "registry.notifications.Event", "__fastavro_parsed__": true, "__named_schemas": {}}',
}


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_a_schema_of_something_else_is_none_of_an_event(text: str) -> None:
    """Whatever the registry keeps under the id: the record is undecodable, and is not waited for."""
    registry = Registry({7: text})
    registry.ids.ask(7)
    assert registry.ids.fingerprint(7) is None
    with pytest.raises(UndecodableError):
        registry.ids.resolve_known(record(7), 7)
    assert record(7) == registry.ids.resolve_blocking(record(7))
    assert [7] == registry.asked


def test_an_event_of_a_newer_release_is_waited_for() -> None:
    """A schema of that name which this version does not know is no damage: the upgrade will read it."""
    registry = Registry({7: json.dumps(NEWER)})
    with pytest.raises(UnknownSchemaError):
        event_of(registry.ids.resolve_blocking(record(7)))


def test_what_the_header_or_the_pinned_id_tells_is_not_asked() -> None:
    """The header comes first, known or not, then the pinned range; what is no frame has no id."""
    registry = Registry(is_away=True)
    known = (SCHEMA_FINGERPRINT, LATEST.fingerprint.encode())
    newer = (SCHEMA_FINGERPRINT, b"00000000deadbeef")
    told = [
        record(7, known),
        record(7, newer),
        record(LATEST.id),
        record(LATEST.id + 1),
        record(7, value=b""),
        record(7, value=b"\x01nothing"),
        record(2**31),
        record(2**32 - 1),
        Record("registry.events", 0, 0, 0, None, None),
    ]
    for one in told:
        assert one == registry.ids.resolve_blocking(one)
        assert foreign_id_of(one) is None
    assert [] == registry.asked


def test_an_empty_header_tells_nothing() -> None:
    """As no header does."""
    registry = Registry({7: LATEST.text})
    assert EVENT == event_of(registry.ids.resolve_blocking(record(7, (SCHEMA_FINGERPRINT, b""))))


def in_threads(count: int, do: Callable[[], object]) -> list[object]:
    """Does it in so many threads at once; what came of each, errors as their text."""

    def one(_: int) -> object:
        try:
            return do()
        except SchemaRegistryUnavailableError as error:
            return str(error)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.mark.parametrize("is_away", [False, True])
def test_threads_that_want_one_id_put_one_question(is_away: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """All endpoints of a worker meet the same id at once: the registry is asked once, and each has its answer."""
    all_here = threading.Event()
    waiting: list[int] = []

    class Slow(Registry):
        def schema(self, schema_id: int) -> str | None:
            assert all_here.wait(60.0)
            return super().schema(schema_id)

    registry = Slow({7: LATEST.text}, is_away=is_away)
    ids = registry.ids

    def ask() -> object:
        waiting.append(1)
        return ids.fingerprint(7)

    def release() -> None:
        eventually(lambda: len(waiting) == 8)
        all_here.set()

    releasing = threading.Thread(target=release)
    releasing.start()
    found = in_threads(8, ask)
    releasing.join()
    assert {"it is away" if is_away else LATEST.fingerprint} == set(found)
    assert is_away or [7] == registry.asked


def test_a_slow_answer_holds_up_no_other_id() -> None:
    """The lock is not held while the registry is asked, and what is known is told meanwhile."""
    asked, answer = threading.Event(), threading.Event()

    class SlowForOne(Registry):
        def schema(self, schema_id: int) -> str | None:
            if schema_id == 8:
                asked.set()
                assert answer.wait(60.0)
            return super().schema(schema_id)

    ids = SlowForOne({7: LATEST.text, 8: LATEST.text}).ids
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(ids.fingerprint, 8)
        assert asked.wait(60.0)
        assert LATEST.fingerprint == ids.fingerprint(7)
        assert EVENT == event_of(ids.resolve_known(record(7), 7))
        assert not slow.done()
        answer.set()
        assert LATEST.fingerprint == slow.result(60.0)


def test_a_question_that_is_never_answered_holds_up_nobody_for_good() -> None:
    """Whoever waits for one that another has put gives up, and the next puts it anew."""
    asked, answer = threading.Event(), threading.Event()

    class SilentAtFirst(Registry):
        def schema(self, schema_id: int) -> str | None:
            if not asked.is_set():
                asked.set()
                answer.wait(60.0)
            return super().schema(schema_id)

    registry = SilentAtFirst({7: LATEST.text})
    ids = SchemaIds(registry, StillClock(), limit_s=0.05)
    first = threading.Thread(target=ids.ask, args=(7,), daemon=True)
    first.start()
    assert asked.wait(60.0)
    with pytest.raises(SchemaRegistryUnavailableError, match=r"within 0\.05 s"):
        ids.ask(7)
    ids.ask(7)
    assert LATEST.fingerprint == ids.fingerprint(7)
    answer.set()
    first.join(60.0)
