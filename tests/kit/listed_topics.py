"""An events topic and a topic of tags of one partition each, as lists."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from consumer.log.schema_ids import SchemaIds
from consumer.materialize.kept_partition import Applied, KeptPartition, Topics
from consumer.record import Headers, Record
from consumer.tags.record import rows_in
from consumer.tags.rows import KeptRow, Position, Tag
from runtime.kafka.records import OutgoingRecord
from schemas.avro import encode, frame
from schemas.catalog import CATALOG
from schemas.event import Event, Target
from schemas.names import SCHEMA_FINGERPRINT
from tests.kit.still_clock import StillClock

EVENTS: Final = "events"
TAGS: Final = "tags"
MINUTE_MS: Final = 60_000
MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
NEWER: Final[Headers] = ((SCHEMA_FINGERPRINT, b"0123456789abcdef"),)


def pushed(offset: int, *, schema_id: int = CATALOG.latest.id) -> Record:
    """A push of a tag of its own, a minute after the one before."""
    target = Target(repository="team/app", tag=f"v{offset}", digest=f"sha256:{offset}", media_type=MANIFEST)
    value = frame(schema_id, encode(Event(id=str(offset), action="push", target=target)))
    return Record(EVENTS, 0, offset, offset * MINUTE_MS, b"team/app", value)


@dataclass
class ListedTopics:
    """Two topics of one partition each, as a broker has them."""

    begins: int = 0
    records: list[Record] = field(default_factory=list)
    rows: list[Record] = field(default_factory=list)
    partitions: int = 1
    clock: StillClock = field(default_factory=StillClock)

    @property
    def now_us(self) -> int:
        """By the clock of the one that keeps tags."""
        return int(self.clock.wall() * 1_000_000)

    def beginning(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """The first offset that is left."""
        return dict.fromkeys(partitions, self.begins if topic == EVENTS else 0)

    def end(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """The offset behind the last record."""
        events = self.records[-1].next_offset if self.records else self.begins
        return {number: events if topic == EVENTS else len(self.rows) for number in partitions}

    def read(self, topic: str, ranges: Mapping[int, range]) -> Iterator[Record]:
        """What is left of these offsets."""
        for record in self.records if topic == EVENTS else self.rows:
            if record.offset in ranges[0] and (topic == TAGS or record.offset >= self.begins):
                yield record

    def write(self, records: Sequence[OutgoingRecord]) -> None:
        """One transaction."""
        for one in records:
            self.rows.append(Record(TAGS, 0, len(self.rows), 0, one.key, one.value, tuple(one.headers)))

    def close(self) -> None:
        """Nobody writes any more."""

    def opened(
        self, events_id: str | None = "first", *, schema_ids: SchemaIds | None = None, passes_unknown: bool = False
    ) -> KeptPartition:
        """The partition, for whoever gets it now."""
        topics = Topics(
            *(EVENTS, events_id, TAGS, self.partitions, self, self, lambda: False, self.clock),
            schema_ids=schema_ids,
            passes_unknown=passes_unknown,
        )
        return KeptPartition(0, topics, self)

    def found(self) -> tuple[Position, set[str]]:
        """The position that stands in the topic, and the tags."""
        rows: list[KeptRow] = list(rows_in(self.rows).values())
        (position,) = (row for row in rows if isinstance(row, Position))
        return position, {row.tag for row in rows if isinstance(row, Tag)}

    def take(self, kept: KeptPartition, *offsets: int, end: int | None = None) -> Applied:
        """What is read at these offsets; with an end, up to it."""
        return kept.apply([record for record in self.records if record.offset in offsets], end)
