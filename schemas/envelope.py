"""The registry's JSON, read: an envelope into events, each with the proof of fidelity. Pure and total.

An envelope is refused only when it is none, or beyond the limits; whatever an event contains is accepted and kept.
msgspec reads what is well formed; where it will not, Python's own parser decides what is JSON. What is large is counted
before any object is made of it.
"""

from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from schemas import limits
from schemas.envelope_shape import are_twice, has_events_twice, is_shallow
from schemas.event import ActorRecord, Event, RequestRecord, SourceRecord, Target
from schemas.json_text import MAX_DEPTH, JSONTextError, items_of, members_of, parse, utf8_body
from schemas.lenient import fitting
from schemas.wire import typed_json

_TWICE: Final = "stands more than once in the envelope; readers do not agree which one counts"


class EnvelopeError(JSONTextError):
    """The body is no envelope; `path` may also be `events` or `events[3]`."""


class EnvelopeTooLargeError(EnvelopeError):
    """More events, values or references than one envelope may have (`schemas.limits`)."""


class _Members(Struct, frozen=True, kw_only=True):
    """An event's members as msgspec reads them in one pass when every value fits."""

    id: str = ""
    timestamp: str = ""
    action: str = ""
    target: Target = Target()
    request: RequestRecord = RequestRecord()
    actor: ActorRecord = ActorRecord()
    source: SourceRecord = SourceRecord()


class _Envelope(Struct, frozen=True):
    events: list[Raw] | UnsetType = UNSET


class _ListedTarget(Struct, frozen=True):
    references: list[Raw] = []


class _Listed(Struct, frozen=True):
    """The references of an event, of which no object is made."""

    target: _ListedTarget = _ListedTarget()


_envelope_decoder: Final = msgspec.json.Decoder(_Envelope)
_members_decoder: Final = msgspec.json.Decoder(_Members)
_listed_decoder: Final = msgspec.json.Decoder(_Listed)


def read_envelope(body: bytes, *, content_type: str, registry: str = "") -> list[Event]:
    """The events of an envelope of any size, in order.

    Raises:
        EnvelopeError: not UTF-8, not JSON, NaN or Infinity, no object, members but no `events`, `events` no list of
            objects, or deeper than `MAX_DEPTH` levels.
        EnvelopeTooLargeError: an event is beyond the limits.
    """
    texts = _texts(_utf8(body))
    if limits.has_more_values(body):
        for index, text in enumerate(texts):
            _check_values(text, "an event", f"events[{index}]")
    _check_each(body, texts)
    return [read_text(text, content_type=content_type, registry=registry) for text in texts]


def event_texts(body: bytes) -> list[bytes]:
    """The JSON text of each event of an envelope within the limits, in order, for `read_text`.

    Raises:
        EnvelopeError: as of `read_envelope`.
        EnvelopeTooLargeError: the envelope or an event is beyond the limits.
    """
    body = _utf8(body)
    _check_values(body, "an envelope", "")
    texts = _texts(body)
    if len(texts) > limits.MAX_EVENTS:
        raise EnvelopeTooLargeError(f"{len(texts):,} events; an envelope may have {limits.MAX_EVENTS:,}", "events")
    _check_each(body, texts)
    return texts


def read_event(text: str, *, content_type: str, registry: str = "") -> Event:
    """One event from its own JSON text, which must be an object.

    Raises:
        EnvelopeError: the text is no JSON object or too deep.
        EnvelopeTooLargeError: beyond the limits.
    """
    encoded = text.encode()
    _check_values(encoded, "an event", "")
    if not isinstance(_parse(text), dict):
        raise EnvelopeError("an event must be a JSON object")
    _check_references(encoded, "")
    return read_text(encoded, content_type=content_type, registry=registry)


def read_text(text: bytes, *, content_type: str, registry: str = "") -> Event:
    """The event that one of `event_texts` stands for; never fails for such a text."""
    members = _members(text)
    event = Event(
        id=members.id,
        timestamp=members.timestamp,
        action=members.action,
        target=members.target,
        request=members.request,
        actor=members.actor,
        source=members.source,
        registry=registry,
        content_type=content_type,
    )
    return event if typed_json(event) == text else msgspec.structs.replace(event, original=text.decode())


def _members(text: bytes) -> _Members:
    try:
        return _members_decoder.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return fitting(_parse(text.decode()), _Members)


def _utf8(body: bytes) -> bytes:
    try:
        return utf8_body(body)
    except JSONTextError as error:
        raise EnvelopeError(error.reason, error.path) from None


def _check_values(text: bytes, what: str, path: str) -> None:
    if limits.has_more_values(text):
        allowed = f"{what} may have {limits.MAX_VALUES:,} values (members of objects and items of lists); this has more"
        raise EnvelopeTooLargeError(allowed, path)


def _check_each(body: bytes, texts: list[bytes]) -> None:
    if body.count(b"{") > limits.MAX_REFERENCES:
        for index, text in enumerate(texts):
            _check_references(text, f"events[{index}].")


def _check_references(text: bytes, path: str) -> None:
    """Count the references of one event, if there are objects enough that they could be too many."""
    if text.count(b"{") <= limits.MAX_REFERENCES:
        return
    try:
        count = len(_listed_decoder.decode(text).target.references)
    except (msgspec.MsgspecError, RecursionError):  # something else than lists and objects there, which is kept
        target = _parse(text.decode()).get("target")
        listed = target.get("references") if isinstance(target, dict) else None
        count = len(listed) if isinstance(listed, list) else 0
    if count > limits.MAX_REFERENCES:
        raise EnvelopeTooLargeError(
            f"{count:,} references; an event may have {limits.MAX_REFERENCES:,}", f"{path}target.references"
        )


def _texts(body: bytes) -> list[bytes]:
    if is_shallow(body, MAX_DEPTH):
        try:
            events = _envelope_decoder.decode(body).events
        except (msgspec.MsgspecError, RecursionError):
            return _texts_by_standard_parser(body.decode())
        if events is not UNSET and all(bytes(memoryview(raw)[:1]) == b"{" for raw in events):
            texts = [bytes(raw) for raw in events]
            if has_events_twice(body, texts):
                raise EnvelopeError(_TWICE, "events")
            return texts
    return _texts_by_standard_parser(body.decode())


def _texts_by_standard_parser(text: str) -> list[bytes]:
    envelope = _parse(text)
    if not isinstance(envelope, dict):
        raise EnvelopeError("an envelope must be a JSON object")
    if envelope and "events" not in envelope:
        raise EnvelopeError("the envelope has members but no `events`", "events")
    members = list(members_of(text))
    if are_twice(member.name for member in members):
        raise EnvelopeError(_TWICE, "events")
    events = envelope.get("events")
    if events is None:
        return []
    if not isinstance(events, list):
        raise EnvelopeError("must be a list of objects", "events")
    for index, event in enumerate(events):
        if not isinstance(event, dict):
            raise EnvelopeError("must be an object", f"events[{index}]")
    starts = {member.name: member.start for member in members if member.name == "events"}
    return [text[start:end].encode() for start, end in items_of(text, starts["events"])]


def _parse(text: str) -> Any:
    try:
        return parse(text)
    except JSONTextError as error:
        raise EnvelopeError(error.reason, error.path) from None
