"""A count over the last hour: what was not kept is unknown, and never 0."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.worker.page.history import MINUTES, SLOT_S, CountHistory, LogGrowth, slot_of

HOUR_S = 3600
NOON = 1_800_000_000 // HOUR_S * HOUR_S


def kept(counts: dict[int, int]) -> CountHistory:
    """A history with these counts, by seconds after noon."""
    history = CountHistory()
    for second, count in counts.items():
        history.keep(slot_of(NOON + second), count)
    return history


def test_nothing_is_known_at_first() -> None:
    """No minute, and no rate."""
    history = CountHistory()
    assert [None] * MINUTES == history.rates()
    assert history.rate(5, NOON) is None


def test_a_steady_stream() -> None:
    """Has the same rate in each minute, and now."""
    history = kept({second: second * 3 for second in range(0, HOUR_S + 1, SLOT_S)})
    assert [3.0] * (MINUTES - 1) == history.rates()[:-1]
    assert history.rates()[-1] is None, "the last minute has just begun"
    assert history.rate((HOUR_S + 4) * 3, NOON + HOUR_S + 4) == pytest.approx(3.0)


def test_what_was_missed_is_unknown() -> None:
    """And nothing else: a minute of which two looks are known has a rate."""
    history = kept({0: 0, 10: 10, 60: 60, 70: 70, 240: 240, 250: 260, 300: 300})
    assert [1.0, 1.0, None, None, 1.0, None] == history.rates()[-6:]


def test_a_count_that_fell_is_another_one() -> None:
    """Its minute is unknown."""
    assert [None, 1.0] == kept({0: 900, 60: 10, 120: 70}).rates()[-3:-1]


def test_a_clock_that_is_set_back_begins_anew() -> None:
    """What was known before is not mixed with what comes."""
    history = kept({600: 5, 610: 6, 0: 100, 10: 200})
    assert [10.0] == [rate for rate in history.rates() if rate is not None]


def test_a_second_look_at_a_slot_loses_nothing() -> None:
    """A timer may fire early, at the end of the slot before: what came in it is counted all the same."""
    history = kept({0: 0})
    history.keep(slot_of(NOON + SLOT_S - 1), 30)
    history.keep(slot_of(NOON + SLOT_S), 30)
    assert [3.0] == [rate for rate in history.rates() if rate is not None]


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(0, 10_000)), max_size=60))
def test_no_rate_is_made_up(steps: list[tuple[int, int]]) -> None:
    """However irregular the looks: each minute's rate lies between the smallest and the largest of its steps."""
    history, second, count = CountHistory(), 0, 0
    rates = [0.0]
    for apart, more in steps:
        second, count = second + apart * SLOT_S, count + more
        rates.append(more / (apart * SLOT_S))
        history.keep(slot_of(NOON + second), count)
    assert MINUTES == len(history.rates())
    assert all(rate is None or 0 <= rate <= max(rates) + 0.01 for rate in history.rates())


def test_the_growth_of_a_log() -> None:
    """Looks come when they come: in between the end was in between, and a long silence is unknown."""
    growth = LogGrowth()
    assert (None, None) == (growth.end, growth.rate(NOON))
    for second in range(3, 200, 12):
        growth.saw(second * 4, NOON + second)
    assert growth.rate(NOON + 200) == pytest.approx(4.0)
    assert [4.0] * 3 == [rate for rate in growth.rates if rate is not None][-3:]
    assert growth.rate(NOON + 900) is None
    growth.saw(5000, NOON + 900)
    assert growth.rate(NOON + 900) is None
    assert 5000 == growth.end


def test_a_log_that_was_made_anew() -> None:
    """Its end fell: what came in since is unknown."""
    growth = LogGrowth()
    growth.saw(900, NOON)
    growth.saw(3, NOON + 10)
    assert growth.rate(NOON + 11) is None
