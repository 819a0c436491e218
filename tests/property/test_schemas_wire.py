"""Writing the registry's JSON, for every event: our bytes against a second writer made from Go's rules alone."""

from typing import Any

from hypothesis import given
from msgspec.structs import replace

from schemas import Descriptor, Event, Platform, Target
from schemas.envelope import read_envelope
from schemas.wire import envelope_json, media_type, typed_json
from tests.kit.events import V1, V2, events

_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ALWAYS, _OMITEMPTY = True, False


def _quoted(text: str, *, v1: bool) -> str:
    r"""A string as Go's encoding/json writes it, HTML escaping on; \b and \f got short forms in Go 1.22."""
    short = _SHORT if v1 else {**_SHORT, "\b": "\\b", "\f": "\\f"}
    escaped = (
        short.get(character)
        or (f"\\u{ord(character):04x}" if character < " " or character in "<>&\u2028\u2029" else character)
        for character in text
    )
    return f'"{"".join(escaped)}"'


def _marshal(value: Any, *, v1: bool, level: int) -> str:
    """Go's MarshalIndent with prefix "" and indent of three spaces."""
    if isinstance(value, str):
        return _quoted(value, v1=v1)
    if isinstance(value, int):
        return str(value)
    if not value:
        return "{}"
    inside, outside = "\n" + "   " * (level + 1), "\n" + "   " * level
    if isinstance(value, list):
        parts, brackets = [_marshal(item, v1=v1, level=level + 1) for item in value], "[]"
    else:
        members = value.items()
        parts = [f"{_quoted(key, v1=v1)}: {_marshal(item, v1=v1, level=level + 1)}" for key, item in members]
        brackets = "{}"
    return brackets[0] + inside + ("," + inside).join(parts) + outside + brackets[1]


def _members(*members: tuple[str, Any, bool]) -> dict[str, Any]:
    return {name: value for name, value, always in members if always or value not in ("", 0, [], {}, None)}


def _platform(platform: Platform | None) -> dict[str, Any] | None:
    if platform is None:
        return None
    return _members(
        ("architecture", platform.architecture, _ALWAYS),
        ("os", platform.os, _ALWAYS),
        ("os.version", platform.os_version, _OMITEMPTY),
        ("os.features", platform.os_features, _OMITEMPTY),
        ("variant", platform.variant, _OMITEMPTY),
    )


def _descriptor(descriptor: Descriptor, *, v1: bool) -> dict[str, Any]:
    digest, size = ("digest", descriptor.digest, not v1), ("size", descriptor.size, not v1)
    return _members(
        ("mediaType", descriptor.media_type, not v1),
        *((size, digest) if v1 else (digest, size)),
        ("urls", descriptor.urls, _OMITEMPTY),
        ("annotations", dict(sorted(descriptor.annotations.items(), key=lambda pair: pair[0].encode())), _OMITEMPTY),
        ("data", "" if v1 else descriptor.data, _OMITEMPTY),
        ("platform", _platform(descriptor.platform), _OMITEMPTY),
        ("artifactType", "" if v1 else descriptor.artifact_type, _OMITEMPTY),
    )


def _target(target: Target, *, v1: bool) -> dict[str, Any]:
    return _descriptor(target, v1=v1) | _members(
        ("length", target.length, _OMITEMPTY),
        ("repository", target.repository, _OMITEMPTY),
        ("fromRepository", target.from_repository, _OMITEMPTY),
        ("url", target.url, _OMITEMPTY),
        ("tag", target.tag, _OMITEMPTY),
        ("references", [_descriptor(reference, v1=v1) for reference in target.references], _OMITEMPTY),
    )


def _event(event: Event, *, v1: bool) -> dict[str, Any]:
    request, source = event.request, event.source
    return _members(
        ("id", event.id, _OMITEMPTY),
        ("timestamp", event.timestamp, _ALWAYS),
        ("action", event.action, _OMITEMPTY),
        ("target", _target(event.target, v1=v1), _ALWAYS),
        (
            "request",
            _members(
                ("id", request.id, _ALWAYS),
                ("addr", request.addr, _OMITEMPTY),
                ("host", request.host, _OMITEMPTY),
                ("method", request.method, _ALWAYS),
                ("useragent", request.useragent, _ALWAYS),
            ),
            _ALWAYS,
        ),
        ("actor", _members(("name", event.actor.name, _OMITEMPTY)), _ALWAYS),
        (
            "source",
            _members(("addr", source.addr, _OMITEMPTY), ("instanceID", source.instance_id, _OMITEMPTY)),
            _ALWAYS,
        ),
    )


def of_a_registry(event: Event) -> Event:
    """The event as if no source of another format had sent it: what such a source sent stands in no envelope."""
    return replace(event, source_format="", source_content_type="", source_headers={}, source_body="")


@given(events().map(of_a_registry))
def test_body_is_what_go_would_write(event: Event) -> None:
    """The typed members in either shape are the bytes of the registry's own JSON writer."""
    for content_type, v1 in ((V1, True), (V2, False)):
        body = envelope_json([replace(event, content_type=content_type)])
        assert _marshal({"events": [_event(event, v1=v1)]}, v1=v1, level=0) == body.decode()


@given(events().map(of_a_registry))
def test_what_we_write_needs_no_original(event: Event) -> None:
    """An event made here comes back as itself from its own body, but for what its shape cannot say."""
    (back,) = read_envelope(envelope_json([event]), content_type=event.content_type, registry=event.registry)
    if media_type(event.content_type) == V1:
        assert (typed_json(event), "") == (typed_json(back), back.original)
    else:
        assert event == back
