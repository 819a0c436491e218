"""Attempts as lines."""

import pytest
from msgspec.structs import replace

from consumer.attempts.text import line_of, shown_seconds
from tests.unit.consumer.attempts.test_event_attempt import EXPECTED


def test_a_delivery() -> None:
    """All on one line, the answer last."""
    assert line_of(EXPECTED) == (
        "2023-11-14T22:13:20.250Z  ci  evt-1  3:7  team/app  push  try 2  delivered  status 202 in 125ms  thanks"
    )


def test_a_failure() -> None:
    """With the reason, and when the next try follows."""
    failed = replace(
        EXPECTED,
        outcome="unavailable",
        status=None,
        error="dns: no such host",
        next_try_s=4.04,
        answer="",
        seconds=30.0,
    )
    assert line_of(failed).endswith("try 2  unavailable  dns: no such host in 30s  next try after 4s")


def test_what_is_not_known() -> None:
    """Is a dash, and no answer that is forgotten is shown as an empty one."""
    line = line_of(replace(EXPECTED, event_id=None, repository=None, action=None, answer=None))
    assert line.endswith("  ci  -  3:7  -  -  try 2  delivered  status 202 in 125ms")


def test_nothing_that_somebody_sent_moves_the_cursor() -> None:
    """Escapes take its place."""
    assert "team\\x1b[2J/app" in line_of(replace(EXPECTED, repository="team\x1b[2J/app"))


DURATIONS = [(0.0, "under 1ms"), (0.00042, "under 1ms"), (0.0123, "12ms"), (1.26, "1.3s"), (75.04, "1m15s")]


@pytest.mark.parametrize(("seconds", "shown"), DURATIONS)
def test_durations(seconds: float, shown: str) -> None:
    """Are rounded."""
    assert shown_seconds(seconds) == shown
