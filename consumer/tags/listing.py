"""What the topic of tags says to somebody who asks: which tags are there, and since when they are not used. Pure.

A use is any pull or check of the image. Since when a tag is not used is known only if its push was seen, if its source
sends pulls at all, and since the last time that records were missed. And it holds up to the last record that was read,
and up to the last pull of an image that its source sent: silence is not disuse.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from re import compile as pattern
from typing import Any, Final

from consumer.filters.globs import Globs
from consumer.tags.rows import KeptRow, Position, PullingSource, RepositoryPlace, Tag
from runtime.cli.tables import Column, Look, TableCell, drawn
from runtime.rfc3339 import rfc3339_ms

_SIGNATURE: Final = pattern(r"sha256-([0-9a-f]+\..*|[0-9a-f]{64})")
"""Tags under which cosign and similar tools store signatures, attestations and referrers: no images."""
_UNKNOWN: Final = "unknown"
_SHOWN_DIGEST: Final = 19
_REGISTRY: Final = Column("REGISTRY")
_COLUMNS: Final = (
    Column("REPOSITORY", wraps=True),
    Column("TAG", wraps=True),
    Column("DIGEST"),
    Column("PUSHED"),
    Column("BY"),
    Column("PULLED LAST"),
    Column("BY"),
    Column("PULLS", is_number=True),
    Column("NOT USED SINCE"),
)


@dataclass(frozen=True, slots=True)
class ReadPartition:
    """A partition of the topic of tags, and how far the events that it tells of were read."""

    rows: Iterable[KeptRow]
    events_id: str | None
    """Of the events topic now, if it is known."""
    events: range
    """What its log of events has now, with what is in open transactions or behind them."""
    readable_end: int
    """Where consumers come to its end: before the first open transaction."""
    now_us: int

    @property
    def position(self) -> Position:
        """How far it was read."""
        return next((row for row in self.rows if isinstance(row, Position)), Position(offset=-1))

    @property
    def unread(self) -> int:
        """Events that were not read yet, of those that the log still has."""
        return len(self.events[max(0, self._next_offset - self.events.start) :])

    @property
    def held_back(self) -> int:
        """Those of them that nobody can read before a transaction has ended."""
        return max(0, self.events.stop - max(self.readable_end, self._next_offset, self.events.start))

    @property
    def horizon_us(self) -> int | None:
        """Up to when it is known what happened; None if nothing was read, or at a time that has not come."""
        if not self.unread and not self._has_gap:
            return self.now_us
        read_up_to_us = self.position.read_up_to_us
        return read_up_to_us if read_up_to_us is not None and read_up_to_us <= self.now_us else None

    @property
    def _next_offset(self) -> int:
        return self.position.offset + 1 if self.position.is_of(self.events_id) else 0

    @property
    def _has_gap(self) -> bool:
        """Whether records were lost since the last one that was read: by retention, or with the topic before."""
        return self.position.offset >= 0 and (
            not self.position.is_of(self.events_id) or self._next_offset < self.events.start
        )


@dataclass(frozen=True, slots=True)
class ListedTag:
    """A tag, and what can be said of it."""

    row: Tag
    shows_pulls: bool
    """Whether its source sends pulls."""
    horizon_us: int | None
    """Up to when its uses are known."""
    whole_since_us: int | None

    @property
    def pulls(self) -> int | None:
        """Pulls in all; None if that is not known."""
        return 0 if self.row.pulls is None and self.shows_pulls else self.row.pulls

    @property
    def unused_since_us(self) -> int | None:
        """Since when it is not used; None if that is not known."""
        first = self.row.first_pushed_us
        if not self.shows_pulls or self.row.pushed_us is None or first is None or self.horizon_us is None:
            return None
        return max(us for us in (first, self.row.last_used_us, self.whole_since_us) if us is not None)

    def is_unused_for(self, duration_us: int) -> bool:
        """Whether it is known that it was neither used nor pushed for so long."""
        since, pushed = self.unused_since_us, self.row.pushed_us
        if since is None or pushed is None or self.horizon_us is None:
            return False
        return self.horizon_us - max(since, pushed) >= duration_us

    def as_json(self) -> dict[str, Any]:
        """All of it; what is not known is null."""
        row = self.row
        return {
            "registry": row.place.registry or None,
            "repository": row.place.repository,
            "tag": row.tag,
            "digest": row.digest,
            "media_type": row.media_type,
            "size": row.size,
            "pushed_at": _time(row.pushed_us),
            "pushed_by": row.pushed_by,
            "first_pushed_at": _time(row.first_pushed_us),
            "last_pulled_at": _time(row.last_pulled_us),
            "last_pulled_by": row.last_pulled_by,
            "last_used_at": _time(row.last_used_us),
            "pulls": self.pulls,
            "unused_since": _time(self.unused_since_us),
        }


@dataclass(frozen=True, slots=True)
class TagSelection:
    """Which tags are asked for."""

    repositories: Globs
    registry: str | None = None
    """None: of all registries."""
    unused_us: int | None = None
    """Only those that are known not to be used for so long, as is each other tag with their digest."""
    everything: bool = False
    """Whether signatures and the like are tags too."""

    def matches(self, listed: ListedTag) -> bool:
        """Whether the tag is one of them by its name."""
        place = listed.row.place
        return (
            self.repositories.match_if_any(place.repository)
            and self.registry in (None, place.registry)
            and (self.everything or _SIGNATURE.fullmatch(listed.row.tag) is None)
        )

    def unused(self, tags: list[ListedTag]) -> list[ListedTag]:
        """Those of all tags that nobody uses: whoever deletes a digest deletes all of its tags."""
        if self.unused_us is None:
            return tags
        unused_us = self.unused_us
        used = {_image(tag) for tag in tags if tag.row.digest and not tag.is_unused_for(unused_us)}
        return [tag for tag in tags if tag.is_unused_for(unused_us) and _image(tag) not in used]


def all_tags(partitions: Mapping[int, ReadPartition]) -> list[ListedTag]:
    """The tags that are there."""
    pulled = _last_pulls(partitions)
    return [tag for partition in partitions.values() for tag in _tags_of(partition, pulled)]


def listed(partitions: Mapping[int, ReadPartition], selection: TagSelection) -> list[ListedTag]:
    """The tags that are selected, by registry, repository and name."""
    found = selection.unused(all_tags(partitions))
    return sorted(filter(selection.matches, found), key=lambda one: (*one.row.place, one.row.tag))


def table_of(tags: Iterable[ListedTag], look: Look) -> str:
    """A table for people."""
    shown = list(tags)
    rows = [[TableCell(text) for text in _cells(tag)] for tag in shown]
    if not any(tag.row.place.registry for tag in shown):
        return drawn(_COLUMNS, rows, look)
    labels = [TableCell(tag.row.place.registry or "-") for tag in shown]
    return drawn((_REGISTRY, *_COLUMNS), [[label, *row] for label, row in zip(labels, rows, strict=True)], look)


def _last_pulls(partitions: Mapping[int, ReadPartition]) -> dict[tuple[str, str], int]:
    """When each source sent a pull last, of whichever repository."""
    found: dict[tuple[str, str], int] = {}
    for partition in partitions.values():
        for row in partition.rows:
            if isinstance(row, PullingSource):
                source = row.registry, row.source_format
                found[source] = max(row.last_pulled_us, found.get(source, row.last_pulled_us))
    return found


def _tags_of(partition: ReadPartition, pulled: Mapping[tuple[str, str], int]) -> Iterator[ListedTag]:
    position, horizon = partition.position, partition.horizon_us
    for row in partition.rows:
        if isinstance(row, Tag):
            last = None if row.pushed_us is None else pulled.get((row.place.registry, row.source_format))
            known_until = None if horizon is None or last is None else min(horizon, last)
            yield ListedTag(row, last is not None, known_until, position.whole_since_us)


def _image(tag: ListedTag) -> tuple[RepositoryPlace, str | None]:
    return tag.row.place, tag.row.digest


def _cells(tag: ListedTag) -> Iterator[str]:
    row = tag.row
    never = "never" if tag.shows_pulls else _UNKNOWN
    yield row.place.repository
    yield row.tag
    yield row.digest[:_SHOWN_DIGEST] if row.digest else _UNKNOWN
    yield _shown(row.pushed_us, _UNKNOWN)
    yield row.pushed_by or "-"
    yield _shown(row.last_pulled_us, never)
    yield row.last_pulled_by or "-"
    yield _UNKNOWN if tag.pulls is None else str(tag.pulls)
    yield _shown(tag.unused_since_us, _UNKNOWN)


def _shown(us: int | None, otherwise: str) -> str:
    return _time(us) or otherwise


def _time(us: int | None) -> str | None:
    return None if us is None else rfc3339_ms(us // 1000)
