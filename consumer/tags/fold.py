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
from consumer.tags.tag_event import TagEvent, within_times
from schemas.columns import FIRST_TIME, LAST_TIME


class TagFold:
    """The tags of all repositories of a partition."""

    def __init__(
        self, rows: Iterable[KeptRow], topic_id: str | None, *, partitions: int | None = None, reach: int = REACH
    ) -> None:
        """Goes on where the rows were written.

        Args:
            rows: of the partition, the last of each key.
            topic_id: of the events topic, if it is known; rows of another one stay, but it is read from its beginning.
            partitions: of the events topic.
            reach: offsets over which events are compared.
        """
        self._lead: Final = RULES * reach
        self._recent: Final = Recent(reach)
        self._changes: Final[dict[str, KeptRow | None]] = {}
        self._repositories: Final[dict[RepositoryPlace, RepositoryTags]] = {}
        self._sources: Final[dict[tuple[str, str], int]] = {}
        """When each pulled last."""
        self._position = Position(offset=-1, topic_id=topic_id, partitions=partitions)
        self.follows_another_topic = False
        """Whether the rows tell of an events topic that is gone: what was last in it may not have been read."""
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
        self._recent.judge(_within_times(event))

    def miss(self, now_us: int) -> None:
        """Records are gone that were not read, which is found now: what they said will never be known."""
        last = self._position.whole_since_us
        self._move(replace(self._position, whole_since_us=now_us if last is None else max(last, now_us)))

    def read(self, offset: int, accepted_us: int, event: TagEvent | None) -> None:
        """The next record; `event` is None where it changes nothing."""
        if event is not None:
            known = _within_times(event)
            self._apply(known, self._recent.judge(known))
        self._move(replace(self._position, offset=offset, read_up_to_us=within_times(accepted_us)))

    def read_nothing(self, next_offset: int) -> None:
        """There is no record before this offset."""
        if next_offset > self.next_offset:
            self._move(replace(self._position, offset=next_offset - 1))

    def take_changes(self) -> Mapping[str, KeptRow | None]:
        """The rows that have changed since the last call, by key; None for one that has ended."""
        taken = dict(self._changes)
        self._changes.clear()
        return taken

    def _move(self, position: Position) -> None:
        self._position = position
        self._changes[key_of(position)] = position

    def _restore(self, rows: Iterable[KeptRow]) -> None:
        for row in rows:
            match row:
                case Position():
                    self._go_on_at(row)
                case PullingSource():
                    self._sources[row.registry, row.source_format] = row.last_pulled_us
                case Tag() | Digest():
                    self._repository(row.place).put(row)

    def _go_on_at(self, position: Position) -> None:
        now = self._position
        if position.is_of(now.topic_id):
            known = now.topic_id or position.topic_id
            self._position = replace(position, topic_id=known, partitions=now.partitions)
        else:
            self.follows_another_topic = True

    def _apply(self, event: TagEvent, verdict: TagVerdict) -> None:
        if verdict is not TagVerdict.REPEAT:
            self._apply_news(event, verdict)
        repository = self._repositories.get(RepositoryPlace(event.registry, event.repository))
        if event.action == "pull" and repository is not None:
            repository.used(event)

    def _apply_news(self, event: TagEvent, verdict: TagVerdict) -> None:
        if event.action == "delete":
            self._delete(event)
            return
        if event.action == "pull":
            self._show(event)
        place = RepositoryPlace(event.registry, event.repository)
        known = self._repositories.get(place)
        tag = known.tag_of(event) if known is not None else event.tag or None
        if tag is None or self._recent.is_deleted(event, tag):
            return
        repository = self._repository(place)
        if event.action == "push":
            repository.pushed(event, tag)
        else:
            repository.pulled(event, tag, counts=verdict is TagVerdict.COUNTED)

    def _delete(self, event: TagEvent) -> None:
        place = RepositoryPlace(event.registry, event.repository)
        repository = self._repositories.get(place)
        if repository is not None:
            repository.deleted(event)
            if repository.is_empty:
                del self._repositories[place]

    def _show(self, event: TagEvent) -> None:
        """The event's source sends pulls of images, up to now."""
        source, pulled_us = (event.registry, event.source_format), min(event.happened_us, event.accepted_us)
        if self._sources.get(source, FIRST_TIME - 1) < pulled_us < LAST_TIME:
            self._sources[source] = pulled_us
            row = PullingSource(
                registry=event.registry,
                source_format=event.source_format,
                last_pulled_us=pulled_us,
                offset=event.offset,
            )
            self._changes[key_of(row)] = row

    def _repository(self, place: RepositoryPlace) -> RepositoryTags:
        return self._repositories.setdefault(place, RepositoryTags(place, self._changes))


def _within_times(event: TagEvent) -> TagEvent:
    """The event, with times that rows can hold."""
    if FIRST_TIME <= event.happened_us <= LAST_TIME and FIRST_TIME <= event.accepted_us <= LAST_TIME:
        return event
    return replace(event, happened_us=within_times(event.happened_us), accepted_us=within_times(event.accepted_us))
