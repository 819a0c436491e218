"""An event as the fold of tags sees it: a push or pull of an image, or a delete; all other events change nothing. Pure.

The rules are the report's (`consumer/analytics/report/sql/records.sql`, `repeats.sql`, `image_events.sql`).
"""

from hashlib import sha256
from typing import Final

from msgspec import Struct

from consumer.log.record_batch import micros_of
from consumer.record import Record
from schemas.columns import FIRST_TIME, LAST_TIME, client_ip, event_time, kind_of
from schemas.event import Event, Target
from schemas.limits import LONGEST_NAME

MOST_CHILDREN: Final = 200
"""Of an index whose children are known; those of a larger one are not."""
LONGEST_CHILD: Final = 200
"""Characters of the digest of a child; registries have at most 135."""
_LONGEST_ACTOR: Final = 512
_IMAGES: Final = ("manifest", "index")
_MADE_ID: Final = "sha256-"
"""How an id begins that was made of a body."""


class TagEvent(Struct, frozen=True, kw_only=True, gc=False):
    """A push or pull of a manifest or index, or a delete of anything."""

    offset: int
    accepted_us: int
    """Microseconds since the epoch, as all times here."""
    happened_us: int
    """When it happened, as the registry says; else when it was accepted."""
    key: str
    """Of the event: two records with one key are one event. That of a long id is its hash."""
    is_unique: bool = True
    """Whether the key alone tells; else only within minutes, and within a registry."""
    registry: str = ""
    source_format: str = ""
    action: str
    is_index: bool = False
    repository: str
    tag: str = ""
    digest: str = ""
    media_type: str = ""
    size: int = 0
    actor: str = ""
    caller: tuple[str, str] = ("", "")
    """Address and user agent of the client; of long ones their hashes."""
    method: str = ""
    """Of a pull without one that a source with a format of its own sends: GET."""
    says_no_method: bool = False
    children: frozenset[str] = frozenset()
    """Digests that an index lists, if its registry sends them and they are not too many."""


def within_times(us: int) -> int:
    """The time, or the nearest one that readers of rows know."""
    return min(max(us, FIRST_TIME), LAST_TIME)


def tag_event_of(event: Event, record: Record) -> TagEvent | None:
    """The event as it changes tags; None if it changes none."""
    target = event.target
    if event.action not in ("push", "pull", "delete") or not target.repository or _is_too_long(event):
        return None
    kind = kind_of(
        *(target.media_type, target.url, event.action, target.tag, target.digest),
        source_format=event.source_format,
    )
    if event.action != "delete" and kind not in _IMAGES:
        return None
    accepted, happened = micros_of(record.timestamp_ms), event_time(event.timestamp_micros)
    return TagEvent(
        offset=record.offset,
        accepted_us=accepted,
        happened_us=accepted if happened is None else happened,
        key=_short(event.id) or record.place,
        is_unique=happened is not None or not event.source_format or not event.id.startswith(_MADE_ID),
        registry=event.registry,
        source_format=event.source_format,
        action=event.action,
        is_index=kind == "index",
        repository=target.repository,
        tag=target.tag,
        digest=target.digest,
        media_type=target.media_type,
        size=target.size,
        actor=event.actor.name[:_LONGEST_ACTOR],
        caller=(_short(client_ip(event.request.addr) or ""), _short(event.request.useragent)),
        method=_method_of(event),
        says_no_method=not event.request.method,
        children=_children_of(target) if kind == "index" else frozenset(),
    )


def _children_of(target: Target) -> frozenset[str]:
    """All of them, or none: what is known of some would be taken for all."""
    children = frozenset(child.digest for child in target.references)
    are_kept = len(children) <= MOST_CHILDREN and max(map(len, children), default=0) <= LONGEST_CHILD
    return children if are_kept else frozenset()


def _method_of(event: Event) -> str:
    """Sources with a format of their own send an event for a download only, and no method."""
    is_download = event.action == "pull" and event.source_format
    return event.request.method or ("GET" if is_download else "")


def _short(text: str) -> str:
    """The text by which events are compared, so short that it can be remembered of many."""
    return text if len(text) <= LONGEST_NAME else sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _is_too_long(event: Event) -> bool:
    target = event.target
    names = target.repository, target.tag, target.digest, target.media_type, event.registry, event.source_format
    return max(map(len, names)) > LONGEST_NAME
