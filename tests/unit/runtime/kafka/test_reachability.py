"""Whether Kafka answers: seen within the 15 s that readiness promises, and no single failure is an outage."""

from hypothesis import example, given
from hypothesis.strategies import booleans, floats, lists, tuples

from runtime.kafka.reachability import AWAY_AFTER_S, LIMIT_S, Reachability

PROMISED_S = 15.0
SLACK_S = 1.0
"""How much longer than it should a question or a pause may take on a busy machine."""


def test_nothing_is_known_before_the_first_answer_or_the_first_outage() -> None:
    """Neither up nor away."""
    state = Reachability(0.0)
    state.failed("refused", 1.0)
    assert (None, "") == (state.is_up, state.unreachable_because)
    state.failed("refused", AWAY_AFTER_S)
    assert (False, "refused") == (state.is_up, state.unreachable_because)
    state.answered(AWAY_AFTER_S + 1.0)
    assert (True, "") == (state.is_up, state.unreachable_because)


def test_the_cause_follows_while_it_lasts() -> None:
    """It may be a refused connection first, and a wrong certificate after the restart."""
    state = Reachability(0.0)
    state.failed("a", AWAY_AFTER_S)
    state.failed("b", AWAY_AFTER_S + 0.1)
    assert "b" == state.unreachable_because


QUESTIONS = lists(tuples(booleans(), floats(0.0, LIMIT_S + SLACK_S), floats(0.0, SLACK_S)), max_size=20)
"""Whether it is answered, how long that takes or is waited for, and how much longer than it should the pause lasts."""


@given(before=QUESTIONS, after=QUESTIONS)
@example(before=[(True, 0.0, 0.0)], after=[(False, LIMIT_S, SLACK_S)] * 20)
@example(before=[(True, 0.0, 0.0)], after=[(False, 1.85, SLACK_S)] * 20)
def test_an_outage_is_seen_in_time_and_nothing_else_is_one(
    before: list[tuple[bool, float, float]], after: list[tuple[bool, float, float]]
) -> None:
    """Questions are put as the pulse puts them; after some of them none is answered any more."""
    state, now, answered_at = Reachability(0.0), 0.0, 0.0
    for answer, took, late in [*before, *((False, took, late) for _, took, late in after)]:
        now += took
        if answer:
            answered_at = now
            state.answered(now)
            assert state.is_up
        else:
            state.failed("no answer", now)
            assert bool(state.unreachable_because) == (now - answered_at >= AWAY_AFTER_S)
            assert state.unreachable_because or now - answered_at < PROMISED_S
        now += state.pause_s + late
        if not state.unreachable_because:
            assert now + LIMIT_S - answered_at <= PROMISED_S, "the next question could end too late"
