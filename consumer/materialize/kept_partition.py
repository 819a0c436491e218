"""One partition whose tags are kept here: its fold, and the one writer that may write its rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from consumer.log.decoding import event_of
from consumer.log.record_batch import micros_of
from consumer.log.schema_ids import SchemaIds
from consumer.record import Record
from consumer.tags.fold import TagFold
from consumer.tags.partition_counts import require_made_with
from consumer.tags.record import UnreadableRowError, records_of, rows_in
from consumer.tags.rows import KeptRow
from consumer.tags.tag_event import TagEvent, tag_event_of
from runtime.clock import Clock
from runtime.errors import BridgeError
from runtime.kafka.records import OutgoingRecord
from schemas.avro import UndecodableError, UnknownSchemaError


class TopicOffsets(Protocol):
    """Offsets of topics."""

    def beginning(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """The first offset that each partition still has."""
        ...

    def end(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """The offset behind all that consumers get."""
        ...


class Ranges(Protocol):
    """Reads ranges of topics."""

    def read(self, topic: str, ranges: Mapping[int, range]) -> Iterator[Record]:
        """The records at these offsets, each partition's in order."""
        ...


class RowWriter(Protocol):
    """The one writer of a partition."""

    def write(self, records: Sequence[OutgoingRecord]) -> None:
        """Write them all, or none."""

    def close(self) -> None:
        """Let it go."""


class UnreadableTopicError(BridgeError):
    """The topic of tags holds what this version cannot read."""


@dataclass(frozen=True, slots=True)
class Topics:
    """The two topics, and who reads them."""

    events: str
    events_id: str | None
    """By which it is told from another one of its name; None if it is not known."""
    tags: str
    partitions: int
    """Of each of them."""
    offsets: TopicOffsets
    ranges: Ranges
    is_stopping: Callable[[], bool]
    """Whether to give up reading."""
    clock: Clock
    """When it was found that records are gone."""
    schema_ids: SchemaIds | None = None
    """Of the schema registry that may know a record's schema, if there is one."""
    passes_unknown: bool = False
    """Whether a record of an unknown schema changes nothing, instead of being waited for."""


@dataclass(slots=True)
class Applied:
    """What became of records."""

    rows: int = 0
    undecodable: int = 0
    lost: int = 0
    """Records that retention removed before they were read."""
    upgrade_needed: str = ""
    """Why no more of the partition can be read; empty if it can."""


class GivenUpError(BridgeError):
    """It was given up on request."""


class KeptPartition:
    """The tags of one partition."""

    def __init__(self, number: int, topics: Topics, writer: RowWriter) -> None:
        """Reads the state, and the records just before it.

        Args:
            number: of the partition.
            topics: that it is about.
            writer: which has taken the place of every other one, so that nobody else writes rows from here on.

        Raises:
            UnreadableTopicError: the rows are none, or those of a newer release.
            PartitionCountError: the rows were made with another number of partitions.
            FencedError: the partition is another one's by now.
            GivenUpError: it was given up.
            KafkaUnavailableError, KafkaRefusedError: the topics cannot be read.
        """
        self.number: Final = number
        self._topics: Final = topics
        self._writer: Final = writer
        self.fold: Final = TagFold(self._rows(), topics.events_id, partitions=topics.partitions)
        begins, ends = self._bounds(topics.events)
        self.lost: Final = max(0, begins - self.fold.next_offset) if self.fold.position.offset >= 0 else 0
        """Records that retention removed before they were read."""
        if self.lost or self.fold.follows_another_topic:
            self._remember_gap(begins)
        for record in self._read(topics.events, range(max(begins, self.fold.lead.start), self.fold.next_offset), ends):
            event = _tag_event_or_none(record)
            if event is not None:
                self.fold.recall(event)
        self.next_offset = min(max(begins, self.fold.next_offset), ends)
        """Where reading goes on."""

    @property
    def events_id(self) -> str | None:
        """The id of the events topic that is read, if it is known."""
        return self.fold.position.topic_id

    def apply(self, records: Sequence[Record], end: int | None) -> Applied:
        """Take these records, and write what they change; below `end` there are no others.

        Raises:
            FencedError: the partition is another one's by now.
            KafkaUnavailableError, KafkaRefusedError: the rows cannot be written.
            SchemaRegistryUnavailableError: a schema had to be asked for in vain.
        """
        done = Applied()
        for record in records:
            if record.offset >= self.next_offset:
                try:
                    self._take(record, done)
                except UnknownSchemaError as error:
                    done.upgrade_needed = f"{record.place}: {error}"
                    break
        if end is not None and not done.upgrade_needed and end > self.next_offset:
            self._come_to(end, done)
            self.fold.read_nothing(end)
            self.next_offset = end
        done.rows = self._write()
        return done

    def close(self) -> None:
        """Write nothing more."""
        self._writer.close()

    def _take(self, record: Record, done: Applied) -> None:
        event: TagEvent | None = None
        try:
            event = tag_event_of(event_of(self._resolved(record)), record)
        except UndecodableError:
            done.undecodable += 1
        except UnknownSchemaError:
            if not self._topics.passes_unknown:
                raise
            done.undecodable += 1
        self._come_to(record.offset, done)
        self.fold.read(record.offset, micros_of(record.timestamp_ms), event)
        self.next_offset = record.next_offset

    def _resolved(self, record: Record) -> Record:
        schema_ids = self._topics.schema_ids
        return record if schema_ids is None else schema_ids.resolve_blocking(record)

    def _come_to(self, offset: int, done: Applied) -> None:
        """Offsets before it were passed over: without a record, or retention was faster than reading."""
        if offset > self.next_offset:
            begins, _ = self._bounds(self._topics.events)
            lost = min(begins, offset) - self.next_offset
            if lost > 0:
                self.fold.miss(self._now_us())
                done.lost += lost

    def _remember_gap(self, begins: int) -> None:
        """Write at once that records are gone: nobody may come here again before a record comes."""
        self.fold.miss(self._now_us())
        self.fold.read_nothing(begins)
        self._write()

    def _write(self) -> int:
        rows = records_of(self.fold.take_changes(), self._topics.tags, self.number)
        self._writer.write(rows)
        return len(rows)

    def _now_us(self) -> int:
        return int(self._topics.clock.wall() * 1_000_000)

    def _rows(self) -> list[KeptRow]:
        topics = self._topics
        begins, ends = self._bounds(topics.tags)
        try:
            rows = list(rows_in(self._read(topics.tags, range(begins, ends), ends)).values())
        except UnreadableRowError as error:
            raise UnreadableTopicError(f"topic {topics.tags}: {error}") from error
        require_made_with(topics.tags, rows, topics.partitions)
        return rows

    def _bounds(self, topic: str) -> tuple[int, int]:
        offsets = self._topics.offsets
        return offsets.beginning(topic, [self.number])[self.number], offsets.end(topic, [self.number])[self.number]

    def _read(self, topic: str, span: range, ends: int) -> Iterator[Record]:
        for record in self._topics.ranges.read(topic, {self.number: range(span.start, min(span.stop, ends))}):
            if self._topics.is_stopping():
                raise GivenUpError("stopped")
            yield record


def _tag_event_or_none(record: Record) -> TagEvent | None:
    """The event in a record that was read before; what could not be read then is left out again."""
    try:
        return tag_event_of(event_of(record), record)
    except (UndecodableError, UnknownSchemaError):
        return None
