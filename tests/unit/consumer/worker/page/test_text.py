"""Numbers and moments as the page shows them."""

import pytest

from consumer.worker.page import text


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "0 s"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h 0 min"),
        (47 * 3600 + 59 * 60, "47 h 59 min"),
        (49 * 3600, "2 d 1 h"),
        (400 * 86400, "400 d 0 h"),
    ],
)
def test_ages(seconds: float, shown: str) -> None:
    """In one or two units; page.js has the same."""
    assert shown == text.age(seconds)


def test_moments_are_filled_in_where_they_stand() -> None:
    """By the time at which the page is asked for, and none that a text only looks like."""
    made = text.since(1_000, "a") + text.until(65_000, "b") + text.escaped('<time data-since="1" datetime="c"></time>')
    shown = text.with_ages(made, 5_000)
    assert '<time data-since="1000" datetime="a">4 s</time>' in shown
    assert '<time data-until="65000" datetime="b">1 min</time>' in shown
    assert shown.endswith("&quot;&gt;&lt;/time&gt;")


def test_numbers() -> None:
    """With as many digits as tell something; what is not known says so."""
    assert ["0", "1,234", text.UNKNOWN] == [text.number(0), text.number(1234), text.number(None)]
    rates = [text.plain_rate(rate) for rate in (0.0, 0.04, 0.5, 12.34, 1234.5)]
    assert ["0/s", "0.04/s", "0.5/s", "12.3/s", "1,234/s"] == rates
    assert text.UNKNOWN == text.rate(None)
    durations = [
        text.duration(seconds).replace("<small>&nbsp;", " ").removesuffix("</small>")
        for seconds in (0.0034, 0.25, 1.0, 12.345)
    ]
    assert ["3.4 ms", "250 ms", "1 s", "12.3 s"] == durations
