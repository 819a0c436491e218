"""Letters as an operator sees them."""

import json

from msgspec.structs import replace

from consumer.dead_letters.letter import Letter
from consumer.dead_letters.record import parse_record
from consumer.dead_letters.text import json_line, json_of, line_of, page_of
from consumer.record import Record
from schemas.avro import encode, frame
from schemas.catalog import CATALOG
from schemas.event import Event
from schemas.headers import record_headers
from tests.kit.letters import DEAD, TOPIC, buried, record


def test_line_is_one_line() -> None:
    """Whatever an endpoint or a registry sent stays on the letter's line and does nothing to a terminal."""
    letter = parse_record(buried(record(1), 0, error="no\nanswer \x1b[2J"))
    assert isinstance(letter, Letter)
    line = line_of(letter)
    assert line == r"id-1  ci  rejected  0:1  team/app  1970-01-01T00:00:02.000Z  no\nanswer \x1b[2J"
    assert json.loads(json_line(letter, DEAD))["error"] == "no\nanswer \x1b[2J"


def test_shown_event_is_its_text() -> None:
    """The event's JSON is shown as it is, numbers of any length included, and one line in `--json`."""
    text = '{"id": "x", "n": 123456789012345678901234567890.10, "s": "\\ud800"}'
    event = Event(id="x", original=text)
    original = Record(TOPIC, 0, 1, 0, None, frame(CATALOG.latest.id, encode(event)), tuple(record_headers(event)))
    stored = buried(original, 0)
    letter = parse_record(stored)
    assert isinstance(letter, Letter)
    line = json_of(letter, stored, DEAD)
    assert "\n" not in line
    assert '"event": {"id":"x","n":123456789012345678901234567890.10,"s":"\\ud800"}}' in line
    assert '"n": 123456789012345678901234567890.10' in page_of(letter, stored, DEAD)


def test_shown_answer() -> None:
    """How the last answer begins; a line and null where there was none."""
    for answer, shown, told in (("no such project", "no such project", "no such project"), ("", "-", None)):
        stored = buried(record(1), 0, answer=answer)
        letter = parse_record(stored)
        assert isinstance(letter, Letter)
        assert f"  answer      {shown}\n" in page_of(letter, stored, DEAD)
        assert json.loads(json_of(letter, stored, DEAD))["answer"] == told


def test_shown_without_an_event() -> None:
    """Of a record that is no event the bytes are shown, and why it is none."""
    stored = buried(Record(TOPIC, 0, 1, 0, b"k", b"no event", ()), 0)
    letter = parse_record(stored)
    assert isinstance(letter, Letter)
    told = json.loads(json_of(letter, stored, DEAD))
    assert (told["event"], told["raw"]) == (None, "bm8gZXZlbnQ=")
    assert "framing byte is 0x6e" in told["undecodable"]
    assert "in base64: bm8gZXZlbnQ=" in page_of(letter, stored, DEAD)


def test_shown_without_a_valid_time() -> None:
    """A letter's own time may be any number too."""
    stored = replace(buried(record(1), 0), timestamp_ms=-1_000_000_000_000_000)
    letter = parse_record(stored)
    assert isinstance(letter, Letter)
    assert "written no valid time" in page_of(letter, stored, DEAD)
    assert json.loads(json_line(letter, DEAD))["letter"]["written"] is None


def test_shown_body_of_a_source() -> None:
    """What the source sent stands beside the event that was made of it; of an envelope there is none."""
    body = '{"type": "PUSH_ARTIFACT"}'
    event = Event(id="x", source_format="harbor", source_content_type="application/json", source_body=body)
    original = Record(TOPIC, 0, 1, 0, None, frame(CATALOG.latest.id, encode(event)), tuple(record_headers(event)))
    for lies, told in ((original, {"source_format": "harbor", "source_body": body}), (record(1), {})):
        stored = buried(lies, 0)
        letter = parse_record(stored)
        assert isinstance(letter, Letter)
        shown = json.loads(json_of(letter, stored, DEAD))
        assert (shown["source_format"], shown["source_body"]) == (told.get("source_format"), told.get("source_body"))
        part = '  the body that the source sent (harbor, application/json)\n    {\n      "type": "PUSH_ARTIFACT"'
        assert bool(told) == (part in page_of(letter, stored, DEAD))
        assert bool(told) == ("the body that the source sent" in page_of(letter, stored, DEAD))
