"""Admission: records that were read are decoded, filtered, noted in the ledger, and put into a lane.

A filtered event is finished. What cannot be decoded is given up at once; what a newer release wrote stops its
partition until this program is upgraded, because skipping it would lose it; what only the schema registry can tell
stops it until that has answered; and what the endpoint's `delay` holds back stops it until that has passed.
"""

from collections import Counter
from collections.abc import Collection
from typing import Final, Protocol

from consumer.lanes.allowed import Allowed
from consumer.lanes.hold_back import HoldBack
from consumer.lanes.lanes import Lanes
from consumer.lanes.repeats import Repeats
from consumer.lanes.screening import LARGE, Screened, UnscreenedError
from consumer.log.decoding import UnaskedError
from consumer.offsets.ledger import Novelty
from consumer.offsets.partition import Partition
from consumer.record import Record
from runtime.config import EndpointSettings
from schemas.avro import UndecodableError, UnknownSchemaError

_HOLD_BYTES: Final = 64 * 1024 * 1024
"""Bytes of records held for one endpoint: two windows of 24,000 events of usual size. A stuck partition has half."""
_HOLD_EVENTS: Final = 4_000
"""Decoded events held, of 2 KB each; of more only the bytes are kept, and decoded again when their turn comes."""
_HOLD_FOR_BATCHES: Final = 16_000
"""The same where so many could start at once, as in large batches."""
_UNDECODABLE_AT_ONCE: Final = 256
_ROUND: Final = 64
"""Records of one partition before the next has its turn."""
_AT_ONCE: Final = 4 * LARGE
"""Bytes of records that are read before others have the event loop: 60 ms, whatever is in them."""


class Screens(Protocol):
    """Reads records, and holds them against the endpoint's filters."""

    @property
    def tells_early(self) -> bool:
        """Whether `early_rule` may tell anything."""
        ...

    def early_rule(self, record: Record) -> str | None:
        """The rule against the event in a record, if that is told at once; None says nothing."""
        ...

    def screen(self, record: Record) -> Screened:
        """The event in a record, and the rule against it.

        Raises:
            UnscreenedError: it is being read.
            UnaskedError, UnknownSchemaError, UndecodableError: as `Screening.screen` does.
        """
        ...


class Undecodables(Protocol):
    """Writes the dead letters of undecodable records; its length is how many are being written."""

    def __len__(self) -> int: ...

    def give_up(self, record: Record, partition: Partition, error: str) -> None:
        """Write the record's dead letter, and finish it in its partition."""


class AdmissionMonitor(Protocol):
    """Counts and logs what becomes of records."""

    def admitted(self) -> None:
        """An event is to be delivered."""

    def filtered(self, rule: str, events: int) -> None:
        """The endpoint did not ask for so many events, by this rule."""

    def upgrade_needed(self, partition: Partition) -> None:
        """A partition cannot go on with this release."""


