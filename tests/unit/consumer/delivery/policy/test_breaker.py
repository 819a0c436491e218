"""The breaker: opens after a streak, probes a growing wait apart, closes with the first delivery."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.delivery.policy.breaker import Breaker, BreakerState
from runtime.backoff import Backoff


def _breaker(threshold: int = 3, jitter: float = 0.0) -> Breaker:
    return Breaker(threshold, Backoff(1.0, 8.0, lambda: jitter))


def _opened(now: float = 100.0) -> Breaker:
    breaker = _breaker()
    for _ in range(3):
        breaker.not_delivered(now, is_probe=False, rejected=False)
    return breaker


@pytest.mark.parametrize("threshold", [1, 2, 10])
def test_opens_at_the_threshold(threshold: int) -> None:
    """So many outcomes in a row that are not delivered open it, and the opening is told once."""
    breaker = _breaker(threshold)
    told = [breaker.not_delivered(5.0, is_probe=False, rejected=False) for _ in range(threshold + 2)]
    assert [*[False] * (threshold - 1), True, False, False] == told
    assert breaker.is_open
    assert threshold + 2 == breaker.streak


def test_a_delivery_between_begins_the_streak_again() -> None:
    """Only outcomes in a row count."""
    breaker = _breaker()
    for _ in range(10):
        assert not breaker.not_delivered(0.0, is_probe=False, rejected=False)
        assert not breaker.not_delivered(0.0, is_probe=False, rejected=False)
        assert not breaker.delivered()
        assert 0 == breaker.streak
    assert not breaker.is_open


def test_probes_are_a_doubling_backoff_apart() -> None:
    """The first probe comes one backoff after the opening; each failed one doubles the wait, up to the most."""
    breaker, now, waits = _opened(), 100.0, []
    for _ in range(6):
        waits.append(breaker.next_probe - now)
        now = breaker.next_probe
        assert not breaker.not_delivered(now, is_probe=True, rejected=False)
    assert [1, 2, 4, 8, 8, 8] == waits


def test_waits_are_stretched_never_shortened() -> None:
    """Jitter goes upwards."""
    breaker = _breaker(1, jitter=0.8)
    breaker.not_delivered(0.0, is_probe=False, rejected=False)
    assert 1.2 == pytest.approx(breaker.next_probe)


def test_requests_in_flight_do_not_lengthen_the_wait() -> None:
    """What was sent before it opened counts for the streak, but only probes make the wait longer."""
    breaker = _opened()
    for _ in range(60):
        assert not breaker.not_delivered(100.5, is_probe=False, rejected=False)
    assert 101.0 == breaker.next_probe
    assert 63 == breaker.streak


def test_any_delivery_closes_it_and_the_next_opening_begins_small() -> None:
    """Closing is told once; waits do not go on where they were."""
    breaker = _opened()
    for _ in range(5):
        breaker.not_delivered(breaker.next_probe, is_probe=True, rejected=False)
    assert breaker.delivered()
    assert not breaker.delivered()
    assert (False, 0) == (breaker.is_open, breaker.streak)
    assert [False, False, True] == [breaker.not_delivered(500.0, is_probe=False, rejected=False) for _ in range(3)]
    assert 501.0 == breaker.next_probe


def test_a_probe_that_becomes_a_dead_letter_leaves_the_streak() -> None:
    """It says nothing about the endpoint: the streak stays, and the next probe has a wait of its own."""
    breaker = _opened()
    breaker.probe_ended(101.0)
    assert (3, True, 103.0) == (breaker.streak, breaker.is_open, breaker.next_probe)


def test_a_dead_letter_while_closed_changes_nothing() -> None:
    """Without an open breaker there is no probe."""
    breaker = _breaker()
    breaker.not_delivered(0.0, is_probe=False, rejected=False)
    breaker.probe_ended(50.0)
    assert (1, False, 0.0) == (breaker.streak, breaker.is_open, breaker.next_probe)


def _refused(now: float = 100.0) -> Breaker:
    breaker = _breaker()
    for _ in range(3):
        breaker.not_delivered(now, is_probe=False, rejected=True)
    return breaker


def test_a_streak_of_refusals_alone_leaves_it_open_to_what_was_not_refused() -> None:
    """The state says so, and probes are as far apart as ever."""
    breaker = _refused()
    assert (BreakerState.REFUSED, True, 101.0) == (breaker.state, breaker.is_open, breaker.next_probe)
    assert not breaker.not_delivered(101.0, is_probe=True, rejected=True)
    assert (BreakerState.REFUSED, 103.0) == (breaker.state, breaker.next_probe)
    assert breaker.delivered()
    assert BreakerState.CLOSED is breaker.state


def test_one_outcome_of_another_kind_ends_that_and_the_waits_begin_anew() -> None:
    """An endpoint that refused all night and is away now is found again as soon as any other."""
    breaker = _refused()
    for _ in range(5):
        breaker.not_delivered(breaker.next_probe, is_probe=True, rejected=True)
    assert breaker.not_delivered(500.0, is_probe=False, rejected=False)
    assert (BreakerState.OPEN, 501.0) == (breaker.state, breaker.next_probe)
    assert not breaker.not_delivered(501.0, is_probe=True, rejected=True)
    assert BreakerState.OPEN is breaker.state


def test_one_outcome_of_another_kind_before_it_opened_counts_too() -> None:
    """The streak as a whole decides, until something is delivered."""
    breaker = _breaker()
    breaker.not_delivered(0.0, is_probe=False, rejected=False)
    for _ in range(2):
        breaker.not_delivered(0.0, is_probe=False, rejected=True)
    assert BreakerState.OPEN is breaker.state
    breaker.delivered()
    told = [breaker.not_delivered(0.0, is_probe=False, rejected=True) for _ in range(3)]
    assert ([False, False, True], "refused") == (told, breaker.state.value)


def test_a_probe_that_found_nothing_lets_what_is_refused_next_wait_as_long() -> None:
    """The wait neither grows by that nor begins anew."""
    breaker = _refused()
    breaker.not_delivered(101.0, is_probe=True, rejected=True)
    breaker.probe_missed(900.0)
    assert 902.0 == breaker.next_probe
    breaker.probe_missed(1000.0)
    assert 1002.0 == breaker.next_probe


@given(st.integers(1, 5), st.lists(st.tuples(st.integers(0, 4), st.floats(0.0, 10.0)), max_size=60))
def test_open_exactly_from_threshold_to_delivery(threshold: int, steps: list[tuple[int, float]]) -> None:
    """Whatever comes, its state follows from the streak and what is in it; probes never come at once."""
    breaker, now = _breaker(threshold), 0.0
    streak: list[bool] = []
    for what, seconds in steps:
        now += seconds
        before = _state(threshold, streak)
        if what == 0:
            assert (len(streak) >= threshold) is breaker.delivered()
            streak = []
        elif what == 1:
            breaker.probe_ended(now)
        else:
            streak.append(what == 4)
            changed = breaker.not_delivered(now, is_probe=what == 2, rejected=what == 4)
            assert changed is (before is not _state(threshold, streak))
            if changed or what == 2 < threshold <= len(streak):
                assert now + 1.0 <= breaker.next_probe <= now + 8.0
        expected = _state(threshold, streak)
        assert (expected, len(streak)) == (breaker.state, breaker.streak)
        assert breaker.is_open is (expected is not BreakerState.CLOSED)


def _state(threshold: int, streak: list[bool]) -> BreakerState:
    if len(streak) < threshold:
        return BreakerState.CLOSED
    return BreakerState.REFUSED if all(streak) else BreakerState.OPEN
