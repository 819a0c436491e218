"""One event in one attempt, as it is shown."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from consumer.attempts.event_attempt import EventAttempt

EXPECTED = EventAttempt(
    endpoint="ci",
    time=datetime(2023, 11, 14, 22, 13, 20, 250_000, UTC),
    event_id="evt-1",
    topic="registry.events",
    partition=3,
    offset=7,
    repository="team/app",
    action="push",
    number=2,
    outcome="delivered",
    status=202,
    error="",
    seconds=0.125,
    next_try_s=None,
    answer="thanks",
)


def test_when_it_was_over() -> None:
    """Its beginning and what it took."""
    assert EXPECTED.ended == 1_700_000_000.375


@pytest.mark.parametrize("outcome", ["rejected", "throttled", "unavailable", "failed"])
def test_what_failed(outcome: str) -> None:
    """Every outcome but delivered."""
    assert replace(EXPECTED, outcome=outcome).failed
    assert not EXPECTED.failed
