"""The offsets that a table holds: how a snapshot and the table say so, and whom to believe. Pure.

Each snapshot of an export carries the offsets of all partitions in its summary, so that a rollback takes them back with
the rows. Snapshots of others carry none: then the nearest ancestor that does counts, since neither a compaction nor a
delete changes what was exported. The properties of the table say the same once more, and of which snapshot it is true:
they are what is left when the ancestors have been expired.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from consumer.analytics.files import Covered
from runtime.errors import BridgeError

_PREFIX: Final = "registry-worker."
_TOPIC: Final = _PREFIX + "topic"
_TOPIC_ID: Final = _PREFIX + "topic-id"
_OFFSETS: Final = _PREFIX + "offsets"
_SNAPSHOT: Final = _PREFIX + "snapshot-id"


class LostCoverageError(BridgeError):
    """The table does not say, or not surely, up to which offsets it holds the topic."""

    exit_code: ClassVar[int] = 2


class ForeignTopicError(BridgeError):
    """The table holds another topic."""

    exit_code: ClassVar[int] = 2


@dataclass(frozen=True, slots=True)
class Coverage:
    """The offsets of a topic that a table holds."""

    topic: str
    topic_id: str | None
    """The id that Kafka gave the topic, if it gives any."""
    offsets: Mapping[int, Covered]

    @classmethod
    def behind(cls, topic: str, topic_id: str | None, starts: Mapping[int, int]) -> Self:
        """Of whoever says where each partition goes on: nothing yet, and no offset before these is missing."""
        return cls(topic, topic_id, {partition: Covered(start, start - 1) for partition, start in starts.items()})

    def check(self, table: str, topic: str, topic_id: str | None) -> None:
        """See that it is of this topic.

        Raises:
            ForeignTopicError: it is of another.
        """
        if self.topic != topic:
            raise ForeignTopicError(f"table {table} holds topic {self.topic}: give topic {topic} a table of its own")
        if None not in (topic_id, self.topic_id) and topic_id != self.topic_id:
            raise ForeignTopicError(
                f"table {table} holds an earlier topic {topic}, which was deleted and created again: export it to "
                "another table"
            )

    def with_more(self, taken: Mapping[int, range]) -> Self:
        """The same and, behind it, these offsets."""
        offsets = dict(self.offsets)
        for partition, span in taken.items():
            held = offsets.get(partition)
            offsets[partition] = Covered(span.start if held is None else held.first, span.stop - 1)
        return type(self)(self.topic, self.topic_id, offsets)

    def summary(self) -> dict[str, str]:
        """The entries of a snapshot's summary."""
        offsets = {str(partition): [held.first, held.last] for partition, held in sorted(self.offsets.items())}
        topic_id = {} if self.topic_id is None else {_TOPIC_ID: self.topic_id}
        return {_TOPIC: self.topic, **topic_id, _OFFSETS: json.dumps(offsets, separators=(",", ":"))}

    def properties(self, snapshot_id: int) -> dict[str, str]:
        """The properties of the table whose snapshot has this summary."""
        return {**self.summary(), _SNAPSHOT: str(snapshot_id)}


@dataclass(frozen=True, slots=True)
class SnapshotFacts:
    """A snapshot of a table, as far as it matters here."""

    parent_id: int | None
    summary: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TableFacts:
    """A table at one moment, as far as it matters here."""

    current_id: int | None
    snapshots: Mapping[int, SnapshotFacts]
    properties: Mapping[str, str]
    greatest: Callable[[], Mapping[int, int]]
    """The greatest offset of each partition among the rows; reads them, so it is asked only if nothing else helps."""


def carrier_of(table: TableFacts) -> int | None:
    """The snapshot that says what the current one holds, if it is left: itself, or its nearest ancestor that does."""
    at = table.current_id
    while at is not None and at in table.snapshots:
        if _OFFSETS in table.snapshots[at].summary:
            return at
        at = table.snapshots[at].parent_id
    return None


def coverage_of(table: TableFacts) -> Coverage | None:
    """The offsets that the current snapshot holds; None if it has no rows and no export has been there.

    Raises:
        LostCoverageError: it cannot be told.
    """
    carrier = carrier_of(table)
    if carrier is not None:
        return _read(table.snapshots[carrier].summary)
    if table.current_id is None:
        return None
    kept = _read(table.properties)
    if kept is not None and str(_first_that_is_gone(table)) == table.properties.get(_SNAPSHOT):
        return kept
    greatest = table.greatest()
    if kept is None:
        if greatest:
            raise LostCoverageError(f"it has rows that no export has accounted for ({_places(greatest)}){_ADVICE}")
        return None
    last = {partition: held.last for partition, held in kept.offsets.items() if held.last >= held.first}
    if greatest == last:
        return kept
    raise LostCoverageError(
        f"the snapshot of the last export ({_places(last)}) is gone, and its rows end elsewhere "
        f"({_places(greatest) or 'there are none'}){_ADVICE}"
    )


_ADVICE: Final = ": say with --from PARTITION:OFFSET[,...], for all partitions, where the export is to go on"


def _first_that_is_gone(table: TableFacts) -> int | None:
    """The first ancestor of the current snapshot that was expired; pyiceberg's expiry keeps no word of it."""
    at = table.current_id
    while at is not None and at in table.snapshots:
        at = table.snapshots[at].parent_id
    return at


def entries(texts: Mapping[str, str]) -> dict[str, str]:
    """What a summary says of offsets, for another snapshot with the same rows."""
    return {key: text for key, text in texts.items() if key.startswith(_PREFIX)}


def _read(texts: Mapping[str, str]) -> Coverage | None:
    if _OFFSETS not in texts or _TOPIC not in texts:
        return None
    try:
        offsets = {int(partition): Covered(*map(int, span)) for partition, span in json.loads(texts[_OFFSETS]).items()}
    except (ValueError, TypeError, AttributeError):
        raise LostCoverageError(f"its entry {_OFFSETS} cannot be read{_ADVICE}") from None
    return Coverage(texts[_TOPIC], texts.get(_TOPIC_ID), offsets)


def _places(last: Mapping[int, int]) -> str:
    return ", ".join(f"{partition}:{last[partition]}" for partition in sorted(last))
