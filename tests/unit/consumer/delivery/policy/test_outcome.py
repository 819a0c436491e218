"""Outcomes: one for every answer there can be, in the order that the documentation gives."""

from collections.abc import Set as AbstractSet

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.delivery.policy.outcome import Answer, Fault, NoAnswer, Outcome, outcome_of, signals_overload
from runtime.config.endpoint_settings import DEFAULT_REJECT_STATUSES

_UNAVAILABLE = {401, 403, 404, 407, 408, 410, 421, 425, 502, 504}


def _expected(status: int, retry_after: str, rejects: AbstractSet[int]) -> Outcome:
    """The order as a list: the first row that fits."""
    rows = [
        (200 <= status <= 299, Outcome.DELIVERED),
        (400 <= status <= 599 and status in rejects, Outcome.REJECTED),
        (status in {429, 503} or retry_after != "", Outcome.THROTTLED),
        (300 <= status <= 399 or status in _UNAVAILABLE, Outcome.UNAVAILABLE),
    ]
    return next((outcome for fits, outcome in rows if fits), Outcome.FAILED)


@pytest.mark.parametrize("retry_after", ["", "0", "120", "soon", "Sun, 06 Nov 1994 08:49:37 GMT"])
@pytest.mark.parametrize(
    "rejects",
    [frozenset(), DEFAULT_REJECT_STATUSES, frozenset({404, 429, 500, 503}), frozenset(range(400, 600))],
    ids=["none", "default", "some", "all"],
)
def test_every_status_has_its_outcome(retry_after: str, rejects: frozenset[int]) -> None:
    """Every status from 100 to 999, with Retry-After and without, for all kinds of `reject_statuses`."""
    for status in range(100, 1000):
        assert _expected(status, retry_after, rejects) is outcome_of(Answer(status, retry_after), rejects), status


@given(st.integers(100, 999), st.text(max_size=5), st.frozensets(st.integers(400, 599)))
def test_any_reject_set(status: int, retry_after: str, rejects: frozenset[int]) -> None:
    """The order holds for any set of rejected statuses and any text of Retry-After."""
    assert _expected(status, retry_after, rejects) is outcome_of(Answer(status, retry_after), rejects)


@pytest.mark.parametrize(
    ("status", "retry_after", "expected"),
    [
        (200, "", Outcome.DELIVERED),
        (204, "120", Outcome.DELIVERED),
        (299, "", Outcome.DELIVERED),
        (301, "", Outcome.UNAVAILABLE),
        (304, "", Outcome.UNAVAILABLE),
        (307, "30", Outcome.THROTTLED),
        (400, "", Outcome.REJECTED),
        (413, "30", Outcome.REJECTED),
        (401, "", Outcome.UNAVAILABLE),
        (404, "", Outcome.UNAVAILABLE),
        (404, "30", Outcome.THROTTLED),
        (405, "", Outcome.REJECTED),
        (402, "", Outcome.FAILED),
        (418, "", Outcome.FAILED),
        (429, "", Outcome.THROTTLED),
        (500, "", Outcome.FAILED),
        (500, "30", Outcome.THROTTLED),
        (501, "", Outcome.REJECTED),
        (502, "", Outcome.UNAVAILABLE),
        (503, "", Outcome.THROTTLED),
        (504, "", Outcome.UNAVAILABLE),
        (100, "", Outcome.FAILED),
        (999, "", Outcome.FAILED),
    ],
)
def test_by_name_with_the_default_reject_statuses(status: int, retry_after: str, expected: Outcome) -> None:
    """The statuses that operators meet."""
    assert expected is outcome_of(Answer(status, retry_after), DEFAULT_REJECT_STATUSES)


@pytest.mark.parametrize("fault", Fault)
def test_no_answer_is_unavailable(fault: Fault) -> None:
    """Whatever kept the answer from coming is the endpoint's fault or the way's, not the event's."""
    result = NoAnswer(fault, "it did not come")
    assert Outcome.UNAVAILABLE is outcome_of(result, frozenset(range(400, 600)))
    assert (fault is Fault.TIMEOUT) is signals_overload(result)


def test_what_narrows_the_ceiling() -> None:
    """Of all statuses 429 and 503 alone, with Retry-After or without, rejected or not."""
    assert [429, 503] == [status for status in range(100, 1000) if signals_overload(Answer(status))]
    assert not signals_overload(Answer(500, "30"))
