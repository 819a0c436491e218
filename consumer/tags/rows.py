"""The rows of the topic of tags: tags, and three kinds that the worker keeps for itself. Pure.

Times are microseconds since the epoch; what is not known is None. `offset` is that of the event that changed the row
last.
"""

from typing import Final, NamedTuple
from urllib.parse import quote

from msgspec import Struct

_PLAIN: Final = "/"
"""Of a repository; what else may stand in a key besides letters, digits and `_.-~`."""


class RepositoryPlace(NamedTuple):
    """A repository of one registry."""

    registry: str
    """Its label; empty without one."""
    repository: str


class Tag(Struct, frozen=True, kw_only=True, gc=False):
    """A tag that is there."""

    place: RepositoryPlace
    tag: str
    digest: str | None = None
    media_type: str | None = None
    size: int | None = None
    seen_us: int | None = None
    """When the digest was seen under this tag, by a push or a pull."""
    source_format: str = ""
    """Of the source that the last push came from."""
    pushed_us: int | None = None
    pushed_by: str | None = None
    first_pushed_us: int | None = None
    last_pulled_us: int | None = None
    last_pulled_by: str | None = None
    last_used_us: int | None = None
    """By any pull of its image: by this tag, by another one of the same digest, by the digest or that of a child."""
    pulls: int | None = None
    """None if there was none: whether that is 0, the source's other events show."""
    children: tuple[str, ...] = ()
    """Digests that the index lists, if it is one and its registry sends them."""
    offset: int

    @property
    def known_us(self) -> int | None:
        """The last time at which it is certain to have been there: when it was pushed, or else seen."""
        return self.seen_us if self.pushed_us is None else self.pushed_us


class Digest(Struct, frozen=True, kw_only=True, gc=False):
    """The tag for which pulls by a digest count."""

    place: RepositoryPlace
    digest: str
    tag: str
    seen_us: int
    """When an event named both last."""
    offset: int


class PullingSource(Struct, frozen=True, kw_only=True, gc=False):
    """A source that has been seen to send pulls of images: only of its tags an end of use can be known."""

    registry: str
    source_format: str
    last_pulled_us: int
    """Up to then it is known to send them: the last pull, and no later than that was accepted."""
    offset: int


class Position(Struct, frozen=True, kw_only=True, gc=False):
    """How far a partition of the events topic was read."""

    offset: int
    """Of the last record that was read; -1 before the first."""
    partitions: int | None = None
    """Of the events topic, by which its repositories are spread."""
    topic_id: str | None = None
    """Of the events topic, which another one of its name does not have."""
    read_up_to_us: int | None = None
    """When that record was accepted."""
    whole_since_us: int | None = None
    """When it was found last that records were missed; None if none ever were."""

    def is_of(self, topic_id: str | None) -> bool:
        """Whether it is of the events topic with this id, as far as is known: an id that is not known tells nothing."""
        return None in (topic_id, self.topic_id) or topic_id == self.topic_id


KeptRow = Tag | Digest | PullingSource | Position


def key_of(row: KeptRow) -> str:
    """The key of a row, which no other row has."""
    match row:
        case Tag():
            return f"{_path(row.place)}:{quote(row.tag, safe='')}"
        case Digest():
            return f"{_path(row.place)}@{quote(row.digest, safe=':')}"
        case PullingSource():
            return f"source {quote(row.registry, safe='')} {quote(row.source_format, safe='')}"
        case Position():
            return "position"


def _path(place: RepositoryPlace) -> str:
    return f"{quote(place.registry, safe='')}/{quote(place.repository, safe=_PLAIN)}"
