"""The fold of one partition of the events topic: events in the order of the log become rows. Pure.

Whatever it knows is in its rows, or follows from the records just before (`consumer/tags/recent.py`). So it can begin
again anywhere: with the rows as they were written last, and with these records read again.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from consumer.tags.recent import REACH, RULES, Recent, TagVerdict
from consumer.tags.repository import RepositoryTags
from consumer.tags.rows import Digest, KeptRow, Position, PullingSource, RepositoryPlace, Tag, key_of
from consumer.tags.tag_event import TagEvent


class TagFold:
    """The tags of all repositories of a partition."""

    def __init__(self, rows: Iterable[KeptRow], topic_id: str | None, *, reach: int = REACH) -> None:
        """Goes on where the rows were written.

        Args:
            rows: of the partition, the last of each key.
            topic_id: of the events topic; rows of another one stay, but it is read from its beginning.
            reach: offsets over which events are compared.
        """
        self._lead: Final = RULES * reach
        self._recent: Final = Recent(reach)
        self._changes: Final[dict[str, KeptRow | None]] = {}
        self._repositories: Final[dict[RepositoryPlace, RepositoryTags]] = {}
        self._sources: Final[set[tuple[str, str]]] = set()
        self._position = Position(offset=-1, topic_id=topic_id)
        self._has_missed = False
        self._restore(rows)

    @property
    def next_offset(self) -> int:
        """Where reading goes on."""
        return self._position.offset + 1

    @property
    def lead(self) -> range:
        """The offsets before it that have to be read again, each for `recall`."""
        return range(max(0, self.next_offset - self._lead), self.next_offset)

    @property
    def position(self) -> Position:
        """How far it has read."""
        return self._position

    @property
    def tags(self) -> int:
        """How many tags are there."""
        return sum(len(repository.tags) for repository in self._repositories.values())

    def recall(self, event: TagEvent) -> None:
        """An event below `next_offset`, which the rows have already."""
        self._recent.judge(event)

    def miss(self) -> None:
        """Records are gone that were not read: what they said will never be known."""
        self._has_missed = True

    def read(self, offset: int, accepted_us: int, event: TagEvent | None) -> None:
        """The next record; `event` is None where it changes nothing."""
        if event is not None:
            self._apply(event, self._recent.judge(event))
        self._position = replace(self._position, offset=offset, read_up_to_us=accepted_us)
        if self._has_missed:
            self._position = replace(self._position, whole_since_us=accepted_us)
            self._has_missed = False
        self._changes[key_of(self._position)] = self._position

    def read_nothing(self, next_offset: int) -> None:
        """There is no record before this offset; but what was missed ends only with the next record."""
        if next_offset > self.next_offset and not self._has_missed:
            self._position = replace(self._position, offset=next_offset - 1)
            self._changes[key_of(self._position)] = self._position

    def take_changes(self) -> Mapping[str, KeptRow | None]:
        """The rows that have changed since the last call, by key; None for one that has ended."""
        taken = dict(self._changes)
        self._changes.clear()
        return taken

    def _restore(self, rows: Iterable[KeptRow]) -> None:
        for row in rows:
            match row:
                case Position():
                    self._go_on_at(row)
                case PullingSource():
                    self._sources.add((row.registry, row.source_format))
                case Tag() | Digest():
                    self._repository(row.place).put(row)

    def _go_on_at(self, position: Position) -> None:
        if position.topic_id == self._position.topic_id:
            self._position = position
        else:
            self._has_missed = True  # what was last in the other topic may not have been read

    def _apply(self, event: TagEvent, verdict: TagVerdict) -> None:
        if verdict is TagVerdict.REPEAT:
            return
        if event.action == "delete":
            self._delete(event)
            return
        if event.action == "pull":
            self._show(event)
        place = RepositoryPlace(event.registry, event.repository)
        known = self._repositories.get(place)
        tag = known.tag_of(event) if known is not None else event.tag or None
        if tag is None:
            return
        if not self._recent.is_deleted(event, tag):
            self._take(event, tag, counts=verdict is TagVerdict.COUNTED)
        if event.action == "pull" and known is not None:
            for other in known.others_with(event, tag):
                if not self._recent.is_deleted(event, other):
                    known.used(event, other)

    def _take(self, event: TagEvent, tag: str, *, counts: bool) -> None:
        """A push or pull that counts for this tag."""
        repository = self._repository(RepositoryPlace(event.registry, event.repository))
        if event.action == "push":
            repository.pushed(event, tag)
        else:
            repository.pulled(event, tag, counts=counts)

    def _delete(self, event: TagEvent) -> None:
        place = RepositoryPlace(event.registry, event.repository)
        repository = self._repositories.get(place)
        if repository is not None:
            repository.deleted(event)
            if repository.is_empty:
                del self._repositories[place]

    def _show(self, event: TagEvent) -> None:
        """The event's source sends pulls of images."""
        if (event.registry, event.source_format) not in self._sources:
            self._sources.add((event.registry, event.source_format))
            row = PullingSource(registry=event.registry, source_format=event.source_format, offset=event.offset)
            self._changes[key_of(row)] = row

    def _repository(self, place: RepositoryPlace) -> RepositoryTags:
        return self._repositories.setdefault(place, RepositoryTags(place, self._changes))
