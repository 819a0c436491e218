"""What endpoints say in Retry-After, in every form that it may have."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.delivery.policy.retry_after import MAX_RETRY_AFTER_S, retry_after_s

_NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0.0),
        ("1", 1.0),
        ("120", 120.0),
        (" 120\t", 120.0),
        ("007", 7.0),
        ("3600", 3600.0),
        ("3601", 3600.0),
        ("9" * 18, 3600.0),
        ("9" * 19, 3600.0),
        ("9" * 5000, 3600.0),
        ("-5", None),
        ("+5", None),
        ("1.5", None),
        ("1e3", None),
        ("1_000", None),
        ("0x10", None),
        ("\u0665", None),
        ("\u00b2", None),
        ("", None),
        ("   ", None),
        ("soon", None),
        ("120 seconds", None),
        ("120, 240", None),
        ("NaN", None),
        ("inf", None),
        ("Fri, 02 Jan 2026 03:05:05 GMT", 60.0),
        ("Friday, 02-Jan-26 03:05:05 GMT", 60.0),
        ("Fri Jan  2 03:05:05 2026", 60.0),
        ("Fri, 02 Jan 2026 04:05:05 +0100", 60.0),
        ("Fri, 02 Jan 2026 03:05:05 -0000", 60.0),
        ("Fri, 02 Jan 2026 03:04:05 GMT", 0.0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
        ("Fri, 02 Jan 2026 09:04:05 GMT", 3600.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600.0),
        ("Fri, 32 Jan 2026 03:05:05 GMT", None),
        ("Fri, 02 Jan 2026 25:05:05 GMT", None),
        ("Fri, 02 Jan 99999 03:05:05 GMT", None),
    ],
)
def test_retry_after(text: str, expected: float | None) -> None:
    """Seconds and all three forms of HTTP date; the past is now, an hour is the most, and nonsense is nothing."""
    assert expected == retry_after_s(text, now=_NOW)


_WORDS = st.lists(
    st.sampled_from(
        ["Sun,", "Nov", "06", "1994", "08:49:37", "GMT", "-0000", "06-Nov-94", "(c)", ",", ":", "99999", "1"]
    ),
    max_size=8,
).map(" ".join)


@given(st.one_of(st.text(), st.text("0123456789:,-+ ANovSunGMT"), _WORDS), st.floats(0, 4e9))
def test_retry_after_is_total(text: str, now: float) -> None:
    """Any text is a wait between nothing and an hour, or none."""
    found = retry_after_s(text, now=now)
    assert found is None or 0.0 <= found <= MAX_RETRY_AFTER_S


@given(st.integers(-(10**6), 10**6))
def test_dates_are_seconds_from_now(seconds: int) -> None:
    """A date says as much as the seconds until then."""
    date = format_datetime(datetime.fromtimestamp(_NOW, UTC) + timedelta(seconds=seconds), usegmt=True)
    assert min(max(seconds, 0), 3600) == retry_after_s(date, now=_NOW)
