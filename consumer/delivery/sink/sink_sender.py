"""From a delivery to one call of a sink in Python, and what came of it.

A call has the endpoint's `timeout`. One that still runs then is not forgotten: see `running_writes`.
"""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog

from consumer.delivery.owner import Room
from consumer.delivery.policy.outcome import Fault, NoAnswer, Result, SinkResult
from consumer.delivery.sink.calls import Call
from consumer.delivery.sink.open_sink import SinkOpening, UnmadeSinkError
from consumer.delivery.sink.results import WRITTEN, SinkResults
from consumer.delivery.sink.running_writes import RunningWrites, WriteKey
from consumer.delivery.sink.threads import SinkThreads
from consumer.delivery.webhook.large_events import LargeEvents
from consumer.lanes.delivery import Delivery
from consumer.lanes.screening import LARGE
from consumer.log.decoding import event_of
from consumer.record import Record
from runtime.config import EndpointSettings
from runtime.sink_factory import Factory, factory_of, options_of
from schemas.event import Event

_log: Final = structlog.get_logger(__name__)


class SinkSender:
    """Gives the deliveries of one endpoint to its sink."""

    def __init__(
        self, endpoint: EndpointSettings, factory: Factory, running: RunningWrites, events: LargeEvents
    ) -> None:
        """Nothing is called yet.

        Args:
            endpoint: whose sink it is.
            factory: makes the sink when the first event comes.
            running: writes that have not ended; all sinks of a process share it.
            events: reads large records; all senders of a process share it.
        """
        self.large_events: Final = events
        self._endpoint: Final = endpoint
        self._running: Final = running
        options = options_of(endpoint)
        self._results: Final = SinkResults(options)
        self._threads: Final = SinkThreads(endpoint.concurrency, f"sink-{endpoint.name}")
        self._opening: Final = SinkOpening(factory, options, self._threads, self._results)
        self._under_way: Final[set[asyncio.Task[SinkResult | None]]] = set()

    def kind(self, delivery: Delivery) -> object:
        """Each event is of a kind of its own: a call takes one."""
        return delivery.record.place

    async def send(self, deliveries: list[Delivery], room: Room | None = None) -> Result:  # noqa: ARG002
        """Write the event of the one delivery; the event is held meanwhile, and so all the room that was taken for it.

        Raises:
            UndecodableError, UnknownSchemaError: its bytes changed since it was admitted.
        """
        [delivery] = deliveries
        # Before its time begins: the sink cannot help that a thread of ours is busy.
        event = await self._event(delivery)
        return await self._within_its_time(event, delivery.record)

    async def close(self) -> None:
        """Close the sink, when what it writes has ended; if nobody waits so long, it is left to itself."""
        try:
            if self._under_way:
                await asyncio.wait(self._under_way)
            sink = await self._opening.made()
            if sink is not None:
                await sink.close().ended
        except asyncio.CancelledError:
            self._log_close("it did not return in time")
            raise
        except Exception as error:  # noqa: BLE001 - whatever a sink raises
            self._log_close(self._results.of(error).error)
        finally:
            self._threads.shutdown()

    async def _within_its_time(self, event: Event, record: Record) -> Result:
        limit_s, stage = self._endpoint.timeout_s, _Stage()
        try:
            async with asyncio.timeout(limit_s):
                return await self._written(event, record, stage)
        except TimeoutError:
            return NoAnswer(Fault.TIMEOUT, f"{stage.late} within {limit_s:g} s")
        except UnmadeSinkError as error:
            return error.result

    async def _written(self, event: Event, record: Record, stage: "_Stage") -> Result:
        key = self._key(record)
        if (found := await self._running.before(key, record)) is not None:
            return found
        stage.late = "the factory of the sink did not return"
        sink = await self._opening.opened()
        call = sink.write(event, record)
        try:
            return await self._ended(call, key, record)
        finally:
            stage.late = "write did not return" if call.has_begun else "no thread of the sink became free"

    async def _ended(self, call: Call, key: WriteKey, record: Record) -> SinkResult:
        ending = asyncio.create_task(self._result(call))
        self._under_way.add(ending)
        ending.add_done_callback(self._under_way.discard)
        try:
            await asyncio.wait((ending,))
        finally:
            if not ending.done():
                call.give_up()
                self._running.gave_up(key, record, ending)
        found = ending.result()
        assert found is not None  # only what was given up is broken off
        return found

    async def _result(self, call: Call) -> SinkResult | None:
        """What came of a call; None if it was broken off."""
        await asyncio.wait((call.ended,))
        if call.ended.cancelled():
            return None
        error = call.ended.exception()
        return WRITTEN if error is None else self._results.of(error)

    def _key(self, record: Record) -> WriteKey:
        """Writes of one key follow one another."""
        is_alone = self._endpoint.ordering == "none" or record.key is None
        return self._endpoint.name, record.place if is_alone else record.key

    async def _event(self, delivery: Delivery) -> Event:
        """The event, decoded now if only its bytes were kept; it was decodable when it was admitted."""
        if delivery.event is None and delivery.record.size > LARGE:
            return await self.large_events.begin(delivery.record, partial(event_of, delivery.record))
        if delivery.event is None:
            delivery.event = event_of(delivery.record)
        return delivery.event

    def _log_close(self, reason: str) -> None:
        _log.warning("sink.not_closed", endpoint=self._endpoint.name, reason=reason)


@dataclass(slots=True)
class _Stage:
    """How far a try has come."""

    late: str = "an earlier write for the same repository did not end"
    """What has not happened yet."""


def sink_sender_of(endpoint: EndpointSettings, running: RunningWrites, events: LargeEvents | None = None) -> SinkSender:
    """What gives events to the sink of an endpoint; its factory is imported and not called yet.

    Raises:
        SinkSettingsError: there is no such factory, or it takes other options.
    """
    return SinkSender(endpoint, factory_of(endpoint), running, events or LargeEvents())
