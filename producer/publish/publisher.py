"""`registry-bridge publish`: events from files into the topic, in order; yes only when all are acknowledged."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Final, Protocol

import structlog

from producer.event_record import excess_of_record, record_of
from producer.publish.event_files import FilePosition, FoundEvents, RefusedText
from runtime.clock import Clock
from runtime.counts import counted
from runtime.errors import BridgeError
from runtime.kafka.errors import KafkaRefusedError, KafkaUnavailableError
from runtime.kafka.records import OutgoingRecord
from runtime.kafka.writer import AcknowledgedWriter

_log: Final = structlog.get_logger(__name__)

WRITE_LIMIT_S: Final = 10.0
"""How long a write may take: nobody waits for an answer as a registry does, and a write that is given up is done again,
although Kafka may have it. No longer, since a signal that ends the command waits for it."""
_BATCH: Final = 500
"""Events a write: enough to fill the client's batches, few enough to say exactly where it stopped."""
_BATCH_BYTES: Final = 8 * 1024 * 1024
_PATIENCE_S: Final = 60.0
"""How long Kafka may be away before giving up."""
_AGAIN_S: Final = 1.0


class IncompleteError(BridgeError):
    """Kafka did not take it, or was away for too long; the text says from where on events may be missing."""


class StoppedError(BridgeError):
    """A signal ended it, or what is found could not be read on; the text says from where on events are missing."""


class DeferrableSignals(Protocol):
    """The signals that end this command; `runtime.cli.signals.StopSignals` is one."""

    def deferred(self) -> AbstractContextManager[None]:
        """A context in which no signal interrupts; one that comes meanwhile raises KeyboardInterrupt at its end."""
        ...


class Refusals(Protocol):
    """Takes note of what is not published."""

    def add(self, refused: RefusedText) -> None:
        """This is not, and why."""
        ...


class Publisher:
    """Writes what is found, a batch at a time: the next one starts when this one is in the log, so order is kept."""

    def __init__(
        self,
        writer: AcknowledgedWriter,
        *,
        topic: str,
        schema_id: int,
        max_record_bytes: int,
        refusals: Refusals,
        clock: Clock,
        signals: DeferrableSignals,
    ) -> None:
        """Writes nothing yet.

        Args:
            writer: of the events topic.
            topic: its name.
            schema_id: that values are framed with.
            max_record_bytes: of the topic; Kafka would refuse a larger one with all that is written beside it.
            refusals: is told of each event whose record would be larger; the others are written.
            clock: stamps the records.
            signals: deferred while a write is under way, so that its fate is known.
        """
        self._writer = writer
        self._topic = topic
        self._schema_id = schema_id
        self._max_record_bytes = max_record_bytes
        self._refusals = refusals
        self._clock = clock
        self._signals = signals
        self._batch: list[OutgoingRecord] = []
        self._bytes = 0
        self._first: FilePosition | None = None
        self._place = "before the first event"
        """What was read last."""
        self._acknowledged = 0
        self.repeated = 0
        """Events that were written again, since Kafka did not acknowledge them in time: the log may have them twice."""

    def publish(self, found: Iterable[FoundEvents]) -> int:
        """Write all of it; how many events Kafka has acknowledged.

        Raises:
            IncompleteError: Kafka refused a record or was away for too long; everything before the place it names is
                acknowledged.
            StoppedError: it was interrupted, or broke off; everything before the place it names is acknowledged.
        """
        try:
            fault = self._take(self._records(found))
            self._flush()
        except KeyboardInterrupt:
            where, rest = f" {self._place}", "the rest was not published"
            if self._first:
                where, rest = "", f"continue from {self._first}"
            raise StoppedError(f"stopped{where}: {self._so_far()}; {rest}") from None
        if fault is not None:
            _log.debug("publish.broke_off", exc_info=fault)
            raise StoppedError(f"broke off {self._place}: {_words(fault)}; {self._so_far()}, the rest was not read")
        return self._acknowledged

    def _take(self, records: Iterator[OutgoingRecord]) -> Exception | None:
        """Write all but the last batch; what kept it from reading on, so that what was read before is written too."""
        while True:
            try:
                record = next(records, None)
            except Exception as error:  # noqa: BLE001 - whatever it is, it must cost no event that was read before
                return error
            if record is None:
                return None
            self._add(record)

    def _records(self, found: Iterable[FoundEvents]) -> Iterator[OutgoingRecord]:
        for item in found:
            self._place = f"at {item.position}"
            now = int(self._clock.wall() * 1000)
            for event in item.events:
                record = record_of(event, topic=self._topic, schema_id=self._schema_id, accepted_ms=now)
                if excess := excess_of_record(record, self._max_record_bytes):
                    self._refusals.add(RefusedText(item.position, f"event {event.id!r}: {excess}"))
                    continue
                self._first = self._first or item.position
                yield record
            self._place = f"behind {item.position}"

    def _add(self, record: OutgoingRecord) -> None:
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
                    raise self._unknown(error) from error
                self.repeated += len(self._batch)
                self._clock.sleep(_AGAIN_S)
            except KafkaRefusedError as error:
                raise self._unknown(error) from error

    def _unknown(self, error: BridgeError) -> IncompleteError:
        return IncompleteError(f"{error}; {self._so_far()}, from {self._first} on it is unknown")

    def _so_far(self) -> str:
        return f"{counted(self._acknowledged, 'event')} acknowledged"

    def _write(self) -> None:
        self._writer.write(self._batch)
        self._acknowledged += len(self._batch)
        self._batch, self._bytes, self._first = [], 0, None


def _words(error: Exception) -> str:
    """What a user can do something about; of any other, which is a fault of ours, its kind too."""
    if isinstance(error, BridgeError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return f"internal error: {type(error).__name__}: {error} (use --log-level debug for details)"
