"""What is where, found the simple way: by looking at the whole log again for each event."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from consumer.tags.repository import MOST_DIGESTS
from consumer.tags.rows import Digest, KeptRow, PullingSource, RepositoryPlace, Tag, key_of
from consumer.tags.tag_event import TagEvent

MINUTE_US: Final = 60_000_000


@dataclass
class Known:
    """A tag, as far as it is known."""

    digest: str = ""
    media_type: str = ""
    size: int = 0
    seen: int | None = None
    source_format: str = ""
    pushed: int | None = None
    pushed_by: str = ""
    first: int | None = None
    pulled: int | None = None
    pulled_by: str = ""
    used: int | None = None
    pulls: int = 0
    children: tuple[str, ...] = ()
    offset: int = 0


@dataclass
class Model:
    """A partition's log, and what follows from it."""

    log: Sequence[TagEvent | None]
    reach: int
    tags: dict[tuple[RepositoryPlace, str], Known] = field(default_factory=dict)
    digests: dict[tuple[RepositoryPlace, str], tuple[str, int, int]] = field(default_factory=dict)
    """By digest: its tag, when both were seen, and the event's offset."""
    sources: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    """When each pulled last, and the event's offset."""
    uses: dict[tuple[RepositoryPlace, str], list[int]] = field(default_factory=dict)
    """Of each tag that is there, all uses of its image in its life."""
    repeats: dict[int, bool] = field(default_factory=dict)

    def rows(self) -> dict[str, KeptRow]:
        """The rows at the end of the log, but for the position."""
        for event in self.log:
            if event is None:
                continue
            if not self.is_repeat(event):
                self.take(event)
            if event.action == "pull":
                self.use(event)
            self.uses = {at: times for at, times in self.uses.items() if at in self.tags}
        found: list[KeptRow] = [self.row(place, tag, known) for (place, tag), known in self.tags.items()]
        for (place, digest), (tag, seen, offset) in self.digests.items():
            found.append(Digest(place=place, digest=digest, tag=tag, seen_us=seen, offset=offset))
        for (registry, source_format), (last, offset) in self.sources.items():
            row = PullingSource(registry=registry, source_format=source_format, last_pulled_us=last, offset=offset)
            found.append(row)
        return {key_of(row): row for row in found}

    @staticmethod
    def row(place: RepositoryPlace, tag: str, known: Known) -> Tag:
        """The row of a tag."""
        return Tag(
            place=place,
            tag=tag,
            digest=known.digest or None,
            media_type=known.media_type or None,
            size=known.size or None,
            seen_us=known.seen,
            source_format=known.source_format,
            pushed_us=known.pushed,
            pushed_by=known.pushed_by or None,
            first_pushed_us=known.first,
            last_pulled_us=known.pulled,
            last_pulled_by=known.pulled_by or None,
            last_used_us=known.used,
            pulls=known.pulls or None,
            children=known.children,
            offset=known.offset,
        )

    def before(self, event: TagEvent) -> list[TagEvent]:
        """The events that this one is compared with, the last one first."""
        near = self.log[max(0, event.offset - self.reach) : event.offset]
        return [other for other in reversed(near) if other is not None]

    def news_before(self, event: TagEvent) -> list[TagEvent]:
        """Those of them that are no repeats and of its repository."""
        return [other for other in self.before(event) if _place(other) == _place(event) and not self.is_repeat(other)]

    def is_repeat(self, event: TagEvent) -> bool:
        """Whether the same event is in the log already."""
        if event.offset not in self.repeats:
            self.repeats[event.offset] = self.find_repeat(event)
        return self.repeats[event.offset]

    def find_repeat(self, event: TagEvent) -> bool:
        """Look for it among those before."""
        for other in self.before(event):
            if other.key == event.key and other.is_unique == event.is_unique:
                if event.is_unique:
                    return True
                if other.registry == event.registry:
                    return event.accepted_us <= other.accepted_us + 5 * MINUTE_US
        return False

    def is_child(self, event: TagEvent) -> bool:
        """Whether a pull belongs to an index that was pulled just before."""
        if event.is_index or event.tag:
            return False
        indexes = [
            other
            for other in self.news_before(event)
            if other.is_index
            and (other.action, other.method, other.caller) == ("pull", "GET", event.caller)
            and 0 <= event.happened_us - other.happened_us <= MINUTE_US
        ]
        if any(event.digest in index.children for index in indexes):
            return True
        latest = sorted(indexes, key=lambda index: (index.happened_us, index.offset))[-1:]
        return any(not index.children for index in latest)

    def counts(self, event: TagEvent) -> bool:
        """Whether it is a pull that counts."""
        if event.action != "pull" or event.method != "GET" or self.is_child(event):
            return False
        return event.says_no_method or not any(
            other.action == "pull"
            and other.method == "GET"
            and not other.says_no_method
            and (other.caller, other.digest) == (event.caller, event.digest)
            and other.happened_us // MINUTE_US == event.happened_us // MINUTE_US
            and not self.is_child(other)
            for other in self.news_before(event)
        )

    def was_deleted(self, event: TagEvent, tag: str) -> bool:
        """Whether what it names was deleted later than it happened, by any event before it in the log."""
        return any(
            other.action == "delete"
            and other.happened_us > event.happened_us
            and (other.tag == tag if other.tag else other.digest in ("", event.digest))
            for other in self.news_before(event)
        )

    def take(self, event: TagEvent) -> None:
        """What follows from an event that is news."""
        place = _place(event)
        if event.action == "delete":
            self.delete(place, event)
            return
        if event.action == "pull":
            source, last = (event.registry, event.source_format), min(event.happened_us, event.accepted_us)
            if source not in self.sources or self.sources[source][0] < last:
                self.sources[source] = last, event.offset
        tag = event.tag or self.named(place, event.digest)
        if not tag or self.was_deleted(event, tag):
            return
        known = self.tags.setdefault((place, tag), Known())
        known.offset = event.offset
        if event.tag:
            self.see(place, event, known)
        if event.action == "push":
            _push(event, known)
        else:
            self.pull((place, tag), event, known)

    def pull(self, at: tuple[RepositoryPlace, str], event: TagEvent, known: Known) -> None:
        """A pull that counts for this tag, or is a use of it."""
        self.uses.setdefault(at, []).append(event.happened_us)
        known.used = max(self.uses[at])
        known.pulls += self.counts(event)
        if event.method == "GET" and _is_latest(event.happened_us, known.pulled):
            known.pulled, known.pulled_by = event.happened_us, event.actor

    def use(self, event: TagEvent) -> None:
        """All tags that are the image that was pulled."""
        place = _place(event)
        named = self.tags.get((place, event.tag))
        digest = event.digest or (named.digest if named else "")
        for (at, tag), known in self.tags.items():
            is_image = digest and digest == known.digest
            is_child = digest and not event.tag and digest in known.children
            if at == place and (tag == event.tag or is_image or is_child):
                times = self.uses.setdefault((at, tag), [])
                if event.happened_us > max(times, default=event.happened_us - 1):
                    known.offset = event.offset
                times.append(event.happened_us)
                known.used = max(times)

    def named(self, place: RepositoryPlace, digest: str) -> str:
        """The tag that a digest counts for."""
        if (place, digest) in self.digests:
            return self.digests[place, digest][0]
        having = [(known.seen, tag) for (at, tag), known in self.tags.items() if at == place and known.digest == digest]
        return max(having)[1] if digest and having else ""

    def see(self, place: RepositoryPlace, event: TagEvent, known: Known) -> None:
        """The digest that an event shows behind its tag."""
        happened = event.happened_us
        if event.digest and happened >= self.digests.get((place, event.digest), ("", happened))[1]:
            self.digests[place, event.digest] = event.tag, happened, event.offset
            mine = [
                (seen, digest)
                for (at, digest), (tag, seen, _) in self.digests.items()
                if (at, tag) == (place, event.tag)
            ]
            if len(mine) > MOST_DIGESTS:
                del self.digests[place, min(mine)[1]]
        if _is_latest(happened, known.seen) and (event.digest or event.action == "push"):
            known.children = tuple(sorted(event.children)) or self.children_of(place, event.digest)
            known.digest, known.media_type, known.size = event.digest, event.media_type, event.size
            known.seen = happened

    def children_of(self, place: RepositoryPlace, digest: str) -> tuple[str, ...]:
        """Those that another event of the digest has listed, by the first tag that has it."""
        for (at, _), known in sorted(self.tags.items(), key=lambda item: item[0]):
            if digest and (at, known.digest) == (place, digest):
                return known.children
        return ()

    def delete(self, place: RepositoryPlace, event: TagEvent) -> None:
        """What an event takes away."""
        for (at, tag), known in list(self.tags.items()):
            is_meant = tag == event.tag if event.tag else known.digest == event.digest if event.digest else True
            last = known.seen if known.pushed is None else known.pushed
            if at == place and is_meant and _is_latest(event.happened_us, last):
                del self.tags[at, tag]
                self.forget(place, tag)
        if not event.tag:
            for (at, digest), (_, seen, _) in list(self.digests.items()):
                if at == place and event.digest in ("", digest) and seen <= event.happened_us:
                    del self.digests[at, digest]

    def forget(self, place: RepositoryPlace, ended: str) -> None:
        """The digests of a tag that has ended count for none."""
        for (at, digest), (tag, _, _) in list(self.digests.items()):
            if (at, tag) == (place, ended):
                del self.digests[at, digest]


def _place(event: TagEvent) -> RepositoryPlace:
    return RepositoryPlace(event.registry, event.repository)


def _is_latest(happened: int, known: int | None) -> bool:
    return known is None or happened >= known


def _push(event: TagEvent, known: Known) -> None:
    known.first = event.happened_us if known.first is None else min(known.first, event.happened_us)
    if _is_latest(event.happened_us, known.pushed):
        known.pushed, known.pushed_by, known.source_format = event.happened_us, event.actor, event.source_format
