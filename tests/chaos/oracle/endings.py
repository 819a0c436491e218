"""Everything came to rest in time, every process ended as it should, and nothing is left over. Pure."""

from collections.abc import Iterator
from typing import Final

from tests.chaos.facts import Evidence, Life, Violation

STOOD_STILL: Final = "no progress"
ENDED_WRONG: Final = "wrong end"
LEFT_OVER: Final = "left over"
BY_SIGTERM: Final = frozenset({-15, 128 + 15})
STARTING_S: Final = 1.0
"""A process that is asked to stop before it listens to signals ends as any process does; it has done nothing yet."""
MARGIN_S: Final = 4.0
"""What a stop may take longer on a machine that has other things to do."""


def check(evidence: Evidence) -> Iterator[Violation]:
    """What did not end as it should."""
    if evidence.rested is None:
        yield Violation(STOOD_STILL, f"nothing had come to rest long after {evidence.faults_ended:.1f} s")
    for life in evidence.lives:
        if wrong := _wrong_end(life, evidence.late_s):
            yield Violation(ENDED_WRONG, f"{life.name} {wrong}")
    for text in evidence.leftovers:
        yield Violation(LEFT_OVER, text)
    if evidence.rested is not None:
        yield from _uncommitted(evidence)


def _wrong_end(life: Life, late_s: float) -> str:
    """What is wrong with the end of a process; empty if nothing is."""
    if life.killed or (life.asked is None and life.code is None):
        return ""
    if life.asked is None:
        return f"ended by itself with {life.code}"
    if life.code in BY_SIGTERM and life.asked - life.began < STARTING_S:
        return ""
    if life.code != 0 or life.ended is None:
        return f"ended with {life.code} after SIGTERM"
    took = life.ended - life.asked
    in_time = took <= life.allowed_s + MARGIN_S + late_s
    return "" if in_time else f"took {took:.1f} s after SIGTERM, {life.allowed_s:g} s allowed"


def _uncommitted(evidence: Evidence) -> Iterator[Violation]:
    """What a worker would deliver again though all is delivered; what an endpoint did not ask for is nobody's debt.

    A worker that was killed, or lost its session, leaves commits to its successor, which may not have come to them. Nor
    can a commit with holes move on while its first hole is one of these: what is finished behind it is in its metadata.
    """
    plans = {endpoint.name: endpoint for endpoint in evidence.schedule.endpoints}
    gone = {life.name for life in evidence.lives if life.killed} | evidence.expelled
    last = {(request.endpoint, place): request.worker for request in evidence.requests for place in request.places}
    for commit in evidence.commits:
        plan = plans[commit.endpoint]
        if commit.has_holes and last.get((commit.endpoint, (commit.partition, commit.offset))) in gone:
            continue
        left = [
            record.id
            for record in evidence.log
            if record.place[0] == commit.partition
            and record.place[1] >= commit.offset
            and plan.wants(evidence.sent[record.id].action)
            and last.get((commit.endpoint, record.place)) not in gone
        ]
        if left:
            holes = " with holes" if commit.has_holes else ""
            text = f"{commit.endpoint} has committed {commit.offset}{holes} in partition {commit.partition}"
            yield Violation(LEFT_OVER, f"{text}, but not {left[0]} and {len(left) - 1} more", left[0])
