"""Reading with one consumer: as much as there is credit for, in batches, and whatever else its polls bring."""

import contextlib
from collections.abc import Mapping
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message

from consumer.log.fetched import fetched_from, lost_of
from consumer.log.messages import NOT_RETRIABLE
from consumer.log.session import Session
from consumer.log.shared_records import SharedRecords
from consumer.log.source import Source
from consumer.log.watermarks import beginning_of, ends_of
from runtime.clock import Clock

_BATCH: Final = 500
_BUSY_POLL_S: Final = 0.01
"""While a commit is under way: its answer comes by a poll, and others wait for it."""
_QUIET_POLL_S: Final = 0.1
_IDLE_WAIT_S: Final = 0.05
_ENDS_EVERY_S: Final = 2.0


class LogReader:
    """Polls the consumer of a session. Lives on the consumer's thread."""

    def __init__(self, session: Session, source: Source, records: SharedRecords, clock: Clock) -> None:
        """Nothing was asked for yet.

        Args:
            session: whose consumer is polled.
            source: says which records are wanted.
            records: of the topic, for all readers of the process.
            clock: for durations.
        """
        self._session: Final = session
        self._records: Final = records
        self._source: Final = source
        self._clock: Final = clock
        self._received_at = clock.monotonic()
        self._next_ends = self.answered_at = clock.monotonic()
        """When Kafka answered the consumer last (monotonic)."""

    @property
    def command_wait_s(self) -> float:
        """How long to wait for a command before the next `turn`, in seconds: not at all while there is credit."""
        if self._session.credit.is_left:
            return 0.0
        return _BUSY_POLL_S if self._session.committing.under_way else _IDLE_WAIT_S

    def turn(self) -> None:
        """Read once, or serve the client; blocks for some 100 ms, for seconds while Kafka does not answer.

        Raises:
            KafkaException: an error that the consumer does not recover from.
        """
        if self._session.credit.is_left:
            self._session.held.resume_all()
            self._read()
        else:
            self._serve()
        if self._clock.monotonic() >= self._next_ends:
            self._next_ends = self._clock.monotonic() + _ENDS_EVERY_S
            self._notify_ends()
        self._source.after_turn(self._session)

    def _read(self) -> None:
        consumer = self._session.consumer
        first = consumer.poll(_BUSY_POLL_S if self._session.committing.under_way else _QUIET_POLL_S)
        if first is None:
            return
        more = min(self._session.credit.records_of(len(first)), _BATCH) - 1  # if they are as large as the first
        self._pass_on([first, *(consumer.consume(more, timeout=0) if more > 0 else ())])

    def _serve(self) -> None:
        """Without credit: serve the client's callbacks, and pause fetching if that lasts."""
        held = self._session.held
        if self._session.credit.calls_for_pause(self._clock.monotonic() - max(self._received_at, held.changed_at)):
            held.pause_all()
        if held.all_paused or self._session.committing.under_way or not held.numbers:
            message = self._session.consumer.poll(0)
            if message is not None:  # it was fetched before the pause took hold
                self._pass_on([message])

    def _pass_on(self, messages: list[Message]) -> None:
        fetched = fetched_from(messages, self._records)
        for error in fetched.errors:
            self._judge(error)
        self._notify_lost(self._session.held.positions.advance(fetched))
        wanted = self._source.wanted(fetched)
        self._session.credit.spend(wanted.records)
        if wanted.records:
            self._received_at = self._clock.monotonic()
            self._session.listener.received(wanted.records)
        if wanted.ends:
            self._session.listener.read_up_to(wanted.ends)

    def _judge(self, error: KafkaError) -> None:
        if error.fatal() or error.code() in NOT_RETRIABLE:
            raise KafkaException(error)
        if self._session.membership.refused(error):
            self._session.log.warning("log.error", error=error.str(), code=error.name())

    def _notify_lost(self, passed: Mapping[int, list[range]]) -> None:
        """Notify of offsets that retention took; others without a record belong to transactions or compaction."""
        for number, spans in passed.items():
            for lost in lost_of(spans, beginning_of(self._session.consumer, self._session.topic, number)):
                self._session.listener.expired(number, lost)

    def _notify_ends(self) -> None:
        with contextlib.suppress(KafkaException):  # the ends stay as they were; `answered_at` shows that
            ends = ends_of(self._session.consumer, self._session.topic, self._session.held.numbers)
            self.answered_at = self._clock.monotonic()
            self._session.listener.log_ends(ends)
