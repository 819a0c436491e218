"""The headers of a record: CloudEvents' attributes, ids that a webhook can carry, and which traces are valid."""

from hashlib import sha256

import pytest
from msgspec.structs import replace

from schemas import Event, SourceRecord, Target
from schemas.headers import (
    cloudevents_source,
    cloudevents_type,
    record_headers,
    text_header,
    webhook_id,
)
from schemas.names import LABEL, group_of, subject_of
from schemas.wire import event_json

_FINGERPRINT = b"d3a7fa7eba052108"


@pytest.mark.parametrize("own", ["a", "!", "~", "-/0", "x" * 128, "01a20c38-1df7-7a57-a8e7-af4caaf7cd4b", 'a\\b"c;,=:'])
def test_own_id_is_used_where_a_header_can_carry_it(own: str) -> None:
    """1 to 128 visible ASCII characters without a full stop are the id as they are."""
    assert own == webhook_id(Event(id=own))


@pytest.mark.parametrize("own", ["", "a.b", ".", "x" * 129, "a b", "a\n", "\x7f", "é", "a\x00", "\t", "٣"])
def test_other_ids_are_a_hash_of_the_text(own: str) -> None:
    """Any other event is known by 32 hexadecimal digits of the SHA-256 of its JSON text."""
    event = Event(id=own, target=Target(tag="t"))
    assert f"sha256-{sha256(event_json(event)).hexdigest()[:32]}" == webhook_id(event)
    digest = sha256(b'{"x":1}').hexdigest()[:32]
    assert f"sha256-{digest}" == webhook_id(replace(event, original='{"x":1}'))


@pytest.mark.parametrize(
    ("label", "addr", "expected"),
    [
        ("eu", "node:5000", "//eu"),
        ("", "node:5000", "//node:5000"),
        ("", "[::1]:5000", "//[::1]:5000"),
        ("", "a b", "//a%20b"),
        ("", 'a"<>\\^`{|}', "//a%22%3C%3E%5C%5E%60%7B%7C%7D"),
        ("", "é\n", "//%C3%A9%0A"),
        ("", "50%", "//50%25"),
        ("", "", "urn:registry:unknown"),
    ],
)
def test_source_is_a_uri_reference(label: str, addr: str, expected: str) -> None:
    """The label, else the address, else a fixed name; what no URI may hold is percent-encoded."""
    assert expected == cloudevents_source(Event(registry=label, source=SourceRecord(addr=addr)))


def test_type_names_the_action() -> None:
    """The type is the action's, unknown ones among them, and never ends in a full stop."""
    assert cloudevents_type(Event(action="mount")) == "registry.notifications.mount"
    assert cloudevents_type(Event(action="quarantine")) == "registry.notifications.quarantine"
    assert cloudevents_type(Event()) == "registry.notifications.unknown"


def test_headers_of_an_empty_event() -> None:
    """An event of which nothing is known has the headers that every record has, and no empty ones."""
    event = Event()
    expected = [
        ("ce_specversion", b"1.0"),
        ("ce_id", webhook_id(event).encode()),
        ("ce_type", b"registry.notifications.unknown"),
        ("ce_source", b"urn:registry:unknown"),
        ("content-type", b"application/avro"),
        ("schema-fingerprint", _FINGERPRINT),
    ]
    assert expected == record_headers(event)


@pytest.mark.parametrize(
    ("timestamp", "present"),
    [("2026-11-24T11:52:14.000000001+05:30", True), ("0001-01-01T00:00:00Z", True), ("soon", False), ("", False)],
)
def test_time_stands_only_if_it_is_one(timestamp: str, present: bool) -> None:  # noqa: FBT001
    """`ce_time` is the exact text, and missing where the text is no time."""
    headers = dict(record_headers(Event(timestamp=timestamp)))
    assert (timestamp.encode() if present else None) == headers.get("ce_time")


def test_subject_is_the_repository_in_utf8() -> None:
    """`ce_subject` is the repository as it is."""
    assert "bücher/é".encode() == dict(record_headers(Event(target=Target(repository="bücher/é"))))["ce_subject"]


def test_a_text_that_is_no_name_stands_in_no_header() -> None:
    """Of more than 1,024 characters: without it a header says that it is unknown, or is not there."""
    for length, is_there in ((1024, True), (1025, False)):
        text = "x" * length
        time = "2026-01-02T03:04:05." + "0" * (length - 21) + "Z"
        event = Event(action=text, timestamp=time, source=SourceRecord(addr=text), target=Target(repository=text))
        found = {name: value.decode() for name, value in record_headers(event)}
        assert found["ce_type"] == f"registry.notifications.{text if is_there else 'unknown'}"
        assert found["ce_source"] == (f"//{text}" if is_there else "urn:registry:unknown")
        assert (found.get("ce_time"), found.get("ce_subject")) == ((time, text) if is_there else (None, None))


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (None, None),
        ([], None),
        ([("b", b"1")], None),
        ([("a", None)], None),
        ([("a", b"1")], "1"),
        ([("a", b"1"), ("b", b"2"), ("a", b"3")], "3"),
        ([("a", b"1"), ("a", None)], "1"),
        ([("A", b"1")], None),
    ],
)
def test_last_value_of_a_header_counts(headers: list[tuple[str, bytes | None]] | None, expected: str | None) -> None:
    """Of a header that stands several times the last value counts; names are exact."""
    assert expected == text_header(headers, "a")


def test_header_that_is_no_utf8_is_still_text() -> None:
    """Foreign bytes in a header raise nothing."""
    assert text_header([("a", b"\xff")], "a") in (None, "\ufffd")


def test_names_are_made_in_one_place() -> None:
    """Groups are PREFIX.ENDPOINT and subjects TOPIC-value."""
    assert group_of("registry-worker", "ci") == "registry-worker.ci"
    assert subject_of("registry.events") == "registry.events-value"


@pytest.mark.parametrize(
    ("label", "is_one"),
    [("eu", True), ("eu-1.a_b", True), ("...a", True), (".", False), ("..", False), ("." * 63, False), ("", False)],
)
def test_dots_alone_are_no_label(label: str, *, is_one: bool) -> None:
    """A path of dots means another path to many a client and proxy."""
    assert is_one == (LABEL.fullmatch(label) is not None)
