"""What follows from what a sink raises."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.delivery.policy.outcome import Outcome, SinkResult, describe, outcome_of, signals_overload
from consumer.delivery.sink.errors import EventRejectedError, SinkUnavailableError
from consumer.delivery.sink.results import WRITTEN, SinkResults
from schemas import Event
from tests.kit.python_sinks import SECRET, ask_for_patience, be_away, refuse, stumble


def raised(behaviour: Callable[[Event], None]) -> Exception:
    """What it raises."""
    try:
        behaviour(Event())
    except Exception as error:  # noqa: BLE001 - whatever it is
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("behaviour", "outcome", "retry_after", "said"),
    [
        (refuse, Outcome.REJECTED, "", "EventRejectedError: no such repository (python_sinks.py, line "),
        (be_away, Outcome.UNAVAILABLE, "", "SinkUnavailableError: the database is away (python_sinks.py, line "),
        (ask_for_patience, Outcome.THROTTLED, "7", "SinkUnavailableError: too much to do (python_sinks.py, line "),
        (stumble, Outcome.FAILED, "", "KeyError: 'password=***' (python_sinks.py, line "),
    ],
)
def test_an_exception_has_its_outcome(
    behaviour: Callable[[Event], None], outcome: Outcome, retry_after: str, said: str
) -> None:
    """It says what is at fault, and where it was raised; options of the sink do not show."""
    found = SinkResults({"password": [{"of": SECRET}]}).of(raised(behaviour))
    assert (found.outcome, found.retry_after) == (outcome, retry_after)
    assert found.error.startswith(said)
    assert outcome_of(found, frozenset(range(400, 600))) is outcome
    assert describe(found) == found.error
    assert signals_overload(found) is (outcome is Outcome.THROTTLED)


def test_a_write_that_returns_has_delivered() -> None:
    """There is nothing to say about it but that."""
    assert outcome_of(WRITTEN, frozenset()) is Outcome.DELIVERED
    assert describe(WRITTEN) == "the sink has it"


@pytest.mark.parametrize("wait", [None, 0, -1.0, math.inf, math.nan, "soon", True])
def test_a_wait_that_is_none(wait: Any) -> None:
    """It is unavailable, as without one; `True` is a second to Python."""
    found = SinkResults({}).of(SinkUnavailableError("x", retry_after=wait))
    assert found.outcome is (Outcome.THROTTLED if wait is True else Outcome.UNAVAILABLE)


@given(st.text())
def test_any_text_can_be_shown(text: str) -> None:
    """In one line, and not too long."""
    found = SinkResults({"a": text}).of(EventRejectedError(text))
    assert found.error.isprintable()
    assert len(found.error) <= 1024


def test_a_subclass_is_what_it_is_derived_from() -> None:
    """So that a sink can have exceptions of its own."""

    class TooLargeError(EventRejectedError):
        """One of its own."""

    assert SinkResults({}).of(TooLargeError()) == SinkResult(Outcome.REJECTED, "TooLargeError")
    assert SinkResults({}).of(TimeoutError()).outcome is Outcome.FAILED
