"""Whether Kafka answers: seen within the 15 s that readiness promises, and no single failure is an outage."""

from hypothesis import given
from hypothesis.strategies import booleans, floats, lists, tuples

from runtime.kafka.reachability import AWAY_AFTER_S, LIMIT_S, Reachability

PROMISED_S = 15.0
SLACK_S = 1.0
"""How much longer than it should a question or a pause may take on a busy machine."""


def test_nothing_is_known_before_the_first_answer_or_the_first_outage() -> None:
    """Neither up nor away."""
    state = Reachability(0.0)
    state.failed("refused", 1.0)
    assert (None, "") == (state.is_up, state.silence)
    state.failed("refused", AWAY_AFTER_S)
    assert (False, "refused") == (state.is_up, state.silence)
    state.answered(AWAY_AFTER_S + 1.0)
    assert (True, "") == (state.is_up, state.silence)


def test_the_cause_follows_while_it_lasts() -> None:
    """It may be a refused connection first, and a wrong certificate after the restart."""
    state = Reachability(0.0)
    state.failed("a", AWAY_AFTER_S)
    state.failed("b", AWAY_AFTER_S + 0.1)
    assert "b" == state.silence


@given(
    answers=lists(tuples(booleans(), floats(0.0, LIMIT_S + SLACK_S), floats(0.0, SLACK_S)), max_size=40),
    silent_from=floats(0.0, 60.0),
)
def test_an_outage_is_seen_in_time_and_nothing_else_is_one(
    answers: list[tuple[bool, float, float]], silent_from: float
) -> None:
    """Questions are put as the pulse puts them; from some moment on none is answered."""
    state, now, answered_at = Reachability(0.0), 0.0, 0.0
    script = iter(answers)
    while now < silent_from + PROMISED_S + LIMIT_S:
        answer, took, late = next(script, (True, 0.1, 0.0))
        if answer and now + took < silent_from:
            now += took
            answered_at = now
            state.answered(now)
            assert state.is_up
        else:
            now += min(took, LIMIT_S + SLACK_S)
            state.failed("no answer", now)
            assert (now - answered_at >= AWAY_AFTER_S) or not state.silence
        now += state.pause_s + late
        if now - max(answered_at, 0.0) > PROMISED_S:
            assert state.silence
