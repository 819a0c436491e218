"""Reading the registry's JSON, for every input: what is taken, what is refused, and that nothing is lost."""

import json
from collections.abc import Callable
from typing import Any, NoReturn

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.avro import decode, encode, frame
from schemas.catalog import CATALOG
from schemas.envelope import EnvelopeError, read_envelope, read_event
from schemas.wire import envelope_json, event_json, typed_json
from tests.kit.events import CONTENT_TYPES, V2, envelope_texts, event_texts, hostile_bodies


class _RefusedError(Exception):
    """The independent judge finds no envelope."""


def _refuse(constant: str) -> NoReturn:
    raise _RefusedError(constant)


def _number(text: str) -> Any:
    """Numbers by their spelling: equal only when written alike, and of any length."""
    return ("number", text)


def _loads(text: str, seen: Callable[[list[tuple[str, Any]]], Any] = dict) -> Any:
    return json.loads(text, parse_int=_number, parse_float=_number, parse_constant=_refuse, object_pairs_hook=seen)


def _events_by_standard_library(body: bytes) -> list[Any]:
    """The events that are in a body, by the standard library alone; it finds the names of the outermost object last."""
    names: list[str] = []

    def seen(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names[:] = [name for name, _ in pairs]
        return dict(pairs)

    try:
        envelope = _loads(body.decode("utf-8-sig"), seen)
    except ValueError as error:
        raise _RefusedError from error
    if isinstance(envelope, dict) and [name.lower() for name in names].count("events") > 1:
        raise _RefusedError
    if not isinstance(envelope, dict) or (envelope and "events" not in envelope):
        raise _RefusedError
    events = envelope.get("events") or ([] if envelope.get("events") in (None, []) else None)
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise _RefusedError
    return events


@given(hostile_bodies())
def test_verdict_is_that_of_the_standard_library(body: bytes) -> None:
    """Any bytes are an envelope exactly if the standard library says so, with its events; nothing else is raised."""
    try:
        expected: list[Any] | None = _events_by_standard_library(body)
    except _RefusedError:
        expected = None
    try:
        found = [_loads(event_json(event).decode()) for event in read_envelope(body, content_type=V2)]
    except EnvelopeError:
        found = None
    assert expected == found


@given(envelope_texts(), st.sampled_from(CONTENT_TYPES))
def test_texts_of_events_are_slices_of_the_body(body: str, content_type: str) -> None:
    """Each event goes out as exactly the text that it was in the body, in the order of the body."""
    at = 0
    for event in read_envelope(body.encode(), content_type=content_type):
        text = event_json(event).decode()
        at = body.index(text, at) + len(text)


@given(event_texts(), st.sampled_from(CONTENT_TYPES))
def test_event_survives_the_log_byte_for_byte(text: str, content_type: str) -> None:
    """JSON to event to Avro to event to JSON gives back the very text, whatever a sender wrote."""
    event = read_event(text, content_type=content_type, registry="eu")
    back = decode(frame(CATALOG.latest.id, encode(event)), CATALOG.latest.fingerprint)
    assert (event, text) == (back, event_json(back).decode())


@given(event_texts(), st.sampled_from(CONTENT_TYPES))
def test_original_is_kept_exactly_when_it_is_needed(text: str, content_type: str) -> None:
    """`original` is the text if the typed members do not give it back, and empty if they do."""
    event = read_event(text, content_type=content_type)
    needed = typed_json(replace(event, original="")).decode() != text
    assert (text if needed else "") == event.original


@given(event_texts(), st.sampled_from(CONTENT_TYPES))
def test_typed_members_alone_are_a_fixed_point(text: str, content_type: str) -> None:
    """An event written from its typed members is read back as the same event, and needs no `original`."""
    event = replace(read_event(text, content_type=content_type), original="")
    again = read_event(typed_json(event).decode(), content_type=content_type)
    assert (typed_json(event), "") == (typed_json(again), again.original)


@given(st.lists(event_texts(), max_size=3), st.sampled_from(CONTENT_TYPES))
def test_envelope_out_is_equal_as_json(texts: list[str], content_type: str) -> None:
    """The envelope that goes out holds the same events as the one that came in, as JSON."""
    events = [read_event(text, content_type=content_type) for text in texts]
    assert {"events": [_loads(text) for text in texts]} == _loads(envelope_json(events).decode())


_TEXTS = {
    "id": ("id",),
    "timestamp": ("timestamp",),
    "action": ("action",),
    "target.media_type": ("target", "mediaType"),
    "target.digest": ("target", "digest"),
    "target.data": ("target", "data"),
    "target.artifact_type": ("target", "artifactType"),
    "target.repository": ("target", "repository"),
    "target.from_repository": ("target", "fromRepository"),
    "target.url": ("target", "url"),
    "target.tag": ("target", "tag"),
    "target.platform.architecture": ("target", "platform", "architecture"),
    "target.platform.os": ("target", "platform", "os"),
    "target.platform.os_version": ("target", "platform", "os.version"),
    "target.platform.variant": ("target", "platform", "variant"),
    "request.id": ("request", "id"),
    "request.addr": ("request", "addr"),
    "request.host": ("request", "host"),
    "request.method": ("request", "method"),
    "request.useragent": ("request", "useragent"),
    "actor.name": ("actor", "name"),
    "source.addr": ("source", "addr"),
    "source.instance_id": ("source", "instanceID"),
}


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _is_text(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _long(value: Any) -> int:
    """The integer, if it is spelled as one and fits 64 bits."""
    digits = value[1] if isinstance(value, tuple) else ""
    if not digits.removeprefix("-").isdigit() or len(digits) > 20:
        return 0
    return int(digits) if -(2**63) <= int(digits) < 2**63 else 0


def _all_texts(value: Any) -> list[str]:
    return [item for item in value if _is_text(item)] if isinstance(value, list) else []


@given(event_texts())
def test_each_member_is_typed_by_itself(text: str) -> None:
    """A member that fits its type has its value, whatever stands beside it; one that does not is as if absent."""
    value, event = _loads(text), read_event(text, content_type=V2)
    for attribute, path in _TEXTS.items():
        found: Any = _at(value, path)
        holder: Any = event
        for name in attribute.split("."):
            holder = getattr(holder, name, None)
        assert (attribute, found if _is_text(found) else "") == (attribute, holder or "")
    target = event.target
    assert _long(_at(value, ("target", "size"))) == target.size
    assert _long(_at(value, ("target", "length"))) == target.length
    assert _all_texts(_at(value, ("target", "urls"))) == target.urls
    annotations = _at(value, ("target", "annotations"))
    pairs = annotations.items() if isinstance(annotations, dict) else ()
    assert {key: item for key, item in pairs if _is_text(key) and _is_text(item)} == target.annotations
    assert isinstance(_at(value, ("target", "platform")), dict) == (target.platform is not None)
    references = _at(value, ("target", "references"))
    descriptors = [item for item in references if isinstance(item, dict)] if isinstance(references, list) else []
    assert [_long(item.get("size")) for item in descriptors] == [reference.size for reference in target.references]
