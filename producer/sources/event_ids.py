"""The ids of the events of one body: the source's own, or derived, so that a repeat has the same. Pure."""

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from msgspec.structs import replace

from schemas.event import Event

_DIGITS: Final = 32


def with_ids(events: Sequence[Event], source_format: str, body: bytes) -> list[Event]:
    """The events, each with an id of its own.

    An id that several of them have gets their numbers: `ID-1`, `ID-2`. One that the source lacks is `sha256-` and 32
    hexadecimal digits of format, body and number.
    """
    counts = Counter(event.id for event in events)
    of_body = sha256(b"\0".join([source_format.encode(), body])).digest()
    found = []
    for number, event in enumerate(events, 1):
        if not event.id:
            event_id = _derived(of_body, number)
        elif counts[event.id] > 1:
            event_id = f"{event.id}-{number}"
        else:
            event_id = event.id
        found.append(event if event_id == event.id else replace(event, id=event_id))
    return found


def _derived(of_body: bytes, number: int) -> str:
    """The body is hashed once, however many events it has."""
    return f"sha256-{sha256(b'%s %d' % (of_body, number)).hexdigest()[:_DIGITS]}"
