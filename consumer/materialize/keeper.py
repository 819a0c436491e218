"""Keeps the tags of the partitions that the group gives to this process, on one thread, for as long as it is asked to.

Whatever goes wrong, everything is dropped and begun anew: all that is known is in Kafka.
"""

import contextlib
import threading
from collections.abc import Mapping
from typing import Final, Protocol

import structlog

from consumer.log.fetched import Fetched
from consumer.materialize.kept_partition import Applied, GivenUpError, KeptPartition, UnreadableTopicError
from consumer.materialize.metrics import TagMetrics
from consumer.record import Record
from consumer.tags.partition_counts import PartitionCountError
from runtime.errors import BridgeError
from runtime.news import News

_log: Final = structlog.get_logger(__name__)

_AT_ONCE: Final = 5_000
"""Records of one read: one transaction for each of its partitions."""
_WAIT_S: Final = 0.5
_AGAIN_S: Final = 2.0
_TURNS_WITHOUT: Final = 20
"""A member that has no partition by then gets none, as others have all."""
_NOT_YET: Final = "has not joined its group yet"
_MATTER: Final = "keeping"


class EventReader(Protocol):
    """A member of the group that reads the events topic, see `GroupReader`."""

    @property
    def is_member(self) -> bool:
        """Whether the group has admitted it."""
        ...

    @property
    def ends(self) -> Mapping[int, int]:
        """Where the log of each partition ended when it was asked last."""
        ...

    def read(self, most: int, wait_s: float) -> Fetched:
        """What came within so many seconds, at most so many records."""
        ...

    def commit(self, offsets: Mapping[int, int]) -> None:
        """Show in the group how far reading is."""
        ...

    def pause(self, partition: int) -> None:
        """Read no more of this partition."""
        ...

    def close(self) -> None:
        """Leave the group."""
        ...


class TopicReplacedError(BridgeError):
    """The events topic is another one of the same name."""


class Opening(Protocol):
    """Opens what a keeper needs; everything blocks, and may raise a `BridgeError`."""

    def open_reader(self, owner: "TagKeeper") -> EventReader:
        """A member of the group."""
        ...

    def open_partition(self, number: int) -> KeptPartition:
        """The partition as it stands in the topic of tags; whoever had it cannot write any more."""
        ...

    def events_id(self) -> str | None:
        """The id of the events topic that is there now, if it is known."""
        ...

    def close(self) -> None:
        """Close what was opened beside these."""


