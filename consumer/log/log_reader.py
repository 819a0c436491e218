"""Reading with one consumer: as much as there is credit for, passed on in batches; and what else it hears meanwhile."""

import contextlib
from collections.abc import Mapping
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message

from consumer.log.messages import NOT_RETRIABLE
from consumer.log.session import Session
from consumer.log.source import Source
from consumer.log.taken import lost_of, taken_from
from consumer.log.watermarks import beginning_of, ends_of
from runtime.clock import Clock

_BATCH: Final = 500
_BUSY_POLL_S: Final = 0.01
"""While a commit is under way: its answer comes by a poll, and others wait for it."""
_QUIET_POLL_S: Final = 0.1
_IDLE_WAIT_S: Final = 0.05
_ENDS_EVERY_S: Final = 2.0


class LogReader:
    """Reads for a session. Lives on the consumer's thread."""

    def __init__(self, session: Session, source: Source, clock: Clock) -> None:
        """Nothing was asked for yet."""
        self._session: Final = session
        self._source: Final = source
        self._clock: Final = clock
        self._received_at = clock.monotonic()
        self._next_ends = clock.monotonic()

    @property
    def command_wait_s(self) -> float:
        """How long to wait for a command before the next `turn`, in seconds: not at all while there is credit."""
        if self._session.credit.is_left:
            return 0.0
        return _BUSY_POLL_S if self._session.committing.under_way else _IDLE_WAIT_S

    def turn(self) -> None:
        """Read once, or serve the client; blocks some tens of milliseconds, and seconds while Kafka is away.

        Raises:
            KafkaException: the consumer is good for nothing any more.
        """
        if self._session.credit.is_left:
            self._session.held.resume_all()
            self._read()
        else:
            self._serve()
        if self._clock.monotonic() >= self._next_ends:
            self._next_ends = self._clock.monotonic() + _ENDS_EVERY_S
            self._tell_ends()
        self._source.after_turn(self._session)

    def _read(self) -> None:
        consumer = self._session.consumer
        first = consumer.poll(_BUSY_POLL_S if self._session.committing.under_way else _QUIET_POLL_S)
        if first is None:
            return
        more = min(self._session.credit.records_of(len(first)), _BATCH) - 1  # if they are as large as the first
        self._pass_on([first, *(consumer.consume(more, timeout=0) if more > 0 else ())])

    def _serve(self) -> None:
        """Nothing was asked for: keep the client's callbacks served, and pause if it lasts."""
        held = self._session.held
        if self._session.credit.calls_for_pause(self._clock.monotonic() - max(self._received_at, held.changed_at)):
            held.pause_all()
        if held.all_paused or self._session.committing.under_way or not held.numbers:
            message = self._session.consumer.poll(0)
            if message is not None:  # it was fetched before the pause took hold
                self._pass_on([message])

    def _pass_on(self, messages: list[Message]) -> None:
        taken = taken_from(messages, self._session.topic)
        for error in taken.errors:
            self._judge(error)
        self._tell_lost(self._session.held.positions.advance(taken))
        wanted = self._source.wanted(taken)
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

    def _tell_lost(self, passed: Mapping[int, list[range]]) -> None:
        """Of offsets that hold no record, those that retention took; a log of transactions has others all the time."""
        for number, spans in passed.items():
            for lost in lost_of(spans, beginning_of(self._session.consumer, self._session.topic, number)):
                self._session.listener.expired(number, lost)

    def _tell_ends(self) -> None:
        with contextlib.suppress(KafkaException):  # then they are as they were; that Kafka is away is told elsewhere
            ends = ends_of(self._session.consumer, self._session.topic, self._session.held.numbers)
            self._session.listener.log_ends(ends)
