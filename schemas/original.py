"""An event's own JSON text against its typed members: whether it is the text of this event. Pure.

Whoever can write to the topic can write any text beside any members. What goes out is the text; what filters, lanes and
headers look at are the members. So the text must be one JSON object, and agree in what identifies the event and in what
filters ask. Other members are not compared: later releases may read more of them, or otherwise.
"""

from typing import Any, Final

import msgspec
from msgspec import Struct, field

from schemas.envelope import EnvelopeError, read_event
from schemas.event import Event
from schemas.limits import MAX_VALUES, has_more_values


class _SaidTarget(Struct, frozen=True):
    media_type: str = field(default="", name="mediaType")
    digest: str = ""
    repository: str = ""
    tag: str = ""


class _SaidRequest(Struct, frozen=True):
    method: str = ""


class _Said(Struct, frozen=True):
    """What the text says, where every value fits its type: all but a few texts are read so, in one pass."""

    id: str = ""
    timestamp: str = ""
    action: str = ""
    target: _SaidTarget = _SaidTarget()
    request: _SaidRequest = _SaidRequest()


_TOO_MANY: Final = f"has more than {MAX_VALUES:,} values, the limit of one event"
_decode: Final = msgspec.json.Decoder(_Said).decode


def fault_of(event: Event) -> str:
    """Why `event.original` is not the JSON of this event, as the end of a sentence; empty if it is."""
    text = event.original
    said: Any
    try:
        said = _decode(text)
    except (msgspec.MsgspecError, RecursionError):
        if _has_too_many_values(text):
            return _TOO_MANY
        try:
            said = read_event(text, content_type=event.content_type)
        except EnvelopeError as error:
            return f"is not the JSON of an event: {error}"
    if _has_too_many_values(text):
        return _TOO_MANY
    return next((f"has another {name} than the record" for name, same in _compared(event, said) if not same), "")


def _has_too_many_values(text: str) -> bool:
    return len(text) > MAX_VALUES and has_more_values(text.encode())


def _compared(event: Event, said: Any) -> tuple[tuple[str, bool], ...]:
    target, other = event.target, said.target
    return (
        ("id", event.id == said.id),
        ("timestamp", event.timestamp == said.timestamp),
        ("action", event.action == said.action),
        ("repository", target.repository == other.repository),
        ("tag", target.tag == other.tag),
        ("digest", target.digest == other.digest),
        ("mediaType", target.media_type == other.media_type),
        ("method", event.request.method == said.request.method),
    )
