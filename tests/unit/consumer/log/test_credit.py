"""Credit: what may still be read, and when fetching is to pause."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.log.credit import LEAST_COST, PAUSE_AFTER_S, READ_AHEAD, Credit, cost_of, total_cost
from consumer.record import Record

SIZES = st.lists(st.integers(0, 2 * READ_AHEAD), max_size=20)


def record(size: int) -> Record:
    """A record whose value has so many bytes."""
    return Record("t", 0, 0, 0, None, bytes(size))


def test_nothing_was_asked_for() -> None:
    """Then nothing may be read."""
    credit = Credit()
    assert (False, 0) == (credit.is_left, credit.records_of(0))


@given(SIZES, st.integers(1, 4 * READ_AHEAD))
def test_reading_goes_on_until_what_came_costs_what_was_asked(sizes: list[int], asked: int) -> None:
    """The last record may cost more than was left, and no more is read until that is asked for."""
    credit, spent = Credit(), 0
    credit.add(asked)
    for size in sizes:
        assert credit.is_left == (spent < asked)
        if not credit.is_left:
            break
        credit.spend([record(size)])
        spent += total_cost([record(size)])
    if spent >= asked:
        credit.add(spent - asked)
        assert not credit.is_left
        credit.add(1)
        assert credit.is_left


@given(st.integers(0, 4 * READ_AHEAD), st.integers(0, READ_AHEAD))
def test_records_of_a_size_come_in_whole_ones(asked: int, size: int) -> None:
    """So many fit, and one more would not."""
    credit = Credit()
    credit.add(asked)
    count = credit.records_of(size)
    assert count * cost_of(size) <= asked < (count + 1) * cost_of(size)


def test_an_overdraft_is_worth_no_records() -> None:
    """However far below nothing it is."""
    credit = Credit()
    credit.spend([record(READ_AHEAD)])
    assert 0 == credit.records_of(1)


@pytest.mark.parametrize(
    ("left", "quiet_s", "pauses"),
    [
        (1, 100 * PAUSE_AFTER_S, False),
        (0, PAUSE_AFTER_S, False),
        (0, PAUSE_AFTER_S + 0.1, True),
        (-READ_AHEAD, 0.0, False),
        (-READ_AHEAD - 1, 0.0, True),
    ],
)
def test_fetching_pauses_for_lasting_pressure(left: int, quiet_s: float, *, pauses: bool) -> None:
    """Nothing may be read, and it lasts, or far too much came already."""
    credit = Credit()
    credit.add(left)
    assert pauses is credit.calls_for_pause(quiet_s)


def test_small_records_cost_more_than_they_are() -> None:
    """So that their number is bounded."""
    assert [LEAST_COST, LEAST_COST, LEAST_COST + 1] == [cost_of(size) for size in (0, LEAST_COST, LEAST_COST + 1)]
