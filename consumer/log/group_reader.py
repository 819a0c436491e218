"""One consumer of a group whose offsets somebody else keeps: it is told where each partition begins. One thread has it.

When anything goes wrong it is closed, and another one begins: whoever keeps the offsets knows where.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Protocol

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from consumer.log.consumer_settings import ConsumerSettings
from consumer.log.fetched import Fetched, fetched_from
from consumer.log.membership import is_member
from consumer.log.messages import NOT_RETRIABLE, reraising
from consumer.log.reader_limits import ReaderLimits
from consumer.log.shared_records import SharedRecords
from consumer.log.watermarks import ends_of
from runtime.clock import Clock
from runtime.errors import BridgeError
from runtime.kafka.closing import close_in_time
from runtime.kafka.connection_faults import ConnectionFaults
from runtime.kafka.errors import KafkaUnavailableError, translated
from runtime.kafka.opening import opened

_log: Final = structlog.get_logger(__name__)

_PREFETCHED: Final = {"queued.max.messages.kbytes": 8 * 1024}
"""Unless the settings say otherwise."""
_FETCHED: Final = {"fetch.message.max.bytes": 1024 * 1024}
_POLL_INTERVAL_MS: Final = 30 * 60_000
"""A partition that is taken is first made ready, which may take minutes."""
_ENDS_EVERY_S: Final = 2.0
_CLOSE_LIMIT_S: Final = 10.0


class PartitionOwner(Protocol):
    """Has the partitions that the group gives to its consumer. Called on the thread that reads."""

    def taken(self, partition: int) -> int:
        """The partition is its own from now on; where reading begins. May block, and may raise a `BridgeError`."""
        ...

    def dropped(self, partition: int) -> None:
        """The partition is another one's, or nobody's."""


class GroupReader:
    """A member of a group."""

    def __init__(self, settings: ConsumerSettings, topic: str, owner: PartitionOwner, clock: Clock) -> None:
        """Joins the group by the reads that follow.

        Args:
            settings: of the consumer.
            topic: that is read.
            owner: of the partitions.
            clock: for durations.

        Raises:
            KafkaUnavailableError, ProtocolMissingError: see `ConsumerSettings.resolved`.
        """
        self._topic: Final = topic
        self._owner: Final = owner
        self._clock: Final = clock
        self._faults: Final = ConnectionFaults(clock)
        own = {"enable.partition.eof": True, "max.poll.interval.ms": _POLL_INTERVAL_MS, "error_cb": self._faults.note}
        made = replace(settings, kafka={**_PREFETCHED, **settings.kafka}).resolved()
        self._consumer: Final = opened(lambda: Consumer({**made, **_FETCHED, **own}), f"reading topic {topic}")
        self._records: Final = SharedRecords(topic, 0)
        self._held: Final[set[int]] = set()
        self._next_ends = clock.monotonic()
        self._limits: Final = ReaderLimits(self._next_ends)
        self.ends: Mapping[int, int] = {}
        """Where the log of each partition ended when it was asked last."""
        self._subscribe()

    @property
    def is_member(self) -> bool:
        """Whether the group has admitted it."""
        return is_member(self._consumer)

    def read(self, most: int, wait_s: float) -> Fetched:
        """What came within so many seconds, at most so many records.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: the consumer is of no use any more.
            BridgeError: raised by the owner of the partitions.
        """
        try:
            fetched = fetched_from(self._consumer.consume(most, timeout=wait_s), self._records)
        except KafkaException as error:
            raise self._translated(error) from error
        for fault in fetched.errors:
            if fault.fatal() or fault.code() in NOT_RETRIABLE:
                raise self._translated(fault)
            _log.debug("log.client_error", error=fault.str(), code=fault.name())
        self._ask_for_ends()
        return fetched

    def commit(self, offsets: Mapping[int, int]) -> None:
        """Show in the group how far reading is. That it may fail is no matter: the offsets are kept elsewhere."""
        places = [TopicPartition(self._topic, number, at) for number, at in offsets.items() if number in self._held]
        if places:
            try:
                self._consumer.commit(offsets=places, asynchronous=False)
            except KafkaException as error:
                _log.debug("log.client_error", error=str(error))

    def pause(self, partition: int) -> None:
        """Read no more of this partition."""
        self._consumer.pause([TopicPartition(self._topic, partition)])

    def close(self) -> None:
        """Leave the group; takes 10 s at most."""
        close_in_time(self._consumer, _CLOSE_LIMIT_S)

    def _subscribe(self) -> None:
        @reraising()
        def on_assign(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            numbers = [at.partition for at in partitions]
            starts = [TopicPartition(self._topic, number, self._owner.taken(number)) for number in numbers]
            consumer.incremental_assign(starts)
            consumer.resume(starts)  # a pause survives revoke and assign
            self._held.update(numbers)

        @reraising()
        def on_revoke(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            for at in partitions:
                self._held.discard(at.partition)
                self._owner.dropped(at.partition)
            consumer.incremental_unassign(partitions)

        self._consumer.subscribe([self._topic], on_assign=on_assign, on_revoke=on_revoke, on_lost=on_revoke)

    def _ask_for_ends(self) -> None:
        """Ask now and then, and see whether this consumer is of use."""
        now = self._clock.monotonic()
        if now < self._next_ends:
            return
        self._next_ends = now + _ENDS_EVERY_S
        if self._held or self.is_member:
            self._limits.admitted(now)
        try:
            self.ends = ends_of(self._consumer, self._topic, self._held)
        except KafkaException as error:
            _log.debug("log.client_error", error=str(error))
        else:
            self._limits.answered(now)
        if fault := self._limits.fault(now):
            because = f": {self._faults.cause}" if self._faults.cause else ""
            raise KafkaUnavailableError(f"reading topic {self._topic}: {fault}{because}")

    def _translated(self, error: KafkaException | KafkaError) -> BridgeError:
        return translated(error, f"reading topic {self._topic}", fault=self._faults.cause)
