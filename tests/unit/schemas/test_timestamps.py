"""RFC 3339 times to microseconds: total, exact, cut off and never rounded."""

import pytest

from schemas.timestamps import ZERO_TIME, micros, registry_time


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1970-01-01T00:00:00.0000019Z", 1),
        ("1969-12-31T23:59:59.9999999Z", -1),
        ("1970-01-01T05:30:00+05:30", 0),
        ("1969-12-31T16:00:00.5-08:00", 500_000),
        ("1970-01-01T00:00:00-00:00", 0),
        ("1970-01-01t00:00:00z", 0),
        ("2026-11-24T11:52:14.00767803+05:30", 1795501334007678),
        ("2026-11-24T06:22:14.007678039999999999Z", 1795501334007678),
        ("2024-02-29T00:00:00Z", 1709164800000000),
        ("0001-01-01T00:00:00Z", -62135596800000000),
        ("0001-01-01T10:00:00+10:00", -62135596800000000),
        ("9999-12-31T23:59:59.999999999Z", 253402300799999999),
        ("9999-12-31T22:59:59.999999-01:00", 253402300799999999),
    ],
)
def test_time_in_microseconds(text: str, expected: int) -> None:
    """Any offset and any number of digits give microseconds since the epoch."""
    assert expected == micros(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "now", "Z", "1795501334", "2026-11-24", "2026-11-24T11:52Z", "2026-11-24T11:52:14"),
        *("2026-11-24 11:52:14Z", "2026-11-24T11:52:14.Z", "2026-11-24T11:52:14,5Z", "2026-11-24T11:52:14+0530"),
        *("2026-11-24T11:52:14Z\n", " 2026-11-24T11:52:14Z", "2026-11-24T11:52:14Zulu", "+2026-11-24T11:52:14Z"),
        *("2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-00-10T00:00:00Z", "2026-01-32T00:00:00Z"),
        *("0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "2026-11-24T24:00:00Z", "2026-11-24T11:60:00Z"),
        *(
            "2026-11-24T11:52:14+24:00",
            "2026-11-24T11:52:14+05:60",
            "2026-11-24T11:52:14+05:99",
            "2026-11-24T11:52:14-99:99",
        ),
        *(
            "２０２６-11-24T11:52:14Z",
            "2026-11-24T11:52:14\u00b2Z",
            "\ud800",
            "2026-11-24T11:52:14.٣Z",
            "2026-11-24T11:52:61Z",
        ),
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    """Text that RFC 3339 does not know, and year 0, is no time: never an error, never a guess."""
    assert micros(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00+10:00",
        "0001-01-01T00:00:00+23:59",
        "0001-01-01T00:00:00.999999999+00:01",
        "9999-12-31T23:59:59.999999-23:59",
        "9999-12-31T23:59:59-00:01",
    ],
)
def test_time_beyond_utc_years_1_to_9999_has_no_number(text: str) -> None:
    """.NET's smallest local time is before year 1 in UTC: a number for it would end every reader that makes dates."""
    assert micros(text) is None
    assert text == registry_time(text), "it is a time all the same, which Go reads"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-11-24T11:52:14.00767803+05:30", "2026-11-24T11:52:14.00767803+05:30"),
        ("2026-11-24t11:52:14z", "2026-11-24T11:52:14Z"),
        *(
            (text, ZERO_TIME)
            for text in ("", "yesterday", "2026-11-24", "2016-12-31T23:59:60Z", "0000-01-01T00:00:00Z")
        ),
    ],
)
def test_time_as_a_registry_writes_it(text: str, written: str) -> None:
    """A registry always writes a time that Go's strict reader takes: the zero one where it has none."""
    assert written == registry_time(text)


def test_leap_second_is_no_time() -> None:
    """Python's and Avro's days have 86,400 seconds: a leap second has no number of its own, and is not guessed."""
    assert micros("2016-12-31T23:59:60Z") is None