class TagKeeper:
    """All partitions of one process."""

    def __init__(self, opening: Opening, metrics: TagMetrics, stop: threading.Event) -> None:
        """Keeps nothing yet.

        Args:
            opening: of readers and partitions.
            metrics: of the process.
            stop: set to stop.
        """
        self._opening: Final = opening
        self._metrics: Final = metrics
        self._stop: Final = stop
        self._kept: Final[dict[int, KeptPartition]] = {}
        self._waiting: Final[dict[int, str]] = {}
        """Partitions that wait for an upgrade, and why."""
        self._fault = _NOT_YET
        self._turns = 0
        """As a member of the group."""
        self._records = 0
        """That were read."""
        self._tags = 0
        """In the partitions that it had last."""
        self._has_told = False
        """Whether it said that it had caught up."""
        self._reader: EventReader | None = None
        self._news: Final = News()
        self.settled: Final = threading.Event()
        """Set when it was a member of the group for the first time, and had shown there where its partitions stand."""
        metrics.ask_for_lag(self._lag)

    def reasons(self) -> list[str]:
        """Why it does not do its work, a sentence each; empty if it does. Any thread may ask."""
        waiting = [f"partition {number} waits for an upgrade: {why}" for number, why in sorted(self._waiting.items())]
        return [*([self._fault] if self._fault else []), *waiting]

    def run(self) -> None:
        """Keep tags until it is to stop.

        Raises:
            PartitionCountError, UnreadableTopicError: nothing helps but to change something.
        """
        while not self._stop.is_set():
            try:
                self._keep()
            except GivenUpError:
                return
            except (PartitionCountError, UnreadableTopicError):
                raise
            except BridgeError as error:
                self._fault = str(error)
                if self._news.is_news(_MATTER, self._fault):
                    consequence = "tags stay as they are; it is tried again"
                    _log.warning("materialize.interrupted", reason=self._fault, consequence=consequence)
                self._stop.wait(_AGAIN_S)

    def tell_caught_up(self) -> None:
        """Say once that all was read that there was, and what that was."""
        if not self._has_told:
            self._has_told = True
            _log.info("materialize.caught_up", records=self._records, tags=self._tags)

    def taken(self, partition: int) -> int:
        """See `PartitionOwner`."""
        kept = self._opening.open_partition(partition)
        self._kept[partition] = kept
        self._note_lost(partition, kept.lost)
        self._count()
        _log.info("materialize.taken", partition=partition, tags=kept.fold.tags, offset=kept.next_offset)
        return kept.next_offset

    def dropped(self, partition: int) -> None:
        """See `PartitionOwner`."""
        self._waiting.pop(partition, None)
        if (kept := self._kept.pop(partition, None)) is not None:
            kept.close()
        self._count()

    def _keep(self) -> None:
        """One consumer, from its joining to its end."""
        reader = self._reader = self._opening.open_reader(self)
        try:
            while not self._stop.is_set():
                fetched = reader.read(_AT_ONCE, _WAIT_S)
                if fetched.records:
                    self._require_same_topic()
                by_partition: dict[int, list[Record]] = {number: [] for number in fetched.ends}
                for record in fetched.records:
                    by_partition.setdefault(record.partition, []).append(record)
                for number, records in by_partition.items():
                    self._apply(reader, number, records, fetched.ends.get(number))
                self._show(reader)
        finally:
            self._reader = None
            for number in list(self._kept):
                self.dropped(number)
            with contextlib.suppress(BridgeError):
                reader.close()
            self._opening.close()

    def _require_same_topic(self) -> None:
        """What was read before this is of the topic whose id the partitions know."""
        now = self._opening.events_id()
        for number, kept in self._kept.items():
            if None not in (now, kept.events_id) and now != kept.events_id:
                raise TopicReplacedError(
                    f"partition {number}: the events topic was deleted and made anew; it is read from its beginning"
                )

    def _apply(self, reader: EventReader, number: int, records: list[Record], end: int | None) -> None:
        kept = self._kept.get(number)
        if kept is None or number in self._waiting:
            return
        done = kept.apply(records, end)
        self._metrics.records.inc(len(records))
        self._records += len(records)
        self._note(reader, number, done)

    def _note(self, reader: EventReader, number: int, done: Applied) -> None:
        self._note_lost(number, done.lost)
        self._metrics.rows.inc(done.rows)
        self._metrics.undecodable.inc(done.undecodable)
        if done.undecodable and self._news.is_news("undecodable", str(number)):
            consequence = "they change no tag; counted in registry_worker_tags_undecodable_total"
            _log.warning("materialize.undecodable", partition=number, consequence=consequence)
        if done.upgrade_needed:
            self._waiting[number] = done.upgrade_needed
            reader.pause(number)
            consequence = "the tags of this partition stay as they are; upgrade this program"
            _log.error("materialize.upgrade_needed", reason=done.upgrade_needed, consequence=consequence)

    def _note_lost(self, partition: int, lost: int) -> None:
        if lost:
            self._metrics.lost.inc(lost)
            consequence = "what they say of tags is not known"
            _log.warning("materialize.records_lost", partition=partition, records=lost, consequence=consequence)

    def _show(self, reader: EventReader) -> None:
        """Show in the group how far it is, and to who asks that it works."""
        reader.commit({number: kept.next_offset for number, kept in self._kept.items()})
        self._count()
        if reader.is_member:
            self._fault = ""
            self._news.settled(_MATTER)
            self._turns += 1
            self._tags = sum(kept.fold.tags for kept in self._kept.values())
            if self._kept or self._turns > _TURNS_WITHOUT:
                self.settled.set()
            if self._kept and self._lag() == 0:
                self.tell_caught_up()

    def _count(self) -> None:
        self._metrics.partitions.set(len(self._kept))
        self._metrics.blocked.set(len(self._waiting))
        self._metrics.tags.set(sum(kept.fold.tags for kept in self._kept.values()))

    def _lag(self) -> float | None:
        reader = self._reader
        if reader is None:
            return None
        kept = dict(self._kept)
        if not kept.keys() <= reader.ends.keys():
            return None
        return float(sum(max(0, reader.ends[number] - one.next_offset) for number, one in kept.items()))
