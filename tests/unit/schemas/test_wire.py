"""The registry's JSON as we write it: escapes of either shape, empty events, and what decides the shape."""

import pytest

from schemas import Event, Target
from schemas.wire import envelope_json, event_json, media_type, sent_json, typed_json
from tests.kit.events import V1, V2


def _id_text(text: str, content_type: str) -> str:
    line = typed_json(Event(id=text, content_type=content_type)).decode().split("\n")[1]
    return line.removeprefix('         "id": "').removesuffix('",')


@pytest.mark.parametrize(
    ("text", "v1", "v2"),
    [
        ("\b", "\\u0008", "\\b"),
        ("\f", "\\u000c", "\\f"),
        ("\\b", "\\\\b", "\\\\b"),
        ("\\\b", "\\\\\\u0008", "\\\\\\b"),
        ("\\\\b\\f\f", "\\\\\\\\b\\\\f\\u000c", "\\\\\\\\b\\\\f\\f"),
        ("\n\r\t", "\\n\\r\\t", "\\n\\r\\t"),
        ("\x00\x01\x0b\x1f", "\\u0000\\u0001\\u000b\\u001f", "\\u0000\\u0001\\u000b\\u001f"),
        ("<>&", "\\u003c\\u003e\\u0026", "\\u003c\\u003e\\u0026"),
        ("\u2028\u2029", "\\u2028\\u2029", "\\u2028\\u2029"),
        ("\x7f/é😀'", "\x7f/é😀'", "\x7f/é😀'"),
        ('"', '\\"', '\\"'),
    ],
)
def test_escapes_are_gos(text: str, v1: str, v2: str) -> None:
    """Each character is escaped as the Go release that built the registry escapes it."""
    assert (v1, v2) == (_id_text(text, V1), _id_text(text, V2))


def test_zero_event_of_3x() -> None:
    """An event of which nothing is known keeps the members that 3.x never leaves out."""
    expected = (
        '{"timestamp":"0001-01-01T00:00:00Z","target":{"mediaType":"","digest":"","size":0},'
        '"request":{"id":"","method":"","useragent":""},"actor":{},"source":{}}'
    )
    written = typed_json(Event(timestamp="0001-01-01T00:00:00Z", content_type=V2)).decode()
    assert expected == "".join(line.strip().replace('": ', '":') for line in written.split("\n"))


def test_zero_event_of_28() -> None:
    """The same in the shape of 2.8, which leaves the target empty."""
    expected = (
        '{"timestamp":"0001-01-01T00:00:00Z","target":{},'
        '"request":{"id":"","method":"","useragent":""},"actor":{},"source":{}}'
    )
    written = typed_json(Event(timestamp="0001-01-01T00:00:00Z", content_type=V1)).decode()
    assert expected == "".join(line.strip().replace('": ', '":') for line in written.split("\n"))


def test_a_source_without_a_time() -> None:
    """An event of a source that tells no time goes out with Go's zero time; a registry's text goes out as it is."""
    event = Event(id="1", action="push", target=Target(repository="acme/web", tag="v3"), source_body="{}")
    assert b'"timestamp": "0001-01-01T00:00:00Z"' in sent_json(event)
    assert sent_json(event) in envelope_json([event])
    told = Event(id="1", timestamp="2026-05-01T10:00:02Z", source_body="{}")
    assert sent_json(told) == event_json(told)
    assert b'"timestamp": ""' in sent_json(Event(id="1"))
    assert sent_json(Event(id="1", source_body="{}", original='{"id":"1"}')) == b'{"id":"1"}'


def test_original_goes_out_instead_of_typed_members() -> None:
    """Where a text was kept it is what goes out, as it is."""
    event = Event(id="a", original='{"id":"a", "x":1}')
    assert (
        event_json(event),
        envelope_json([event]),
    ) == (b'{"id":"a", "x":1}', b'{\n   "events": [\n      {"id":"a", "x":1}\n   ]\n}')


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        (V1, V1),
        (V1 + ";charset=utf-8", V1),
        (V1 + ' ; charset=utf-8; q="a;b"', V1),
        (" " + V1.upper() + "\t", V1),
        ("application/json", "application/json"),
        ("", ""),
        (";", ""),
    ],
)
def test_media_type_is_without_parameters_and_case(content_type: str, expected: str) -> None:
    """Parameters, white space and letter case of a Content-Type do not count."""
    assert expected == media_type(content_type)


@pytest.mark.parametrize("content_type", ["application/json", "application/json; v=1", V2, V1.replace("v1", "v10"), ""])
def test_only_v1_has_the_old_shape(content_type: str) -> None:
    """Everything but v1+json is written in the shape of 3.x."""
    assert b'"mediaType": ""' in typed_json(Event(content_type=content_type))
