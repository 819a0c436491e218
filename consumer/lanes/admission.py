"""From what was read to what may be sent: decode, filter, note in the ledger, put into a lane.

A filtered event is finished. What cannot be decoded is given up at once; what a newer release wrote stops its
partition until this program is upgraded, because skipping it would lose it; and what only the schema registry can tell
stops it until that has answered.
"""

from collections.abc import Callable, Collection
from typing import Final, Protocol

from consumer.delivery.policy.breaker import BreakerState
from consumer.filters.endpoint_filter import Filter
from consumer.lanes.lanes import Lanes
from consumer.log.decoding import UnaskedError, event_of
from consumer.offsets.ledger import Admission as Verdict
from consumer.offsets.partition import Partition
from consumer.record import Record
from schemas.avro import ForeignIdError, UndecodableError, UnknownSchemaError
from schemas.event import Event

_HOLD_BYTES: Final = 64 * 1024 * 1024
"""Bytes of records held for one endpoint: two windows of 24,000 events of usual size. A stuck partition has half."""
_HOLD_EVENTS: Final = 4_000
"""Decoded events held; of more only the bytes are kept, and decoded again when their turn comes."""
_UNDECODABLE_AT_ONCE: Final = 256
_ROUND: Final = 64
"""Records of one partition before the next has its turn."""


class GivesUp(Protocol):
    """Who writes the dead letters of undecodable records; its length is how many are being written."""

    def __len__(self) -> int: ...

    def give_up(self, record: Record, life: int, error: str) -> None:
        """Write its dead letter; `life` is that of its partition."""


class Admission:
    """Lets records of one endpoint into its lanes, as many as it has use for."""

    def __init__(
        self,
        filter_: Filter,
        lanes: Lanes,
        *,
        concurrency: int,
        max_events: int,
        filtered: Callable[[Record, str], None],
        admitted: Callable[[Record], None],
        undecodable: GivesUp,
        obstructed: Callable[[Partition], None],
        learn: Callable[[Record, int], Record],
    ) -> None:
        """Told of what it does not put into a lane by the callbacks.

        Args:
            filter_: the endpoint's rules.
            lanes: where deliveries go.
            concurrency: requests in flight at most.
            max_events: events in a request at most.
            filtered: a record that the endpoint did not ask for, and the rule.
            admitted: a record that is to be delivered.
            undecodable: whom to give records that no release can read.
            obstructed: a partition that cannot go on with this release.
            learn: the record with what is known of its foreign schema id; raises `UnaskedError` while the schema
                registry is being asked, and `UndecodableError` where nobody knows it.
        """
        self._filter = filter_
        self._lanes = lanes
        self._lanes_when_open = concurrency
        self._enough = max(2 * concurrency * max_events, 128)
        self._filtered = filtered
        self._admitted = admitted
        self._undecodable = undecodable
        self._obstructed = obstructed
        self._learn = learn

    def wants_more(self, breaker: BreakerState) -> bool:
        """Whether more records would help.

        With the breaker open only new lanes do, each another head to probe with: up to `concurrency`, and always one
        that was never tried, so that however many heads are poison a good one is come to. Otherwise more are wanted
        while too few could start at once, so that a lane that waits hides nothing behind it.
        """
        if self._lanes.bytes >= _HOLD_BYTES or len(self._undecodable) >= _UNDECODABLE_AT_ONCE:
            return False
        if breaker is BreakerState.OPEN:
            return len(self._lanes) < self._lanes_when_open or not self._lanes.has_untried
        refusing = breaker is BreakerState.REFUSED
        return (self._lanes.fresh_startable if refusing else self._lanes.startable) < self._enough

    def admit(self, partitions: Collection[Partition], now: float, *, breaker: BreakerState) -> None:
        """Move records from the partitions' backlogs into lanes while that helps; `now` monotonic."""
        for partition in partitions:
            self._share(partition)  # of all, be their turn to come or not: what left the lanes may have made room
        going = [partition for partition in partitions if partition.backlog and not partition.draining]
        while going:
            for partition in going:
                for _ in range(_ROUND):
                    self._share(partition)
                    if partition.is_blocked or not partition.backlog:
                        break
                    if not self.wants_more(breaker):
                        return
                    self._admit_first(partition, now)
            going = [partition for partition in going if partition.backlog and not partition.is_blocked]

    def _share(self, partition: Partition) -> None:
        """Let a partition hold as much as is still free: one that is stuck takes half, and others always have room."""
        partition.is_crowded = partition.bytes >= _HOLD_BYTES - self._lanes.bytes

    def _admit_first(self, partition: Partition, now: float) -> None:
        """What it comes to is decided before the record leaves the backlog: a fault must not lose it on the way."""
        record = partition.backlog[0]
        try:
            learned, event = self._read(record)
        except UnaskedError as error:
            partition.awaits = error.schema_id
        except UnknownSchemaError as error:
            partition.obstacle = str(error)
            partition.forget_backlog()  # read again by the release that understands it
            self._obstructed(partition)
        except UndecodableError as error:
            if self._note(partition) is Verdict.NEW:
                partition.bytes += record.size
                self._undecodable.give_up(record, partition.life, str(error))
        else:
            if self._note(partition) is Verdict.NEW:
                self._admit(partition, learned, event, now)

    @staticmethod
    def _note(partition: Partition) -> Verdict:
        """Move the first record from the backlog into the ledger, which refuses it as long as it is in the backlog."""
        record = partition.backlog[0]
        verdict = partition.ledger.admit(record.offset, record.timestamp_ms)
        partition.backlog.popleft()
        return verdict

    def _admit(self, partition: Partition, record: Record, event: Event, now: float) -> None:
        rule = self._filter.rule_against(event)
        if rule is not None:
            partition.ledger.finish(record.offset)
            self._filtered(record, rule)
            return
        partition.bytes += record.size
        self._lanes.add(record, event if self._lanes.held < _HOLD_EVENTS else None, now, partition.life)
        self._admitted(record)

    def _read(self, record: Record) -> tuple[Record, Event]:
        try:
            return record, event_of(record)
        except ForeignIdError as error:
            learned = self._learn(record, error.schema_id)
            return learned, event_of(learned)
