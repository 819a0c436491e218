"""Everything came to rest in time, every process ended as it should, and nothing is left over. Pure."""

from collections.abc import Iterator
from typing import Final

from tests.chaos.facts import Evidence, Violation

STOOD_STILL: Final = "no progress"
ENDED_WRONG: Final = "wrong end"
LEFT_OVER: Final = "left over"
BY_SIGTERM: Final = -15
STARTING_S: Final = 1.0
"""A process that is asked to stop before it listens to signals ends as any process does; it has done nothing yet."""
MARGIN_S: Final = 4.0
"""What a stop may take longer on a machine that has other things to do."""


def check(evidence: Evidence) -> Iterator[Violation]:
    """What did not end as it should."""
    if evidence.rested is None:
        yield Violation(STOOD_STILL, f"nothing had come to rest long after {evidence.faults_ended:.1f} s")
    for life in evidence.lives:
        if life.killed:
            continue
        if life.asked is None:
            if life.code is not None:
                yield Violation(ENDED_WRONG, f"{life.name} ended by itself with {life.code}")
        elif life.code == BY_SIGTERM and life.asked - life.began < STARTING_S:
            continue
        elif life.code != 0 or life.ended is None:
            yield Violation(ENDED_WRONG, f"{life.name} ended with {life.code} after SIGTERM")
        elif life.ended - life.asked > life.allowed_s + MARGIN_S + evidence.late_s:
            took = life.ended - life.asked
            yield Violation(ENDED_WRONG, f"{life.name} took {took:.1f} s after SIGTERM, {life.allowed_s:g} s allowed")
    for text in evidence.leftovers:
        yield Violation(LEFT_OVER, text)
