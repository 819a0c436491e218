"""The ids of the events of one body: the source's own, or derived, so that a repeat has the same. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

from msgspec.structs import replace

from schemas.event import Event
from schemas.names import made_id

_LONGEST_NUMBERED: Final = 1024
"""Characters of an id that gets numbers: each event of the body has it, and it can be as long as the body."""


def with_ids(events: Sequence[Event], source_format: str, body: bytes) -> list[Event]:
    """The events, each with an id of its own.

    An id that several of them have gets their numbers: `ID-1`, `ID-2`. One that the source lacks, or that cannot have
    a number, is `sha256-` and 32 hexadecimal digits of format, body and number.
    """
    counts = Counter(event.id for event in events)
    of_body = sha256(b"\0".join([source_format.encode(), body])).digest()
    found = []
    for number, event in enumerate(events, 1):
        event_id = _own(event.id, number, counts) or _derived(of_body, number)
        found.append(event if event_id == event.id else replace(event, id=event_id))
    return found


def _own(event_id: str, number: int, counts: Mapping[str, int]) -> str:
    """The source's id, with a number if several have it; empty if it has none, or none that no other event has."""
    if not event_id or counts[event_id] == 1:
        return event_id
    numbered = f"{event_id}-{number}" if len(event_id) <= _LONGEST_NUMBERED else ""
    return "" if numbered in counts else numbered


def _derived(of_body: bytes, number: int) -> str:
    """The body is hashed once, however many events it has."""
    return made_id(sha256(b"%s %d" % (of_body, number)).hexdigest())
