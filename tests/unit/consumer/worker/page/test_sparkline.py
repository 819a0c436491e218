"""A sparkline draws what is known, leaves the rest empty, and says in words what it shows."""

import re

from consumer.worker.page.sparkline import highest, sparkline


def test_what_is_unknown_is_a_gap() -> None:
    """Two runs are two areas; a minute that is known and 0 lies on the ground, one above 0 can be seen."""
    drawn = sparkline([None, 0.0, 10.0, None, 0.001], "Delivered")
    assert ["M1 32V32H2 V2H3V32Z", "M4 32V31.5H5V32Z"] == re.findall(r'class="area" d="([^"]*)"', drawn)


def test_it_tells() -> None:
    """The highest and the mean; and of how much of the hour."""
    assert "at most 10/s, on average 5/s" in sparkline([0.0, 10.0] * 30, "Delivered").replace(".0/s", "/s")
    assert "Delivered in the 2 minutes of the last hour that are known" in sparkline(
        [None] * 58 + [1.0, 2.0], "Delivered"
    )
    assert "not known yet" in sparkline([None] * 60, "Delivered")
    assert (2.0, None) == (highest([None, 2.0, 1.0]), highest([None]))
