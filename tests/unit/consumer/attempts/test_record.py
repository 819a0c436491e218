"""The records of the attempts topic."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from consumer.attempts.event_attempt import EventAttempt
from consumer.attempts.record import LARGEST_ATTEMPT, UnreadableAttemptError, attempt_in, record_of
from consumer.record import Headers, Record
from schemas.avro import frame
from schemas.catalog import ATTEMPTS
from tests.unit.consumer.attempts.test_event_attempt import EXPECTED

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_INTS = st.integers(0, 2**31 - 1)
ATTEMPTS_OF_ANY_KIND = st.builds(
    EventAttempt,
    endpoint=_TEXTS,
    time=st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    event_id=st.none() | _TEXTS,
    topic=_TEXTS,
    partition=_INTS,
    offset=st.integers(0, 2**63 - 1),
    repository=st.none() | _TEXTS,
    action=st.none() | _TEXTS,
    number=_INTS,
    outcome=_TEXTS,
    status=st.none() | _INTS,
    error=st.text("abc:", max_size=40),
    seconds=st.floats(0, 1e6),
    next_try_s=st.none() | st.floats(0, 1e6),
    answer=_TEXTS,
)


def stored(attempt: EventAttempt, **changes: object) -> Record:
    """The record of an attempt as it lies in the topic."""
    made = record_of(attempt, "attempts")
    record = Record("attempts", 0, 7, made.timestamp_ms or 0, made.key, made.value, tuple(made.headers))
    return replace(record, **changes)


@given(ATTEMPTS_OF_ANY_KIND)
def test_what_is_written_is_read_back(attempt: EventAttempt) -> None:
    """Whatever it is."""
    assert attempt_in(stored(attempt)) == attempt


def test_key_time_and_headers() -> None:
    """The event's id, or its place; the end of the attempt; the media type and the schema."""
    made = record_of(EXPECTED, "attempts")
    assert (made.topic, made.key, made.timestamp_ms) == ("attempts", b"evt-1", 1_700_000_000_375)
    headers = {"content-type": b"application/avro", "schema-fingerprint": ATTEMPTS.latest.fingerprint.encode()}
    assert dict(made.headers) == headers
    assert record_of(replace(EXPECTED, event_id=None), "attempts").key == b"registry.events/3/7"


def test_by_its_id_alone() -> None:
    """A mirror may lose headers."""
    assert attempt_in(stored(EXPECTED, headers=())) == EXPECTED


def test_the_largest() -> None:
    """Fits into the bound, however long its error is, and whatever stands in it."""
    long = replace(
        EXPECTED,
        event_id="\ufffd" * 512,
        repository="\ufffd" * 512,
        action="\ufffd" * 512,
        endpoint="e" * 100,
        answer="\\x00" * 1024,
        error="\ud800" * 5000,
    )
    made = record_of(long, "t" * 249)
    assert len(made.value or b"") + len(made.key or b"") < LARGEST_ATTEMPT
    assert attempt_in(stored(long)).error == "\\ud800" * 1024


NEWER: Headers = (("schema-fingerprint", b"0123456789abcdef"),)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"value": None}, "0 bytes are too few for a framed value"),
        ({"value": b"no attempt"}, "framing byte is 0x6e, not 0x00"),
        ({"headers": NEWER}, "fingerprint 0123456789abcdef: this version knows releases of attempts up to 1"),
        ({"value": frame(ATTEMPTS.latest.id, b"\x02")}, "not an attempt: "),
        ({"value": frame(7, b""), "headers": ()}, "schema id 0x00000007, fingerprint none: this version knows"),
    ],
)
def test_what_is_none_is_said_to_be(changes: dict[str, object], told: str) -> None:
    """Damaged, foreign, or of a newer release."""
    with pytest.raises(UnreadableAttemptError) as error:
        attempt_in(stored(EXPECTED, **changes))
    assert told in str(error.value)


def test_bytes_behind_it() -> None:
    """Are not passed over."""
    value = stored(EXPECTED).value or b""
    with pytest.raises(UnreadableAttemptError, match="bytes are left behind it"):
        attempt_in(stored(EXPECTED, value=value + b"\x00"))


@given(st.binary(max_size=200))
def test_damaged_bytes(damage: bytes) -> None:
    """Are an attempt or a fault, and nothing else."""
    try:
        attempt_in(stored(EXPECTED, value=frame(ATTEMPTS.latest.id, damage)))
    except UnreadableAttemptError as error:
        assert str(error)  # noqa: PT017 - either is fine
