"""The Kafka sink: what a Python registry gives to its `Bridge` so that its events are in the log when a call returns.

There is no queue in memory: `write` costs a round trip to Kafka inside the registry's request, and in exchange an
event of which the registry heard no error is never lost.
"""

import asyncio
import os
from typing import Final

from msgspec.structs import replace

from producer.event_record import record_of
from producer.schema_registration import registration_of
from producer.sinks.kafka_arguments import require_usable
from producer.sinks.sink import SinkClosed, SinkError
from runtime.clock import Clock, SystemClock
from runtime.config import SchemaRegistrySettings
from runtime.config.broker_list import brokers_in
from runtime.errors import BridgeError
from runtime.kafka.records import OutgoingRecord
from runtime.kafka.settings import ClientSettings
from runtime.kafka.writer import WRITE_LIMIT_S, AcknowledgedWriter, WriterClosedError
from runtime.schema_registry import ANSWER_LIMIT_S
from schemas.event import Event
from schemas.excess import excess_of
from schemas.misfit import misfit_of

_CLIENT_ID: Final = "registry-bridge-sink"
_CLOSED: Final = "the sink is closed"
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
        schema_registry: SchemaRegistrySettings | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Starts a client of its own at once; Kafka need not be there yet. The sink works in this process alone.

        Args:
            kafka_settings: librdkafka settings: `bootstrap.servers` and whatever security needs; none of those that
                carry the promise (`runtime.kafka.own_settings`).
            topic: the events topic, which `registry-bridge init` creates.
            registry: label of the registry that the events come from, as a POST to `{path}/NAME` would give it: 1 to
                63 of the characters a-z 0-9 . _ -, not dots alone.
            timeout: seconds that a write may take, from 0.2 to 3600; what is not acknowledged by then has failed, and
                further writes fail at once until Kafka answers again. Each answer of a schema registry may take as
                long, and at most 5 s.
            schema_registry: where the schema is to be registered, if anywhere; the first write does it.
            clock: stamps the records with the time of their acceptance.

        Raises:
            ClientSettingsError: an argument cannot be used: its text names it. Or Kafka's client library refuses a
                setting, or the schema registry's address or certificates cannot be used.
        """
        require_usable(
            kafka_settings, topic=topic, registry=registry, timeout=timeout, max_record_bytes=_MAX_RECORD_BYTES
        )
        brokers = ",".join(brokers_in(str(kafka_settings["bootstrap.servers"])))  # the client takes no line breaks
        self._closed = False
        self._made_in = os.getpid()
        self._topic = topic
        self._registry = registry
        self._clock = clock or SystemClock()
        limit_s = min(timeout, ANSWER_LIMIT_S)
        self._registration = registration_of(schema_registry, topic, self._clock, program=_CLIENT_ID, limit_s=limit_s)
        self._writer = AcknowledgedWriter(
            {**kafka_settings, "bootstrap.servers": brokers},
            client_id=_CLIENT_ID,
            max_record_bytes=_MAX_RECORD_BYTES,
            limit_s=timeout,
        )

    def write(self, event: Event) -> None:
        """Return when all in-sync replicas have the event.

        Raises:
            SinkClosed: after `close`.
            SinkError: the event is not acknowledged within the timeout, or Kafka refuses it; it may be in the log all
                the same. Or it has more references or values than one may have (`schemas.limits`), or a member that no
                record can hold. Or the schema registry does not have the schema. Or the sink was made in another
                process, before a fork.
        """
        self._require_usable()
        try:
            self._writer.write([self._record(event, self._registration.complete())])
        except BridgeError as error:
            raise _sink_error(error) from error

    async def write_soon(self, event: Event) -> None:
        """The awaitable form of `write`; the same promise and errors."""
        self._require_usable()
        try:
            schema_id = self._registration.latest
            if schema_id is None:
                schema_id = await asyncio.to_thread(self._registration.complete)
            await self._writer.write_soon([self._record(event, schema_id)])
        except BridgeError as error:
            raise _sink_error(error) from error

    def close(self) -> None:
        """Wait for writes under way and stop; quiet when called again, and in another process than its own."""
        self._closed = True
        if os.getpid() == self._made_in:
            self._writer.close()

    def _require_usable(self) -> None:
        """Before the schema registry is asked: it may be away, and a closed sink is to say that it is closed.

        librdkafka's threads are not there after a fork, so its client would wait in vain for Kafka.
        """
        if self._closed:
            raise SinkClosed(_CLOSED)
        if (here := os.getpid()) != self._made_in:
            raise SinkError(
                f"this sink was made in process {self._made_in} and is used in process {here}: "
                "make it after the fork, in each process that writes"
            )

    def _record(self, event: Event, schema_id: int) -> OutgoingRecord:
        try:
            return self._record_within_limits(event, schema_id)
        except SinkError:
            raise
        except Exception as error:  # whatever a value leads to that the event model does not have
            raise SinkError(f"no record can hold the event: {misfit_of(event) or error}") from error

    def _record_within_limits(self, event: Event, schema_id: int) -> OutgoingRecord:
        if excess := excess_of(event):
            raise SinkError(excess)
        labelled = replace(event, registry=self._registry) if self._registry else event
        now = int(self._clock.wall() * 1000)
        return record_of(labelled, topic=self._topic, schema_id=schema_id, accepted_ms=now)


def _sink_error(error: BridgeError) -> SinkError:
    return SinkClosed(_CLOSED) if isinstance(error, WriterClosedError) else SinkError(str(error))
