"""Quantiles of a histogram, as Prometheus has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.worker.page.quantiles import RecentCounts, quantile

BOUNDS = (1.0, 2.0, 4.0)


def test_within_a_bucket() -> None:
    """As far into it as its share says."""
    assert quantile(0.5, BOUNDS, [0, 10, 0, 0]) == pytest.approx(1.5)
    assert quantile(0.5, BOUNDS, [10, 10, 0, 0]) == pytest.approx(1.0)
    assert quantile(0.99, BOUNDS, [98, 0, 2, 0]) == pytest.approx(3.0)


def test_beyond_the_last_bound_and_of_nothing() -> None:
    """Is more than can be told, and nothing."""
    assert quantile(0.5, BOUNDS, [1, 0, 0, 5]) == float("inf")
    assert quantile(0.5, BOUNDS, [0, 0, 0, 0]) is None


@given(st.lists(st.integers(0, 50), min_size=4, max_size=4), st.floats(0.01, 1), st.floats(0.01, 1))
def test_a_larger_share_is_no_smaller(counts: list[int], one: float, other: float) -> None:
    """Whatever was counted."""
    low, high = (quantile(share, BOUNDS, counts) for share in sorted((one, other)))
    assert low is high is None or (low is not None and high is not None and low <= high)


def test_of_the_last_minutes() -> None:
    """What was counted before them is left out; of a young process all counts."""
    recent = RecentCounts(2)
    for minute in range(100, 200):
        recent.keep(minute, [minute, 0])
        recent.keep(minute, [minute + 1, 0])
    assert [6, 3] == recent.since(195, [201, 3])
    assert [61, 0] == recent.since(0, [200, 0]), "no more is kept than an hour"
    young = RecentCounts(2)
    young.keep(100, [4, 4])
    assert [9, 4] == young.since(40, [9, 4])
