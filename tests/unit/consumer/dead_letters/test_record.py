"""Dead letters: the record as it was, and why it is here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.dead_letters.record import MAX_TEXT_BYTES, answer_in, fitting, letter_of, original_of
from consumer.delivery.policy.attempts import Cause, Reason
from consumer.record import Record
from runtime.kafka.records import OutgoingRecord

_HEADERS = (("ce_id", b"\x00\xff"), ("content-type", b"application/avro"), ("ce_id", b"again"), ("empty", b""))


def _letter(
    cause: Cause,
    record: Record | None = None,
    *,
    attempts: int = 3,
    first: float | None = 1767323045.678,
    last: float | None = 1767326645.0,
) -> OutgoingRecord:
    return letter_of(
        record or Record("registry.events", 4, 1207, 0, b"library/app", b"\x00value", _HEADERS),
        cause,
        topic="registry.dead-letters",
        endpoint="ci",
        attempts=attempts,
        first_attempt=first,
        last_attempt=last,
    )


def _facts(letter: OutgoingRecord) -> dict[str, str]:
    return {name: value.decode() for name, value in letter.headers if name.startswith("dl-")}


def test_key_value_and_headers_are_untouched() -> None:
    """Bytes, order and repeated names stay; what is ours comes behind."""
    letter = _letter(Cause(Reason.EXHAUSTED, 500, "status 500"))
    assert ("registry.dead-letters", b"library/app", b"\x00value") == (letter.topic, letter.key, letter.value)
    assert list(_HEADERS) == letter.headers[: len(_HEADERS)]
    assert all(name.startswith("dl-") for name, _ in letter.headers[len(_HEADERS) :])


def test_what_passes_for_a_letter_is_not_taken_over() -> None:
    """Headers in our name that a foreign record brings are dropped: it cannot say that it is somebody's, or closed."""
    forged = (("dl-state", b"discarded"), ("dl-endpoint", b"audit"), ("dl-offset", b"9"), ("kept", b"x"))
    record = Record("registry.events", 4, 1207, 0, b"library/app", b"\x00value", forged)
    letter = _letter(Cause(Reason.EXHAUSTED, 500, "status 500"), record)
    facts = _facts(letter)
    assert (facts["dl-endpoint"], facts["dl-offset"], facts.get("dl-state")) == ("ci", "1207", None)
    assert [name for name, _ in letter.headers].count("dl-endpoint") == 1
    assert letter.headers[0] == ("kept", b"x")


def test_it_says_where_it_lay_and_why() -> None:
    """All facts, as text."""
    expected = {
        "dl-endpoint": "ci",
        "dl-topic": "registry.events",
        "dl-partition": "4",
        "dl-offset": "1207",
        "dl-reason": "exhausted",
        "dl-status": "500",
        "dl-error": "status 500",
        "dl-answer": "no such project",
        "dl-attempts": "3",
        "dl-first-attempt": "2026-01-02T03:04:05.678Z",
        "dl-last-attempt": "2026-01-02T04:04:05.000Z",
    }
    assert expected == _facts(_letter(Cause(Reason.EXHAUSTED, 500, "status 500", "no such project")))


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        (Reason.REJECTED, "rejected"),
        (Reason.EXHAUSTED, "exhausted"),
        (Reason.UNDECODABLE, "undecodable"),
        (Reason.UNSENDABLE, "unsendable"),
    ],
)
def test_reasons(reason: Reason, name: str) -> None:
    """The four reasons by the names that tools select by."""
    assert name == _facts(_letter(Cause(reason)))["dl-reason"]


def test_what_never_was_is_left_out() -> None:
    """An event that was never tried has no status and no times, but partition, offset and attempts 0."""
    record = Record("registry.events", 0, 0, 0, None, None)
    letter = _letter(Cause(Reason.UNDECODABLE), record, attempts=0, first=None, last=None)
    expected = {
        "dl-endpoint": "ci",
        "dl-topic": "registry.events",
        "dl-partition": "0",
        "dl-offset": "0",
        "dl-reason": "undecodable",
        "dl-attempts": "0",
    }
    assert expected == _facts(letter)
    assert (None, None) == (letter.key, letter.value)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("a" * 1024, b"a" * 1024),
        ("a" * 1025, b"a" * 1024),
        ("\u00e9" * 600, "\u00e9".encode() * 512),
        ("a" + "\u00e9" * 600, b"a" + "\u00e9".encode() * 511),
        ("\u4e2d" * 400, "\u4e2d".encode() * 341),
        ("\U0001f600" * 300, "\U0001f600".encode() * 256),
        ("half \ud800 of a pair", b"half ? of a pair"),
    ],
)
def test_errors_are_cut_between_characters(error: str, expected: bytes) -> None:
    """At most 1 KiB of UTF-8, whole characters; what UTF-8 cannot carry is replaced and stops no letter."""
    assert ("dl-error", expected) in _letter(Cause(Reason.EXHAUSTED, None, error)).headers


@given(st.text(st.characters(exclude_categories=[]), max_size=2000))
def test_any_error_fits(error: str) -> None:
    """Whatever the error says, the letter can be written, and says as much of it as fits."""
    found = dict(_letter(Cause(Reason.EXHAUSTED, None, error)).headers).get("dl-error", b"")
    carried = error.encode("utf-8", "replace").decode()
    assert carried.startswith(found.decode())
    assert min(len(carried.encode()), MAX_TEXT_BYTES - 3) <= len(found) <= MAX_TEXT_BYTES


def test_the_answer_is_a_kib() -> None:
    """Also where escapes have made it longer; the event that is redriven does not have it."""
    letter = _letter(Cause(Reason.EXHAUSTED, 500, "status 500", "\\x00" * 1024))
    stored = Record("registry.dead-letters", 0, 0, 0, letter.key, letter.value, tuple(letter.headers))
    assert answer_in(stored) == "\\x00" * 256
    assert original_of(stored).headers == _HEADERS


def test_a_record_that_no_letter_can_hold_is_kept_without_what_is_too_much() -> None:
    """A foreign producer's batch may be a hundred times as large as the topic's limit on compressed bytes."""
    record, cause = (
        Record("t", 0, 1, 0, b"k", b"x" * 89, (("name", b"y" * 6),)),
        Cause(Reason.UNDECODABLE, error="damaged"),
    )
    assert (record, cause) == fitting(record, cause, 100)
    kept, why = fitting(record, cause, 99)
    assert (kept.key, kept.value, kept.headers) == (b"k", None, ())
    assert why == Cause(
        Reason.UNDECODABLE, error="damaged; its value and headers, 100 B, are left out: a letter takes 99 B"
    )
    keyed, why = fitting(Record("t", 0, 1, 0, b"k" * 100, b"x"), cause, 99)
    assert (keyed.key, keyed.value) == (None, None)
    assert why.error == "damaged; its key, value and headers, 101 B, are left out: a letter takes 99 B"
