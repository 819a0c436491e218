"""What becomes of a body that was read: its events are decoded, and in the log before it is accepted.

What is small is done at once on the event loop. What is large is done off it, one body after another and a slice at
a time, each written before the next is decoded: so it takes a bounded part of memory, of the interpreter's time and of
the Kafka client's queue, and nobody else's POST waits for it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Protocol

from producer.event_record import record_of
from producer.intake.body_budget import SMALL_BYTES
from producer.intake.metrics import BridgeMetrics
from producer.intake.refusals import RefusedError
from producer.preparation import NotPreparedError
from producer.sources.contents import BodyContents, NotTakenError, PostFacts, TooMuchError, contents_of
from producer.spool.errors import SpoolRefusedError
from runtime.clock import Clock
from runtime.freed_memory import give_back
from runtime.kafka.errors import KafkaRefusedError, KafkaUnavailableError
from runtime.kafka.records import OutgoingRecord
from schemas.trace_context import TraceContext

_FEW_OBJECTS: Final = 200
"""Objects of a body that is decoded on the event loop, in at most some 20 ms."""
_SLICE_EVENTS: Final = 200
_SLICE_BYTES: Final = 1024 * 1024
"""Of records; a slice ends with the event that exceeds it."""


class EventsTopic(Protocol):
    """The topic that the events go to, once it is prepared."""

    def schema_id(self) -> int:
        """The id that values are framed with.

        Raises:
            NotPreparedError: nothing can be taken yet.
        """
        ...

    async def write(self, records: Sequence[OutgoingRecord]) -> None:
        """Return once the records are acknowledged, or in the spool.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: they are not.
            SpoolRefusedError: the spool does not take them either.
        """


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was in a body that is in the log."""

    events: int
    """That are in the log."""
    kinds: Mapping[str, int]
    """How much there was of each kind, events or not; only of a source."""


@dataclass(slots=True)
class _SliceOfRecords:
    records: list[OutgoingRecord]
    actions: list[str]


class Acceptance:
    """Takes bodies in."""

    def __init__(self, topic: str, events: EventsTopic, metrics: BridgeMetrics, clock: Clock) -> None:
        self._topic = topic
        self._events = events
        self._metrics = metrics
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="envelopes")
        self._large = asyncio.Lock()

    async def accept(self, body: list[bytes], facts: PostFacts) -> Accepted:
        """What the log has of the body now.

        Args:
            body: the body alone, which is taken out, so that it is not in memory when its events are.
            facts: what else is known of it.

        Raises:
            RefusedError: it is not what the sender is to send or too large, and nothing was written; or it could not be
                written to its end, and some of it may be in the log.
        """
        if len(body[0]) > SMALL_BYTES or body[0].count(b"{") > _FEW_OBJECTS:
            return await self._accept_large(body, facts)
        contents = _contents([*body], facts)
        if len(contents) > _SLICE_EVENTS:
            del contents  # a thousand events are larger than a small body: they are made again when it is their turn
            return await self._accept_large(body, facts)
        done = Accepted(len(contents), contents.kinds)
        with self._metrics.acknowledging():
            await self._write(self._slice(contents, facts.trace, self._schema_id()))
            if contents:  # each has the whole body, so together they can be large
                async with self._large:
                    await self._write_slices(contents, facts.trace)
        return done

    async def _accept_large(self, body: list[bytes], facts: PostFacts) -> Accepted:
        async with self._large:
            with self._metrics.acknowledging():
                loop = asyncio.get_running_loop()
                contents = await loop.run_in_executor(self._thread, _contents, body, facts)
                done = Accepted(len(contents), contents.kinds)
                await self._write_slices(contents, facts.trace)
        return done

    async def _write_slices(self, contents: BodyContents, trace: TraceContext) -> None:
        loop, schema_id = asyncio.get_running_loop(), self._schema_id()
        try:
            while contents:
                await self._write(await loop.run_in_executor(self._thread, self._slice, contents, trace, schema_id))
        finally:
            await loop.run_in_executor(self._thread, give_back)

    def _schema_id(self) -> int:
        try:
            return self._events.schema_id()
        except NotPreparedError as error:
            raise RefusedError(503, "not-ready", str(error)) from error

    def _slice(self, contents: BodyContents, trace: TraceContext, schema_id: int) -> _SliceOfRecords:
        """The records of the next events, which are taken out."""
        now = int(self._clock.wall() * 1000)
        made, size = _SliceOfRecords([], []), 0
        while contents and len(made.records) < _SLICE_EVENTS and size < _SLICE_BYTES:
            event = contents.take()
            record = record_of(event, topic=self._topic, schema_id=schema_id, accepted_ms=now, trace=trace)
            size += len(record.value or b"")
            made.records.append(record)
            made.actions.append(event.action)
        return made

    async def _write(self, made: _SliceOfRecords) -> None:
        try:
            await self._events.write(made.records)
        except (KafkaUnavailableError, KafkaRefusedError) as error:
            raise RefusedError(503, "kafka", str(error)) from error
        except SpoolRefusedError as error:
            raise RefusedError(503, error.reason, str(error)) from error
        for action in made.actions:
            self._metrics.accepted(action)


def _contents(body: list[bytes], facts: PostFacts) -> BodyContents:
    content = body.pop()
    try:
        return contents_of(content, facts)
    except TooMuchError as error:
        raise RefusedError(413, "too-large", str(error), path=error.path, size=len(content)) from None
    except NotTakenError as error:
        raise RefusedError(400, "malformed", str(error), path=error.path) from None
