"""Questions about attempts: their queries, and what matches."""

import re
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from consumer.attempts.question import MOST, AttemptQuestion, question_of
from tests.unit.consumer.attempts.test_event_attempt import EXPECTED

QUESTIONS = st.builds(
    AttemptQuestion,
    endpoint=st.none() | st.text(),
    id=st.none() | st.text(),
    failed=st.booleans(),
    after=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    limit=st.integers(1, MOST),
)


@given(QUESTIONS)
def test_a_query_says_it_all(question: AttemptQuestion) -> None:
    """What is written is read back."""
    assert question_of(dict(parse_qsl(question.query, keep_blank_values=True))) == question


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"failed": "yes"}, "failed='yes' is neither true nor false"),
        ({"limit": "0"}, "limit='0' is not a number from 1 to 10000"),
        ({"limit": "10001"}, "limit='10001' is not a number from 1 to 10000"),
        ({"limit": "ten"}, "limit='ten' is not a number from 1 to 10000"),
        ({"after": "nan"}, "after='nan' is not a time in seconds since the epoch"),
        ({"after": "now"}, "after='now' is not a time in seconds since the epoch"),
        ({"from": "1"}, "there is no parameter 'from'; allowed are endpoint, id, failed, after, limit"),
    ],
)
def test_a_bad_query_is_refused(query: dict[str, str], told: str) -> None:
    """Naming the parameter, the value, and what is allowed."""
    with pytest.raises(ValueError, match=re.escape(told)):
        question_of(query)


@pytest.mark.parametrize(
    ("question", "matches"),
    [
        (AttemptQuestion(), True),
        (AttemptQuestion(endpoint="ci"), True),
        (AttemptQuestion(endpoint="audit"), False),
        (AttemptQuestion(id="evt-1"), True),
        (AttemptQuestion(id="3:7"), True),
        (AttemptQuestion(id="3:8"), False),
        (AttemptQuestion(failed=True), False),
        (AttemptQuestion(after=EXPECTED.ended), False),
        (AttemptQuestion(after=EXPECTED.ended - 0.001), True),
    ],
)
def test_matches(question: AttemptQuestion, *, matches: bool) -> None:
    """By endpoint, event, outcome and time."""
    assert question.matches(EXPECTED) is matches


def test_failed_ones() -> None:
    """Whatever the outcome is, but delivered."""
    assert AttemptQuestion(failed=True).matches(replace(EXPECTED, outcome="throttled"))