class Admission:
    """Puts records of one endpoint into its lanes, as long as more of them help."""

    def __init__(
        self,
        endpoint: EndpointSettings,
        lanes: Lanes,
        screening: Screens,
        undecodable: Undecodables,
        monitor: AdmissionMonitor,
    ) -> None:
        """Nothing was admitted yet.

        Args:
            endpoint: its settings.
            lanes: where deliveries go.
            screening: reads records, and knows the endpoint's filters.
            undecodable: whom to give records that no release can read.
            monitor: counts and logs what becomes of records.
        """
        self._lanes = lanes
        self._screening = screening
        self._undecodable = undecodable
        self._monitor = monitor
        self._hold_back = HoldBack(endpoint.delay_s)
        self._repeats = Repeats(endpoint.dedupe_s)
        self._lanes_when_open = endpoint.concurrency
        self._filtered: Counter[str] = Counter()
        """Events by the rule that they did not pass, until the monitor is told."""
        self._left = 0
        """Bytes of records that may still be read at once."""
        self._enough = max(2 * endpoint.concurrency * endpoint.batch.max_events, 128)
        self._decoded: Final = min(max(self._enough, _HOLD_EVENTS), _HOLD_FOR_BATCHES)

    def wants_more(self, allowed: Allowed) -> bool:
        """Whether more records would help.

        Of probes only new lanes make more, each another head: up to `concurrency`, and always one that was never
        tried, so that however many heads are poison a good one is come to. Otherwise more are wanted while too few
        could start at once, so that a lane that waits hides nothing behind it.
        """
        if self._lanes.bytes >= _HOLD_BYTES or len(self._undecodable) >= _UNDECODABLE_AT_ONCE:
            return False
        match allowed:
            case Allowed.PROBES:
                return len(self._lanes) < self._lanes_when_open or not self._lanes.has_untried
            case Allowed.FRESH:
                return self._lanes.fresh_startable < self._enough
            case Allowed.ALL:
                return self._lanes.startable < self._enough

    def next_due(self, partitions: Collection[Partition], now: float) -> float | None:
        """When the next record that the endpoint's `delay` holds back may be admitted (monotonic), if there is one."""
        return self._hold_back.next_due(partitions, now)

    def admit(self, partitions: Collection[Partition], now: float, wall: float, allowed: Allowed) -> bool:
        """Move records from the partitions' backlogs into lanes while that helps.

        False if that was broken off, so that others have the event loop meanwhile: call it again soon.

        Args:
            partitions: all that this worker has.
            now: on the monotonic clock.
            wall: seconds since the epoch.
            allowed: of which lanes batches may start.
        """
        try:
            return self._admit_all(partitions, now, wall, allowed)
        finally:
            for rule, events in self._filtered.items():
                self._monitor.filtered(rule, events)
            self._filtered.clear()

    def _admit_all(self, partitions: Collection[Partition], now: float, wall: float, allowed: Allowed) -> bool:
        self._left = _AT_ONCE
        self._share(*partitions)  # among all, be their turn to come or not: what left the lanes may have made room
        going = [partition for partition in partitions if partition.backlog and not partition.draining]
        waiting: set[int] = set()
        """Partitions whose first record is being read, or is held back."""
        while going:
            for partition in going:
                turn = _ROUND
                while turn > 0:
                    self._share(partition)
                    if partition.is_blocked or not partition.backlog:
                        break
                    if not self.wants_more(allowed):
                        return True
                    if self._left <= 0:
                        return False
                    passed = self._pass_over(partition, turn) if self._screening.tells_early else 0
                    turn -= passed or 1
                    if not passed and (
                        self._hold_back.holds(partition, now, wall) or not self._admit_first(partition, now)
                    ):
                        waiting.add(partition.number)
                        break
            going = [at for at in going if at.backlog and not at.is_blocked and at.number not in waiting]
        return True

    def _share(self, *partitions: Partition) -> None:
        """Give partitions as much memory as is still free: a stuck one gets half, and others always have room."""
        free = _HOLD_BYTES - self._lanes.bytes
        for partition in partitions:
            partition.is_crowded = partition.bytes >= free

    def _pass_over(self, partition: Partition, most: int) -> int:
        """Finish the filtered events at the front of a backlog, `most` of them at most; how many they were.

        That is most of what an endpoint reads. Nothing of it enters a lane, so it is decided once for all of them
        whether they may be admitted.
        """
        backlog, ledger = partition.backlog, partition.ledger
        window_end, passed = ledger.window_end, 0
        while backlog and passed < most and backlog[0].offset < window_end:
            record = backlog[0]
            rule = self._screening.early_rule(record)
            if rule is None:
                break
            ledger.admit_finished(record.offset)
            backlog.popleft()
            self._filtered[rule] += 1
            self._left -= record.size
            passed += 1
        partition.pass_over()
        return passed

    def _admit_first(self, partition: Partition, now: float) -> bool:
        """Decide about the first record before it leaves the backlog, so that a fault of ours cannot lose it.

        False if it is being read.
        """
        record = partition.backlog[0]
        self._left -= record.size
        try:
            screened = self._screening.screen(record)
        except UnscreenedError:
            return False
        except UnaskedError as error:
            partition.awaits = error.schema_id
        except UnknownSchemaError as error:
            partition.upgrade_needed = str(error)
            partition.forget_backlog()  # read again by the release that understands it
            self._monitor.upgrade_needed(partition)
        except UndecodableError as error:
            if self._note(partition) is Novelty.NEW:
                self._repeats.lose_track(partition)
                self._undecodable.give_up(record, partition, str(error))
        else:
            if self._note(partition) is Novelty.NEW:
                self._admit(partition, screened, now)
        return True

    def _note(self, partition: Partition) -> Novelty:
        """Move the first record from the backlog into the ledger, which refuses it as long as it is in the backlog."""
        record = partition.backlog[0]
        novelty = partition.ledger.admit(record.offset, record.accepted_ms or 0)
        partition.backlog.popleft()
        partition.pass_over()
        if novelty is Novelty.FINISHED:
            self._repeats.lose_track(partition)  # by an earlier worker, and it was not looked at here
        return novelty

    def _admit(self, partition: Partition, screened: Screened, now: float) -> None:
        record = screened.record
        if screened.rule is not None:
            partition.ledger.finish(record.offset)
            self._filtered[screened.rule] += 1
            return
        partition.admitted(record)
        event = screened.event if self._lanes.held < self._decoded else None
        self._repeats.note(self._lanes.add(record, event, now, partition), screened.event)
        self._monitor.admitted()
