"""The Kafka sink: what a Python registry gives to its `Bridge` so that its events are in the log when a call returns.

There is no queue in memory: `write` costs a round trip to Kafka inside the registry's request, and in exchange an
event of which the registry heard no error is never lost.
"""

from typing import Final

from msgspec.structs import replace

from producer.records import record_of
from producer.sinks import SinkClosed, SinkError
from runtime.clock import Clock, SystemClock
from runtime.errors import BridgeError
from runtime.kafka.records import OutgoingRecord
from runtime.kafka.settings import ClientSettings
from runtime.kafka.writer import WRITE_LIMIT_S, AcknowledgedWriter, WriterClosedError
from schemas.event import Event

_MAX_RECORD_BYTES: Final = 24 * 1024 * 1024
"""What the events topic takes by default: three times the largest body of the intake."""


class KafkaSink:
    """Writes events to the events topic; safe to use from several threads and event loops at once."""

    def __init__(
        self,
        kafka_settings: ClientSettings,
        topic: str = "registry.events",
        *,
        registry: str = "",
        timeout: float = WRITE_LIMIT_S,
        clock: Clock | None = None,
    ) -> None:
        """Starts a client of its own at once; Kafka need not be there yet.

        Args:
            kafka_settings: librdkafka settings: `bootstrap.servers` and whatever security needs.
            topic: the events topic, which `registry-bridge init` creates.
            registry: label of the registry that the events come from, as a POST to `{path}/NAME` would give it.
            timeout: seconds that a write may take; what is not acknowledged by then has failed, and further writes
                fail at once until Kafka answers again.
            clock: stamps the records with the time of their acceptance.
        """
        self._topic = topic
        self._registry = registry
        self._clock = clock or SystemClock()
        self._writer = AcknowledgedWriter(
            kafka_settings, client_id="registry-bridge-sink", max_record_bytes=_MAX_RECORD_BYTES, limit_s=timeout
        )

    def write(self, event: Event) -> None:
        """Return when all in-sync replicas have the event.

        Raises:
            SinkClosed: after `close`.
            SinkError: not within the timeout, or Kafka refuses it; it may be in the log all the same.
        """
        try:
            self._writer.write([self._record(event)])
        except BridgeError as error:
            raise _sink_error(error) from error

    async def write_soon(self, event: Event) -> None:
        """The awaitable form of `write`; the same promise and errors."""
        try:
            await self._writer.write_soon([self._record(event)])
        except BridgeError as error:
            raise _sink_error(error) from error

    def close(self) -> None:
        """Wait for writes under way and stop; quiet when called again."""
        self._writer.close()

    def _record(self, event: Event) -> OutgoingRecord:
        labelled = replace(event, registry=self._registry) if self._registry else event
        return record_of(labelled, topic=self._topic, accepted_ms=int(self._clock.wall() * 1000))


def _sink_error(error: BridgeError) -> SinkError:
    return SinkClosed("the sink is closed") if isinstance(error, WriterClosedError) else SinkError(str(error))
