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
    hexadecimal digits of format, body and number. An event that is given an id keeps no text of its own, which would
    name another, or none: no worker would take its record.
    """
    counts = Counter(event.id for event in events)
    found = []
    for number, event in enumerate(events, 1):
        if not event.id:
            event_id = _derived(source_format, body, number)
        elif counts[event.id] > 1:
            event_id = f"{event.id}-{number}"
        else:
            event_id = event.id
        found.append(event if event_id == event.id else replace(event, id=event_id, original=""))
    return found


def _derived(source_format: str, body: bytes, number: int) -> str:
    digest = sha256(b"\0".join([source_format.encode(), b"%d" % number, body]))
    return f"sha256-{digest.hexdigest()[:_DIGITS]}"
