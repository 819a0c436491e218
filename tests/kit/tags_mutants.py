"""Folds of tags with a fault each, as they would be easy to write."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from msgspec.structs import replace

from consumer.tags.fold import TagFold
from consumer.tags.recent import Recent, TagVerdict
from consumer.tags.repository import RepositoryTags
from consumer.tags.rows import Digest, KeptRow, RepositoryPlace
from consumer.tags.tag_event import TagEvent

FoldKind = Callable[..., TagFold]


class RecallsNothing(TagFold):
    """What was read before it began is in the rows, is it not."""

    def recall(self, event: TagEvent) -> None:
        """An event that the rows have already."""


class RecallsTooLittle(TagFold):
    """It reads again only as far as events are compared: not as far as the rules that those rest on."""

    @property
    def lead(self) -> range:
        """The offsets that are read again."""
        whole = super().lead
        return range(max(whole.start, whole.stop - len(whole) // 3), whole.stop)


class BeginsBehindTheLastRow(TagFold):
    """Records that change nothing are read again, as if nobody had read them."""

    def read(self, offset: int, accepted_us: int, event: TagEvent | None) -> None:
        """The next record."""
        before = self._position
        super().read(offset, accepted_us, event)
        if event is not None and event.action == "pull":
            self._position = before
            self._changes["position"] = before


class CountsRepeats(TagFold):
    """A registry that sends an event again says that it happened again."""

    def _apply(self, event: TagEvent, verdict: TagVerdict) -> None:
        super()._apply(event, TagVerdict.COUNTED if verdict is TagVerdict.REPEAT else verdict)


class KeepsWhatHasEnded(TagFold):
    """A row that has ended is left out, instead of being taken away."""

    def take_changes(self) -> dict[str, KeptRow | None]:
        """The rows that have changed."""
        return {key: row for key, row in super().take_changes().items() if row is not None}


class WritesOnlyTags(TagFold):
    """By which digests a tag is pulled is known only while it runs."""

    def take_changes(self) -> dict[str, KeptRow | None]:
        """The rows that have changed."""
        return {key: row for key, row in super().take_changes().items() if not isinstance(row, Digest)}


class OverlooksTimes(TagFold):
    """The last event in the log is the last one that happened."""

    def _apply(self, event: TagEvent, verdict: TagVerdict) -> None:
        super()._apply(replace(event, happened_us=event.offset), verdict)


class MixesRegistries(TagFold):
    """One name is one repository, wherever it is."""

    def _repository(self, place: RepositoryPlace) -> RepositoryTags:
        return super()._repository(RepositoryPlace("", place.repository))


class _LosesDeletes(Recent):
    def is_deleted(self, event: TagEvent, tag: str) -> bool:
        """Whether what the event names was deleted later than it happened."""
        return False


class _CountsChildren(Recent):
    def _judge_pull(self, event: TagEvent) -> TagVerdict:
        return super()._judge_pull(event if event.is_index else replace(event, tag="any"))


class _CountsByTag(Recent):
    def _judge_pull(self, event: TagEvent) -> TagVerdict:
        return super()._judge_pull(replace(event, digest=f"{event.tag}{event.digest}"))


class _EndsOnlyTags(RepositoryTags):
    def deleted(self, event: TagEvent) -> None:
        """A delete that names no tag ends none."""
        if event.tag:
            super().deleted(event)


class _CountsOnlyTags(RepositoryTags):
    def tag_of(self, event: TagEvent) -> str | None:
        """A pull by digest is no pull of a tag."""
        return event.tag or None


class _UsesOnlyOne(RepositoryTags):
    def used(self, event: TagEvent) -> None:
        """A pull by digest is a use of the tag that it counts for, and of no other."""


class _ForgetsNoDigest(RepositoryTags):
    def _forget(self, digest: str) -> None:
        self._drop(digest)


def _with_recent(kind: type[Recent]) -> FoldKind:
    class Mutant(TagFold):
        def __init__(self, rows: Iterable[KeptRow], topic_id: str | None, *, reach: int) -> None:
            super().__init__(rows, topic_id, reach=reach)
            mutant: Any = self
            mutant._recent = kind(reach)

    return Mutant


def _with_repository(kind: type[RepositoryTags]) -> FoldKind:
    class Mutant(TagFold):
        def _repository(self, place: RepositoryPlace) -> RepositoryTags:
            return self._repositories.setdefault(place, kind(place, self._changes))

    return Mutant


MUTANTS: Final[dict[str, FoldKind]] = {
    **{kind.__name__: kind for kind in TagFold.__subclasses__()},
    **{kind.__name__: _with_recent(kind) for kind in Recent.__subclasses__()},
    **{kind.__name__: _with_repository(kind) for kind in RepositoryTags.__subclasses__()},
}
