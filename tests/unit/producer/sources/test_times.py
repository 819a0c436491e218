"""Times as senders write them."""

import pytest

from producer.sources.times import time_of_seconds, utc_time


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1_790_000_000, "2026-09-21T14:13:20Z"),
        (1_790_000_000.25, "2026-09-21T14:13:20.250000Z"),
        (253_402_300_799, "9999-12-31T23:59:59Z"),
        (0, ""),
        (-1, ""),
        (253_402_300_800, ""),
        (10**400, ""),
        (float("inf"), ""),
        (float("nan"), ""),
    ],
)
def test_seconds_since_the_epoch(seconds: float, text: str) -> None:
    """What is no time of the years 1970 to 9999 is none."""
    assert time_of_seconds(seconds) == text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("2026-05-01T10:00:00.123456789Z", "2026-05-01T10:00:00.123456789Z"),
        ("2026-05-01T12:00:00+02:00", "2026-05-01T10:00:00Z"),
        ("2026-05-01", ""),
        ("", ""),
    ],
)
def test_a_text_becomes_one_in_utc(given: str, text: str) -> None:
    """If it is a time."""
    assert utc_time(given) == text
