"""`rate_limit`: evenly spread, idle time saves nothing up, late alarms are made up for a little."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.delivery.policy.rate_limit import RateLimit


def _starts(rate: RateLimit, wakes: list[float]) -> list[float]:
    """When requests start, if as many as may do so at each of these moments."""
    started = []
    for now in wakes:
        while rate.next_at(now) <= now:
            rate.take(now)
            started.append(now)
    return started


def test_no_limit_lets_all_pass() -> None:
    """Without a limit every request may start at once."""
    rate = RateLimit(None)
    for _ in range(100):
        rate.take(5.0)
        assert rate.next_at(5.0) <= 5.0


def test_requests_are_an_interval_apart() -> None:
    """One a second is one a second, the first at once."""
    wakes = [100 + tenth / 10 for tenth in range(51)]
    assert [100, 101, 102, 103, 104, 105] == [round(start) for start in _starts(RateLimit(1.0), wakes)]


@pytest.mark.parametrize("per_second", [0.001, 0.5, 1.0, 10.0, 100.0])
def test_idle_time_saves_nothing_up(per_second: float) -> None:
    """After an hour without requests the second one still waits for the first one's interval."""
    rate = RateLimit(per_second)
    rate.take(1000.0)
    rate.take(4600.0)
    assert 4600.0 + 1.0 / per_second == pytest.approx(rate.next_at(4600.0), abs=0.006)
    assert rate.next_at(4600.0) > 4600.0


@pytest.mark.parametrize("per_second", [10.0, 500.0, 3000.0])
def test_alarms_that_are_late_do_not_slow_it_down(per_second: float) -> None:
    """Woken every 2 ms and no better, it still reaches its rate."""
    started = _starts(RateLimit(per_second), [100 + tick * 0.002 for tick in range(5001)])
    assert per_second * 10 == pytest.approx(len(started), rel=0.02, abs=1)


@given(
    st.floats(0.1, 2000.0),
    st.lists(st.floats(0.0, 0.5), max_size=40),
    st.integers(0, 39),
    st.integers(0, 39),
)
def test_no_stretch_of_time_has_more_than_its_share(per_second: float, gaps: list[float], one: int, other: int) -> None:
    """In any time T at most (T + 5 ms) x rate + 1 requests start, however it is woken."""
    wakes = [100.0]
    for gap in gaps:
        wakes.append(wakes[-1] + gap)
    started = _starts(RateLimit(per_second), wakes)
    first, last = sorted((wakes[one % len(wakes)], wakes[other % len(wakes)]))
    within = [start for start in started if first <= start <= last]
    assert len(within) <= (last - first + 0.005) * per_second + 1.001
