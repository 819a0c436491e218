"""Why something waits: whatever the facts, what lags has a reason, in words that an operator knows."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.endpoint.latency import Latency
from consumer.endpoint.reasons import Blocked, Facts, reasons_of

TEXT = st.sampled_from(["", "why"])
SECONDS = st.floats(0, 1e6)
COUNT = st.integers(0, 300)
BLOCKED = st.builds(Blocked, st.integers(0, 11), TEXT, st.none() | st.integers(0, 2**32), st.integers(0, 2**60), TEXT)
FACTS = st.builds(
    Facts,
    lag=COUNT,
    unread=COUNT,
    fault=TEXT,
    schema_troubles=st.just(()) | st.just(("schema id 7: no answer",)),
    paused=TEXT,
    breaker=TEXT,
    only_refused=st.booleans(),
    next_probe=st.none() | SECONDS,
    held=st.just(0.0) | SECONDS,
    is_sink=st.booleans(),
    blocked=st.lists(BLOCKED, max_size=2).map(tuple),
    delay=SECONDS,
    held_back=st.none() | SECONDS,
    burying=COUNT,
    unwritten_because=TEXT,
    rate_limit=st.none() | st.floats(0.01, 1e4),
    without_room=COUNT,
    in_flight=COUNT,
    limit=st.integers(1, 300),
    answers_take=st.none() | SECONDS,
    waits_for_commit=st.booleans(),
    lanes=COUNT,
    retrying=COUNT,
    next_try=SECONDS,
    last_failure=st.sampled_from(["", "status 401"]),
    ordered=st.booleans(),
    filtering=st.booleans(),
)


@given(FACTS)
def test_whatever_lags_has_a_reason(facts: Facts) -> None:
    """The reasons are a total function: at least one where something waits, none empty, none twice."""
    reasons = reasons_of(facts)
    assert reasons or facts.lag == 0
    assert all(reason.strip() and "\n" not in reason for reason in reasons)
    nothing = replace(facts, lag=0)
    assert set(reasons_of(nothing)) <= set(reasons), "what stops an endpoint is told though nothing waits yet"


@pytest.mark.parametrize(
    ("facts", "reasons"),
    [
        (Facts(lag=0), []),
        (Facts(lag=0, breaker="status 503", next_probe=41.2), ["breaker open: status 503, next try in 41 s"]),
        (Facts(lag=9, breaker="status 503", next_probe=272.0), ["breaker open: status 503, next try in 4m32s"]),
        (
            Facts(lag=9, breaker="status 502", next_probe=41.2, last_failure="status 400"),
            ["breaker open: status 502; the last failure: status 400, next try in 41 s"],
        ),
        (
            Facts(lag=9, breaker="status 502", next_probe=41.2, last_failure="status 502"),
            ["breaker open: status 502, next try in 41 s"],
        ),
        (Facts(lag=9, breaker="timeout: 1 s", in_flight=1), ["breaker open: timeout: 1 s, a probe is in flight"]),
        (
            Facts(lag=9, paused="paused by an operator", breaker="status 401", next_probe=0.0),
            ["paused by an operator", "breaker open: status 401, next try after the pause"],
        ),
        (
            Facts(lag=4000, unread=9, in_flight=4, limit=64, answers_take=0.8, lanes=4),
            ["4 repositories waiting in order; answers take 0.8 s"],
        ),
        (
            Facts(lag=4000, in_flight=3, limit=64, answers_take=0.004, lanes=9, retrying=6, next_try=2.4),
            [
                "6 repositories wait for the next try, the first in 2 s",
                "3 repositories waiting in order; answers take 4 ms",
            ],
        ),
        (
            Facts(lag=9, lanes=1, retrying=1, next_try=30.0),
            ["1 repository waits for the next try, the first in 30 s"],
        ),
        (
            Facts(lag=9, lanes=1, retrying=1, next_try=30.0, last_failure="status 401"),
            ["1 repository waits for the next try, the first in 30 s; the last failure: status 401"],
        ),
        (
            Facts(lag=9, in_flight=64, limit=64, answers_take=12.3, lanes=64),
            ["64 requests at once is the limit; answers take 12 s"],
        ),
        (
            Facts(lag=9, in_flight=1, limit=64, lanes=3, without_room=2),
            [
                "2 repositories wait until a large request ends: those under way take all memory for bodies",
                "1 repository waiting in order",
            ],
        ),
        (Facts(lag=9, in_flight=1, limit=1, lanes=9), ["1 request at once is the limit"]),
        (Facts(lag=9, in_flight=2, limit=64, lanes=5, ordered=False), ["5 events in progress"]),
        (Facts(lag=9, rate_limit=0.5, in_flight=1, limit=64), ["rate limit: 0.5 requests a second"]),
        (
            Facts(
                lag=9,
                breaker="status 422; only repositories that it refused wait",
                only_refused=True,
                next_probe=3.0,
                unread=5,
            ),
            ["breaker open: status 422; only repositories that it refused wait, next try in 3 s"],
        ),
        (Facts(lag=9, delay=5.0, held_back=4.25), ["held back by delay (5s), the next event for 4.2 s"]),
        (Facts(lag=9, held=12.4), ["paused by Retry-After for 12 s"]),
        (Facts(lag=9, held=12.4, is_sink=True), ["the sink asked to be left alone, 12 s more"]),
        (Facts(lag=9, unread=9, filtering=True), ["filtered events are being skipped"]),
        (Facts(lag=9, unread=9), ["the log is being read"]),
        (Facts(lag=9, answers_take=0.05), ["about to be sent; answers take 50 ms"]),
        (Facts(lag=9, fault="Kafka does not answer"), ["Kafka does not answer"]),
        (Facts(lag=9, waits_for_commit=True), ["finished events are being committed first"]),
        (
            Facts(lag=9, burying=2, unwritten_because="no answer"),
            ["2 dead letters cannot be written: no answer"],
        ),
        (Facts(lag=9, burying=1), ["1 dead letter being written"]),
        (
            Facts(
                lag=9,
                schema_troubles=("schema id 7: no answer",),
                blocked=(
                    Blocked(1, "event of release 9"),
                    Blocked(2, schema_id=7),
                    Blocked(3, base=17, repository="a/b"),
                ),
            ),
            [
                "schema id 7: no answer",
                "partition 1 needs a newer worker: event of release 9",
                "partition 2 waits for the schema registry, asked for id 7",
                "partition 3: the window is full, waiting for a/b (offset 17)",
            ],
        ),
        (Facts(lag=9, blocked=(Blocked(3, base=17),)), ["partition 3: the window is full, waiting for offset 17"]),
    ],
)  # fmt: skip
def test_words(facts: Facts, reasons: list[str]) -> None:
    """What an operator reads."""
    assert reasons_of(facts) == reasons


def mean_of(*answers: float) -> float | None:
    """What recent answers are said to take."""
    latency = Latency()
    for seconds in answers:
        latency.observe(seconds)
    return latency.mean_s


def test_recent_answers_count_most() -> None:
    """The mean follows what answers take now, and forgets what they took."""
    assert mean_of() is None
    assert mean_of(8.0) == 8.0
    assert mean_of(8.0, *[0.8] * 30) == pytest.approx(0.8, abs=0.01)
