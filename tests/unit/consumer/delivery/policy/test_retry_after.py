"""Waits: growing, capped, stretched and never shortened; and what endpoints say in Retry-After."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.delivery.policy.retry_after import MAX_RETRY_AFTER_S, backoff_s, retry_after_s

_NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()
_FIRST = st.floats(0.001, 86400.0)
_MOST = st.floats(0.001, 86400.0)
_JITTER = st.floats(0.0, 1.0, exclude_max=True)


def test_the_registrys_backoff_doubles_to_five_minutes() -> None:
    """With the defaults: 1, 2, 4 ... 256, then 300 seconds."""
    waits = [backoff_s(tries, first_s=1.0, most_s=300.0, jitter=0.0) for tries in range(1, 12)]
    assert [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] == waits


@given(st.integers(1, 10**6), _FIRST, _MOST, _JITTER)
def test_waits_are_capped_and_stretched_upwards(tries: int, first: float, most: float, jitter: float) -> None:
    """Jitter adds up to a quarter and takes nothing away; the cap holds before it, at any number of tries."""
    plain = backoff_s(tries, first_s=first, most_s=most, jitter=0.0)
    stretched = backoff_s(tries, first_s=first, most_s=most, jitter=jitter)
    assert min(first, most) <= plain <= most
    assert plain <= stretched <= plain * 1.25


@given(st.integers(1, 10**6), st.integers(0, 10**6), _FIRST, _MOST, _JITTER)
def test_waits_never_fall(tries: int, more: int, first: float, most: float, jitter: float) -> None:
    """More tries never wait less, up to a million of them."""
    sooner = backoff_s(tries, first_s=first, most_s=most, jitter=jitter)
    assert sooner <= backoff_s(tries + more, first_s=first, most_s=most, jitter=jitter)


@given(st.integers(1, 30), _JITTER, _JITTER)
def test_different_jitter_gives_different_waits(tries: int, one: float, other: float) -> None:
    """Lanes that failed together do not come back together."""
    waits = {backoff_s(tries, first_s=1.0, most_s=300.0, jitter=jitter) for jitter in (one, other)}
    assert (abs(one - other) > 1e-9) <= (len(waits) == 2)


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
