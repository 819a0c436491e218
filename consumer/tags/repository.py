"""The tags of one repository, and the digests by which they are pulled. Pure.

Events may come in another order than they happened; the later time counts, and at equal times the later event.
"""

from typing import Final

from msgspec.structs import replace

from consumer.tags.rows import Digest, KeptRow, RepositoryPlace, Tag, key_of
from consumer.tags.tag_event import TagEvent

MOST_DIGESTS: Final = 100
"""Digests that count for one tag: that many of its last ones."""

RowChanges = dict[str, KeptRow | None]
"""Rows by key; None for one that has ended."""


class RepositoryTags:
    """What is there in a repository."""

    def __init__(self, place: RepositoryPlace, changes: RowChanges) -> None:
        """Nothing is there.

        Args:
            place: of the repository.
            changes: gets each row that changes.
        """
        self._place: Final = place
        self._changes: Final = changes
        self.tags: Final[dict[str, Tag]] = {}
        self.digests: Final[dict[str, Digest]] = {}
        self._digests_of: Final[dict[str, set[str]]] = {}
        """By tag: the digests that count for it."""
        self._tags_of: Final[dict[str, set[str]]] = {}
        """By digest: the tags that have it now."""
        self._tags_over: Final[dict[str, set[str]]] = {}
        """By digest: the tags that have an index now that lists it."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known of it."""
        return not self.tags and not self.digests

    def put(self, row: Tag | Digest) -> None:
        """A row is as it is here."""
        if isinstance(row, Tag):
            self._unlink(self.tags.get(row.tag))
            self.tags[row.tag] = row
            if row.digest:
                self._tags_of.setdefault(row.digest, set()).add(row.tag)
            for child in row.children:
                self._tags_over.setdefault(child, set()).add(row.tag)
        else:
            self._drop(row.digest)
            self.digests[row.digest] = row
            self._digests_of.setdefault(row.tag, set()).add(row.digest)

    def tag_of(self, event: TagEvent) -> str | None:
        """The tag that an event of an image is about: its own, or the last one of its digest."""
        if event.tag:
            return event.tag
        named = self.digests.get(event.digest)
        return named.tag if named is not None else self._tag_with(event.digest)

    def pushed(self, event: TagEvent, tag: str) -> None:
        """An image was pushed under this tag, or again by the digest that counts for it."""
        known = self._seen(event, tag) if event.tag else self.tags[tag]
        happened = event.happened_us
        first = happened if known.first_pushed_us is None else min(happened, known.first_pushed_us)
        if _is_latest(happened, known.pushed_us):
            known = replace(
                known,
                pushed_us=happened,
                pushed_by=event.actor or None,
                source_format=event.source_format,
            )
        self._change(replace(known, first_pushed_us=first, offset=event.offset))

    def pulled(self, event: TagEvent, tag: str, *, counts: bool) -> None:
        """An image was pulled, or checked, by this tag or by a digest that counts for it."""
        known = self._seen(event, tag) if event.tag else self.tags[tag]
        if _is_latest(event.happened_us, known.last_used_us):
            known = replace(known, last_used_us=event.happened_us)
        if event.method == "GET" and _is_latest(event.happened_us, known.last_pulled_us):
            known = replace(known, last_pulled_us=event.happened_us, last_pulled_by=event.actor or None)
        pulls = (known.pulls or 0) + 1 if counts else known.pulls
        self._change(replace(known, pulls=pulls, offset=event.offset))

    def used(self, event: TagEvent) -> None:
        """An image was used: by the tag that is named, and by each one that stands for it now."""
        named = self.tags.get(event.tag)
        digest = event.digest or (named.digest if named is not None else None) or ""
        tags = {*self._tags_of.get(digest, ()), *(() if event.tag else self._tags_over.get(digest, ()))}
        for tag in sorted(tags if named is None else tags | {event.tag}):
            known = self.tags[tag]
            if known.last_used_us is None or known.last_used_us < event.happened_us:
                self._change(replace(known, last_used_us=event.happened_us, offset=event.offset))

    def deleted(self, event: TagEvent) -> None:
        """A tag was deleted; without one a digest, with all tags that have it; without either, everything."""
        if event.tag:
            self._end_all([event.tag], event)
            return
        self._end_all(list(self._tags_of.get(event.digest, ()) if event.digest else self.tags), event)
        for digest in [event.digest] if event.digest else list(self.digests):
            named = self.digests.get(digest)
            if named is not None and _is_latest(event.happened_us, named.seen_us):
                self._forget(digest)

    def _seen(self, event: TagEvent, tag: str) -> Tag:
        """The tag with the digest that an event shows, unless a later one was seen. A push without one hides it."""
        known = self.tags.get(tag) or Tag(place=self._place, tag=tag, offset=event.offset)
        if event.digest:
            self._name(event, tag)
        if not _is_latest(event.happened_us, known.seen_us) or not (event.digest or event.action == "push"):
            return known
        return replace(
            known,
            digest=event.digest or None,
            media_type=event.media_type or None,
            size=event.size or None,
            seen_us=event.happened_us,
            children=self._children_in(event),
        )

    def _children_in(self, event: TagEvent) -> tuple[str, ...]:
        """Those that the event lists, or that another one of the same digest listed."""
        if not event.children:
            return next((self.tags[tag].children for tag in sorted(self._tags_of.get(event.digest, ()))), ())
        return tuple(sorted(event.children))

    def _name(self, event: TagEvent, tag: str) -> None:
        """From now on the digest counts for this tag; the one seen longest ago goes if there are too many."""
        named = self.digests.get(event.digest)
        if named is not None and not _is_latest(event.happened_us, named.seen_us):
            return
        self._change(
            Digest(place=self._place, digest=event.digest, tag=tag, seen_us=event.happened_us, offset=event.offset)
        )
        of_tag = self._digests_of[tag]
        if len(of_tag) > MOST_DIGESTS:
            self._forget(min(of_tag, key=lambda digest: (self.digests[digest].seen_us, digest)))

    def _end_all(self, tags: list[str], event: TagEvent) -> None:
        """End those of these tags that are not known to have been there later."""
        for tag in tags:
            known = self.tags.get(tag)
            if known is not None and _is_latest(event.happened_us, known.known_us):
                self._unlink(known)
                del self.tags[tag]
                self._changes[key_of(known)] = None
                for digest in list(self._digests_of.get(tag, ())):
                    self._forget(digest)

    def _forget(self, digest: str) -> None:
        """The digest counts for no tag."""
        self._changes[key_of(self.digests[digest])] = None
        self._drop(digest)

    def _drop(self, digest: str) -> None:
        known = self.digests.pop(digest, None)
        if known is not None:
            self._digests_of[known.tag].discard(digest)
            if not self._digests_of[known.tag]:
                del self._digests_of[known.tag]

    def _unlink(self, known: Tag | None) -> None:
        if known is None:
            return
        if known.digest:
            _discard(self._tags_of, known.digest, known.tag)
        for child in known.children:
            _discard(self._tags_over, child, known.tag)

    def _tag_with(self, digest: str) -> str | None:
        """The tag that has the digest now, after the one it counted for has ended; of several the last one seen."""
        found = self._tags_of.get(digest, ())
        return max(found, key=lambda tag: (self.tags[tag].seen_us, tag), default=None)

    def _change(self, row: Tag | Digest) -> None:
        self.put(row)
        self._changes[key_of(row)] = row


def _discard(tags_of: dict[str, set[str]], digest: str, tag: str) -> None:
    """The tag has not this digest."""
    tags_of[digest].discard(tag)
    if not tags_of[digest]:
        del tags_of[digest]


def _is_latest(happened_us: int, known_us: int | None) -> bool:
    """Whether an event happened no earlier than what is known."""
    return known_us is None or happened_us >= known_us
