"""What becomes of envelopes, with a log that keeps what it is given."""

import asyncio
import json
import tracemalloc
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from producer.intake.acceptance import Acceptance, Accepted
from producer.intake.metrics import BridgeMetrics
from producer.intake.refusals import RefusedError
from producer.sources.contents import PostFacts
from runtime.config.source_settings import SourceSettings
from runtime.kafka.errors import KafkaUnavailableError
from runtime.kafka.records import OutgoingRecord
from schemas.avro import decode
from schemas.catalog import CATALOG
from schemas.event import MEDIA_TYPE_V2
from schemas.limits import MAX_EVENTS, MAX_REFERENCES
from schemas.trace_context import NO_TRACE
from tests.kit.still_clock import StillClock

FACTS = PostFacts(MEDIA_TYPE_V2, "eu", NO_TRACE)


class Log:
    """Takes so many writes."""

    def __init__(self, takes: int = 1_000_000) -> None:
        self.writes: list[Sequence[OutgoingRecord]] = []
        self._takes = takes

    def schema_id(self) -> int:
        """The pinned one."""
        return CATALOG.latest.id

    async def write(self, records: Sequence[OutgoingRecord]) -> None:
        """Keep them."""
        if len(self.writes) == self._takes:
            raise KafkaUnavailableError("no answer")
        self.writes.append(records)
        await asyncio.sleep(0)

    @property
    def ids(self) -> list[str]:
        """Of all events that were written, in order."""
        return [decode(one.value, None).id for records in self.writes for one in records]


def envelope(*events: str) -> bytes:
    """The body of these events."""
    return ('{"events":[' + ",".join(events) + "]}").encode()


def accept(log: Log, *bodies: bytes, facts: PostFacts = FACTS) -> tuple[list[Any], CollectorRegistry]:
    """What the envelopes come to, sent at once, and the metrics after."""

    async def all_at_once() -> list[Any]:
        made = Acceptance("events", log, metrics, StillClock())
        return await asyncio.gather(*(made.accept([body], facts) for body in bodies), return_exceptions=True)

    metrics = BridgeMetrics(CollectorRegistry())
    return asyncio.run(all_at_once()), metrics.registry


@pytest.mark.parametrize("count", [0, 1, 3, 200, 201, 1500])
def test_events_are_written_in_order(count: int) -> None:
    """Small envelopes at once, large ones a slice after another; all are counted."""
    log = Log()
    body = envelope(*(f'{{"id":"{number}","action":"push"}}' for number in range(count)))
    done, registry = accept(log, body)
    assert [Accepted(count, {})] == done
    assert [str(number) for number in range(count)] == log.ids
    assert all(len(records) <= 200 for records in log.writes)
    assert (count or None) == registry.get_sample_value("registry_bridge_events_accepted_total", {"action": "push"})


def test_large_envelopes_go_one_after_another() -> None:
    """And small ones between them: nobody waits for a large one."""
    log = Log()
    large = [envelope(*(f'{{"id":"{name}{number}"}}' for number in range(2000))) for name in "ab"]
    done, _ = accept(log, *large, envelope('{"id":"small"}'))
    assert [2000, 2000, 1] == [one.events for one in done]
    assert log.ids.index("small") < 2000
    without = [one[0] for one in log.ids if one != "small"]
    assert 1 == sum(one != other for one, other in pairwise(without))


def test_a_slice_has_a_size() -> None:
    """So that no large event waits beside others in memory."""
    log = Log()
    accept(log, envelope(*(f'{{"id":"{number}","x":"{"a" * 600_000}"}}' for number in range(4))))
    assert [2, 2] == [len(records) for records in log.writes]


@pytest.mark.parametrize(
    ("body", "status", "reason", "path", "says"),
    [
        (
            envelope(*["{}"] * (MAX_EVENTS + 1)),
            413,
            "too-large",
            "events",
            "10,001 events; an envelope may have 10,000",
        ),
        (
            envelope("{}", '{"target":{"references":[' + ",".join(["{}"] * (MAX_REFERENCES + 1)) + "]}}"),
            413,
            "too-large",
            "events[1].target.references",
            "40,001 references; an event may have 40,000",
        ),
        (envelope(*["{}"] * 5000, "7"), 400, "malformed", "events[5000]", "must be an object"),
    ],
)
def test_a_refusal_writes_nothing(body: bytes, status: int, reason: str, path: str, says: str) -> None:
    """It names the limit, or what is wrong, and where."""
    log = Log()
    [refused], _ = accept(log, body)
    assert isinstance(refused, RefusedError)
    assert (status, reason, path, says) == (refused.status, refused.reason, refused.path, str(refused))
    assert [] == log.writes


def test_a_log_that_stops_taking_is_503() -> None:
    """What was written before stands in the log, and is counted: the registry sends all of it again."""
    log = Log(takes=2)
    [refused], registry = accept(log, envelope(*['{"action":"pull"}'] * 1000))
    assert isinstance(refused, RefusedError)
    assert (503, "kafka", "no answer") == (refused.status, refused.reason, str(refused))
    assert 400 == registry.get_sample_value("registry_bridge_events_accepted_total", {"action": "pull"})


@pytest.mark.parametrize(("tags", "written"), [(3, 3), (1000, 1000), (1001, 0)])
def test_many_events_of_a_small_body(tags: int, written: int) -> None:
    """Each has the whole body, so they are written in slices; a body with too many is refused before the first."""
    log = Log()
    quay = SourceSettings(name="quay", format="quay", registry="q")
    facts = PostFacts("application/json", "q", source=quay, max_record_bytes=24 * 2**20)
    body = {
        "repository": "a/b",
        "namespace": "a",
        "updated_tags": [f"v{number}" for number in range(tags)],
    }
    [done], _ = accept(log, json.dumps(body).encode(), facts=facts)
    assert len(log.ids) == len(set(log.ids)) == written
    assert all(len(records) <= 200 for records in log.writes)
    assert all(sum(len(one.value or b"") for one in records) < 2 * 2**20 for records in log.writes)
    assert (done.events if written else done.status) == (written or 413)


def test_events_of_small_bodies_are_not_in_memory_before_their_turn() -> None:
    """Twenty bodies that wait for Kafka take the room of their bodies, and not that of twenty thousand events."""

    class Stuck(Log):
        begun = asyncio.Event()

        async def write(self, records: Sequence[OutgoingRecord]) -> None:
            self.writes.append(records)
            self.begun.set()
            await asyncio.Event().wait()

    facts = PostFacts("application/json", "q", source=SourceSettings(name="q", format="quay", registry="q"))
    facts = replace(facts, max_record_bytes=24 * 2**20)
    body = json.dumps({"repository": "a/b", "namespace": "a", "updated_tags": ["v3"] * 1000}).encode()

    async def most() -> int:
        log = Stuck()
        acceptance = Acceptance("t", log, BridgeMetrics(CollectorRegistry()), StillClock())
        tracemalloc.start()
        waiting = [asyncio.create_task(acceptance.accept([body], facts)) for _ in range(20)]
        await asyncio.wait_for(log.begun.wait(), 60.0)
        await asyncio.wait(waiting, timeout=0.4)  # in vain: the others have time to do what they must not
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        for one in waiting:
            one.cancel()
        await asyncio.wait(waiting)
        return held

    assert asyncio.run(most()) < 10 * 2**20
