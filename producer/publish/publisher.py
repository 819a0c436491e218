"""`registry-bridge publish`: events from files into the topic, in order; yes only when all are acknowledged."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Final, Protocol

from producer.event_record import record_of
from producer.publish.event_files import FilePosition, FoundEvents
from runtime.clock import Clock
from runtime.counts import counted
from runtime.errors import BridgeError
from runtime.kafka.errors import KafkaUnavailableError
from runtime.kafka.records import OutgoingRecord
from runtime.kafka.writer import AcknowledgedWriter

_BATCH: Final = 500
"""Events a write: enough to fill the client's batches, few enough to say exactly where it stopped."""
_BATCH_BYTES: Final = 8 * 1024 * 1024
_PATIENCE_S: Final = 60.0
"""How long Kafka may be away before giving up."""
_AGAIN_S: Final = 1.0


class IncompleteError(KafkaUnavailableError):
    """Kafka went away for too long; the text says from where on events are missing."""


class StoppedError(BridgeError):
    """A signal ended it; the text says from where on events are missing."""


class DeferrableSignals(Protocol):
    """The signals that end this command; `runtime.cli.signals.StopSignals` is one."""

    def deferred(self) -> AbstractContextManager[None]:
        """A context in which no signal interrupts; one that comes meanwhile raises KeyboardInterrupt at its end."""
        ...


class Publisher:
    """Writes what is found, a batch at a time: the next one starts when this one is in the log, so order is kept."""

    def __init__(
        self,
        writer: AcknowledgedWriter,
        *,
        topic: str,
        schema_id: int,
        clock: Clock,
        signals: DeferrableSignals,
    ) -> None:
        """Writes nothing yet.

        Args:
            writer: of the events topic.
            topic: its name.
            schema_id: that values are framed with.
            clock: stamps the records.
            signals: deferred while a write is under way, so that its fate is known.
        """
        self._writer = writer
        self._topic = topic
        self._schema_id = schema_id
        self._clock = clock
        self._signals = signals
        self._batch: list[OutgoingRecord] = []
        self._bytes = 0
        self._first: FilePosition | None = None
        self._acknowledged = 0
        self.repeated = 0
        """Events that were written again, since Kafka did not acknowledge them in time: the log may have them twice."""

    def publish(self, found: Iterable[FoundEvents]) -> int:
        """Write all of it; how many events Kafka has acknowledged.

        Raises:
            IncompleteError: Kafka was away for too long; everything before the place it names is acknowledged.
            KafkaRefusedError: Kafka will not take a record.
            StoppedError: it was interrupted; everything before the place it names is acknowledged.
        """
        try:
            for item in found:
                self._add(item)
            self._flush()
        except KeyboardInterrupt:
            rest = f"continue from {self._first}" if self._first else "the rest was not read"
            raise StoppedError(f"stopped: {counted(self._acknowledged, 'event')} acknowledged; {rest}") from None
        return self._acknowledged

    def _add(self, found: FoundEvents) -> None:
        now = int(self._clock.wall() * 1000)
        for event in found.events:
            record = record_of(event, topic=self._topic, schema_id=self._schema_id, accepted_ms=now)
            self._first = self._first or found.position
            self._batch.append(record)
            self._bytes += len(record.value or b"")
            if len(self._batch) >= _BATCH or self._bytes >= _BATCH_BYTES:
                self._flush()

    def _flush(self) -> None:
        deadline = self._clock.monotonic() + _PATIENCE_S
        while self._batch:
            try:
                with self._signals.deferred():
                    self._write()
            except KafkaUnavailableError as error:
                if self._clock.monotonic() >= deadline:
                    done = self._acknowledged
                    raise IncompleteError(
                        f"{error}; {counted(done, 'event')} acknowledged, from {self._first} on it is unknown"
                    ) from error
                self.repeated += len(self._batch)
                self._clock.sleep(_AGAIN_S)

    def _write(self) -> None:
        self._writer.write(self._batch)
        self._acknowledged += len(self._batch)
        self._batch, self._bytes, self._first = [], 0, None
