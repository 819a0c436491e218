"""The acknowledged writer: says yes to a write only when all in-sync replicas have every record of it.

The one way into Kafka, blocking (`write`) and awaitable (`write_soon`). A thread of its own serves delivery reports;
the waiting event loops are woken once per batch of reports, not once per record (28 us a record become 13).

When a record is not acknowledged in time, writes are refused at once, without producing, until Kafka answers again
and one trial write has been acknowledged: a caller never waits behind a broker that is known to be away.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Final

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer

from runtime.clock import Clock, SystemClock
from runtime.kafka.availability import PROBE_EVERY_S, STUCK_AFTER_S, Availability
from runtime.kafka.connection_faults import ConnectionFaults, because
from runtime.kafka.errors import KafkaUnavailableError
from runtime.kafka.opening import another, opened
from runtime.kafka.pending_writes import Bell, PendingWrite, resolve
from runtime.kafka.records import OutgoingRecord
from runtime.kafka.settings import ClientSettings, producer_settings
from runtime.news import News
from runtime.side_threads import SideThreads

_log: Final = structlog.get_logger(__name__)

WRITE_LIMIT_S: Final = 1.9
"""A write that has no answer by then has failed: a registry must have its own within 2 s."""
STRAIGHT_LIMIT_S: Final = 1.0
"""The same where a spool takes what Kafka does not: the disk has the rest of `WRITE_LIMIT_S`."""
LEAST_LIMIT_S: Final = 0.2
"""The shortest such limit: less would leave the client no time at all."""
_CLIENT_LEAD_S: Final = 0.1
"""The client gives a record up this much earlier, so that its own reason is in the error."""
_POLL_S: Final = 0.1
_PROBE_LIMIT_S: Final = 0.5
_ON_TRIAL: Final = "Kafka was away, and has not acknowledged the first write since then yet"


def message_timeout_s(limit_s: float) -> float:
    """When the client of a writer gives a record up, in seconds."""
    return limit_s - _CLIENT_LEAD_S


class WriterClosedError(KafkaUnavailableError):
    """A write after `close`."""


class AcknowledgedWriter:
    """Writes records to Kafka; safe to use from several threads and event loops at once."""

    def __init__(
        self,
        settings: ClientSettings,
        *,
        client_id: str,
        max_record_bytes: int,
        limit_s: float = WRITE_LIMIT_S,
        meanwhile: str = "writes fail at once",
        clock: Clock | None = None,
        is_bulk: bool = False,
        open_producer: Callable[[dict[str, Any]], Producer] = Producer,
    ) -> None:
        """Starts the thread at once; Kafka need not be there yet. KafkaUnavailableError if no client can be opened.

        Args:
            settings: librdkafka settings.
            client_id: how the broker's logs name this client.
            max_record_bytes: the largest record that will be written.
            limit_s: how long a write may take, in seconds; at least `LEAST_LIMIT_S`.
            meanwhile: what follows for the events while Kafka is away, a clause for the log.
            clock: for the times between probes.
            is_bulk: whether hundreds of records are written at once, so that the rate and the order of requests count,
                and not the wait for one.
            open_producer: how a producer comes about.
        """
        self._settings = {
            **producer_settings(
                settings,
                client_id=client_id,
                max_record_bytes=max_record_bytes,
                message_timeout_s=message_timeout_s(limit_s),
                is_bulk=is_bulk,
            ),
            "error_cb": self._on_error,
        }
        self._limit_s = limit_s
        self._faults = ConnectionFaults()
        self._news = News()
        self._open_producer = open_producer
        self._producer = opened(lambda: open_producer(self._settings))
        self._ending: list[Future[None]] = []
        """Producers that were replaced, and still report what they had."""
        self._lock = threading.Lock()
        self._availability = Availability(clock or SystemClock(), meanwhile=meanwhile)
        self._bells: dict[asyncio.AbstractEventLoop, Bell] = {}
        self._topics: set[str] = set()
        self._fatal = threading.Event()
        self._closing = threading.Event()
        self._pump = threading.Thread(target=self._run, name="kafka-writer", daemon=True)
        self._pump.start()

    @property
    def available(self) -> bool:
        """Whether a write would be tried now."""
        return self._availability.available and not self._closing.is_set()

    @property
    def fault(self) -> str:
        """What is wrong with the connection, as the client says; empty if it does not say so."""
        return self._faults.cause

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way: no record that was given to the writer can still come to the log."""
        return len(self._producer) == 0 and all(ending.done() for ending in self._ending)

    def write(self, records: Sequence[OutgoingRecord]) -> None:
        """Return when every record is acknowledged.

        Raises:
            KafkaUnavailableError: not all within the limit; some may be in the log all the same.
            KafkaRefusedError: Kafka will not take them.
        """
        if not records:
            return
        self._admit()
        done: Future[None] = Future()
        self._submit(records, lambda error: resolve(done, error))
        try:
            done.result(self._limit_s)
        except TimeoutError:
            raise self._timed_out() from None

    async def write_soon(self, records: Sequence[OutgoingRecord]) -> None:
        """The awaitable form of `write`; the same promise and errors."""
        if not records:
            return
        self._admit()
        bell = self._bell(asyncio.get_running_loop())
        future = bell.begin()  # only now: nobody would wait for that of a write that is not tried
        self._submit(records, lambda error: bell.add(future, error))
        bell.ring()  # what was refused on the spot is not left to the pump thread
        try:
            await future
        except TimeoutError:
            raise self._timed_out() from None

    def close(self, timeout_s: float = 5.0) -> None:
        """Refuse new writes, wait for those under way, stop the thread. Quiet when called again."""
        self._closing.set()
        self._pump.join(timeout_s)

    def _admit(self) -> None:
        if self._closing.is_set():
            raise WriterClosedError("the writer is closed")
        if not self._availability.admit():
            why = _ON_TRIAL if self._availability.is_tried else f"Kafka does not answer{because(self.fault)}"
            raise KafkaUnavailableError(f"{why}; nothing was written")

    def _submit(self, records: Sequence[OutgoingRecord], done: Callable[[Exception | None], None]) -> None:
        with self._lock:
            self._produce(records, PendingWrite(len(records), self._settling(done), self._faults))

    def _settling(self, done: Callable[[Exception | None], None]) -> Callable[[Exception | None], None]:
        def settle(error: Exception | None) -> None:
            if error is None:
                self._faults.forget()
            self._availability.settle(error)
            done(error)

        return settle

    def _produce(self, records: Sequence[OutgoingRecord], write: PendingWrite) -> None:
        for at, record in enumerate(records):
            try:
                self._hand_over(record, write)
            except (BufferError, KafkaException) as error:
                cause = error.args[0] if error.args and isinstance(error.args[0], KafkaError) else None
                local = cause or KafkaError(KafkaError._QUEUE_FULL, "the client's queue is full")  # noqa: SLF001
                if local.fatal():
                    self._fatal.set()
                for _ in records[at:]:
                    write.report(local, None)
                return

    def _hand_over(self, record: OutgoingRecord, write: PendingWrite) -> None:
        self._topics.add(record.topic)
        optional: dict[str, Any] = {}
        if record.timestamp_ms is not None:
            optional["timestamp"] = record.timestamp_ms
        if record.partition is not None:
            optional["partition"] = record.partition
        self._producer.produce(
            record.topic,
            value=record.value,
            key=record.key,
            headers=list(record.headers),
            on_delivery=write.report,
            **optional,
        )

    def _timed_out(self) -> KafkaUnavailableError:
        text = f"writing to Kafka: no acknowledgement within {self._limit_s:g} s{because(self.fault)}"
        error = KafkaUnavailableError(text)
        self._availability.settle(error)
        return error

    def _bell(self, loop: asyncio.AbstractEventLoop) -> Bell:
        if (bell := self._bells.get(loop)) is not None:
            return bell
        with self._lock:
            self._bells = {known: bell for known, bell in self._bells.items() if not known.is_closed()}
            return self._bells.setdefault(loop, Bell(loop, self._limit_s))

    def _run(self) -> None:
        """The pump thread: serve reports, ring bells, probe while Kafka is away, renew after a fatal error."""
        while not (self._closing.is_set() and len(self._producer) == 0):
            self._producer.poll(_POLL_S)
            self._ring()
            if self._fatal.is_set():
                self._renew_after_fatal_error()
            elif not self._closing.is_set() and self._availability.probe_due():
                self._probe()
        self._producer.poll(0)
        self._ring()

    def _ring(self) -> None:
        with self._lock:
            bells = list(self._bells.values())
        for bell in bells:
            bell.ring()

    def _probe(self) -> None:
        """Ask for the topics' leaders: nothing may be written to the log only to see whether it can be."""
        try:
            for topic in tuple(self._topics):
                found = self._producer.list_topics(topic, timeout=_PROBE_LIMIT_S).topics[topic]
                if found.error is not None or any(part.error is not None for part in found.partitions.values()):
                    return
        except KafkaException:
            if self._availability.is_unanswered:  # a client may forget all brokers: see `AdminClients`
                self._replace()
            return
        if self._availability.is_stuck:
            self._renew(f"no record was acknowledged for {STUCK_AFTER_S:g} s, although Kafka answers")
        self._availability.reachable()

    def _renew_after_fatal_error(self) -> None:
        """Until that succeeds Kafka is not probed: it would answer a producer to which no write helps."""
        if not self._renew("a fatal error of the idempotent producer"):
            self._closing.wait(PROBE_EVERY_S)

    def _renew(self, reason: str) -> bool:
        """Start over with a new producer: an idempotent one never recovers from a fatal error.

        What was under way fails, and its callers write it again: the records may then stand in the log twice. False if
        none can be opened now.
        """
        if is_replaced := self._replace():
            _log.error("kafka.producer_renewed", reason=reason)
        return is_replaced

    def _replace(self) -> bool:
        """Whether another producer has the place of this one, which stays as long as there is none."""
        if (other := another(lambda: self._open_producer(self._settings), self._faults, self._news)) is None:
            return False
        self._fatal.clear()
        self._availability.renewed()
        with self._lock:
            broken, self._producer = self._producer, other
        ending = [one for one in self._ending if not one.done()]
        self._ending = [*ending, SideThreads(1, "kafka-producer-end").submit(_end, broken)]
        return True

    def _on_error(self, error: KafkaError) -> None:
        if error.fatal():
            self._fatal.set()
        self._faults.note(error)
        _log.debug("kafka.client_error", error=error.str(), code=error.name())


def _end(producer: Producer) -> None:
    """Report all that a producer still has as failed, and let it go, which may wait for its broker."""
    producer.purge()
    producer.flush(_PROBE_LIMIT_S)
