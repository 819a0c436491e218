"""Which tries burn an event's attempts, sentence by sentence as documented."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.delivery.policy.attempts import AttemptPolicy, Reason
from consumer.delivery.policy.outcome import Outcome
from consumer.lanes.delivery import Tries

_REJECTED, _FAILED = Outcome.REJECTED, Outcome.FAILED
_UNAVAILABLE, _THROTTLED = Outcome.UNAVAILABLE, Outcome.THROTTLED


def _count(
    tries: Tries,
    *outcomes: Outcome,
    attempts: int = 10,
    deliveries: int = 0,
    window_full: bool = False,
    final_try: bool = False,
) -> Reason | None:
    """Count these tries; what the last one came to."""
    found = None
    for outcome in outcomes:
        found = AttemptPolicy(attempts).count(
            tries, outcome, deliveries=deliveries, window_full=window_full, final_try=final_try
        )
    return found


@pytest.mark.parametrize("outcome", [_REJECTED, _FAILED])
def test_a_rejected_or_failed_try_burns(outcome: Outcome) -> None:
    """A try burns if rejected or failed, whatever else was delivered or not."""
    tries = Tries()
    _count(tries, outcome)
    assert (1, 1) == (tries.made, tries.counted)


def test_attempts_burnt_tries_exhaust() -> None:
    """The `attempts`-th burnt try makes a dead letter, and no earlier one."""
    tries = Tries()
    assert None is _count(tries, *[_FAILED] * 9)
    assert Reason.EXHAUSTED is _count(tries, _FAILED)


@pytest.mark.parametrize(("attempts", "enough"), [(1, 1), (2, 2), (3, 3), (4, 3), (10, 3), (1000, 3)])
def test_three_rejected_tries_or_attempts_are_enough(attempts: int, enough: int) -> None:
    """min(attempts, 3) rejected tries make a dead letter that says so."""
    tries = Tries()
    assert None is _count(tries, *[_REJECTED] * (enough - 1), attempts=attempts)
    assert Reason.REJECTED is _count(tries, _REJECTED, attempts=attempts)


def test_rejected_tries_need_not_follow_each_other() -> None:
    """Three of them rejected, among others that failed or were not counted."""
    tries = Tries()
    assert None is _count(tries, _REJECTED, _FAILED, _UNAVAILABLE, _REJECTED, _THROTTLED)
    assert Reason.REJECTED is _count(tries, _REJECTED)


def test_rejected_tries_burn_attempts_too() -> None:
    """Two rejected and eight failed tries are ten burnt ones."""
    tries = Tries()
    assert None is _count(tries, _REJECTED, _REJECTED, *[_FAILED] * 7)
    assert Reason.EXHAUSTED is _count(tries, _FAILED)


def test_an_outage_burns_nothing() -> None:
    """Unavailable tries while nothing is delivered make no dead letter, however many."""
    tries = Tries()
    assert None is _count(tries, *[_UNAVAILABLE] * 1000, attempts=1, deliveries=7, window_full=True)
    assert (1000, 0) == (tries.made, tries.counted)


def test_unavailable_burns_when_another_was_delivered_since_the_previous_try() -> None:
    """Then the endpoint is there, and the event may be at fault; the same deliveries do not count twice."""
    tries = Tries()
    _count(tries, _UNAVAILABLE, deliveries=5)
    _count(tries, _UNAVAILABLE, deliveries=5)
    assert 0 == tries.counted
    _count(tries, _UNAVAILABLE, deliveries=6)
    assert 1 == tries.counted
    _count(tries, _UNAVAILABLE, deliveries=6)
    assert 1 == tries.counted
    _count(tries, _UNAVAILABLE, deliveries=60)
    assert 2 == tries.counted


def test_the_first_try_has_no_previous_one() -> None:
    """What was delivered before an event was tried says nothing about it."""
    tries = Tries()
    assert None is _count(tries, _UNAVAILABLE, attempts=1, deliveries=1000)
    assert 0 == tries.counted


def test_a_try_of_any_outcome_is_a_previous_one() -> None:
    """Deliveries count from the last try, also if that was throttled or failed."""
    tries = Tries()
    _count(tries, _THROTTLED, deliveries=3)
    _count(tries, _UNAVAILABLE, deliveries=3)
    assert 0 == tries.counted
    _count(tries, _FAILED, deliveries=4)
    _count(tries, _UNAVAILABLE, deliveries=4)
    assert 1 == tries.counted


def test_throttled_never_burns() -> None:
    """An endpoint that asks for patience gets it, even if others are delivered."""
    tries = Tries()
    for deliveries in range(1000):
        assert None is _count(tries, _THROTTLED, attempts=1, deliveries=deliveries)
    assert 0 == tries.counted


def test_throttled_counts_as_unavailable_once_the_window_is_full() -> None:
    """With the window full it burns when another was delivered since, and only then."""
    tries = Tries()
    _count(tries, _THROTTLED, deliveries=1, window_full=True)
    _count(tries, _THROTTLED, deliveries=1, window_full=True)
    assert 0 == tries.counted
    _count(tries, _THROTTLED, deliveries=2, window_full=True)
    assert 1 == tries.counted
    _count(tries, _THROTTLED, deliveries=3, window_full=False)
    assert 1 == tries.counted


def test_a_lone_poison_event_ends_as_a_dead_letter() -> None:
    """Others are delivered while one is never: after the first try every one burns."""
    tries = Tries()
    found = [_count(tries, _UNAVAILABLE, deliveries=deliveries) for deliveries in range(11)]
    assert [*[None] * 10, Reason.EXHAUSTED] == found


@pytest.mark.parametrize(("outcome", "reason"), [(_FAILED, Reason.EXHAUSTED), (_REJECTED, Reason.REJECTED)])
def test_behind_an_exhausted_head_one_burnt_try_is_enough(outcome: Outcome, reason: Reason) -> None:
    """With the window full, the next event of a lane is given up after one burnt try."""
    assert reason is _count(Tries(), outcome, window_full=True, final_try=True)


def test_behind_an_exhausted_head_an_outage_still_burns_nothing() -> None:
    """One try is enough only if it burns."""
    assert None is _count(Tries(), *[_UNAVAILABLE] * 50, window_full=True, final_try=True)


_TRIES = st.lists(
    st.tuples(st.sampled_from([_REJECTED, _FAILED, _UNAVAILABLE, _THROTTLED]), st.integers(0, 2), st.booleans()),
    max_size=40,
)


@given(st.integers(1, 12), _TRIES)
def test_an_event_is_given_up_exactly_when_it_is_burnt_out(
    attempts: int, steps: list[tuple[Outcome, int, bool]]
) -> None:
    """For any tries: the reason is there if and only if the burnt ones, counted by hand, are enough."""
    tries, deliveries, burnt, rejected = Tries(), 0, 0, 0
    for number, (outcome, delivered, full) in enumerate(steps):
        deliveries += delivered
        found = _count(tries, outcome, attempts=attempts, deliveries=deliveries, window_full=full)
        others = number > 0 and delivered > 0
        patient = outcome is _UNAVAILABLE or (outcome is _THROTTLED and full)
        burnt += outcome in {_REJECTED, _FAILED} or (patient and others)
        rejected += outcome is _REJECTED
        if rejected >= min(attempts, 3):
            assert Reason.REJECTED is found
        else:
            assert (Reason.EXHAUSTED if burnt >= attempts else None) is found
        assert (number + 1, burnt, rejected) == (tries.made, tries.counted, tries.rejected)
