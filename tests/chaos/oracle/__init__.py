"""The oracle: judges a run by what was recorded, and knows nothing of how it was made. Pure."""

from dataclasses import dataclass, field

from tests.chaos.facts import Evidence, Violation
from tests.chaos.oracle import endings, losses, order, sameness, truth
from tests.chaos.oracle import repeats as doubles
from tests.chaos.oracle.repeats import Repeats

__all__ = ["Judgement", "judge"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a run was like.

    Args:
        violations: promises that were not kept.
        repeats: what came twice, and why.
        recovery_s: from the end of the last fault until everything had come to rest; None if it had not.
    """

    violations: list[Violation] = field(default_factory=list)
    repeats: Repeats = field(default_factory=Repeats)
    recovery_s: float | None = None


def judge(evidence: Evidence, *, still_s: float = truth.STILL_S, away_s: float = truth.AWAY_S) -> Judgement:
    """Judge a run.

    Args:
        evidence: what was recorded.
        still_s: how long an event may wait before a process must tell, in seconds.
        away_s: how long a process may be without Kafka before it must tell, in seconds.
    """
    repeats = Repeats()
    violations = [
        *losses.check(evidence),
        *order.check(evidence),
        *sameness.check(evidence),
        *doubles.check(evidence, repeats),
        *truth.check(evidence, still_s=still_s, away_s=away_s),
        *endings.check(evidence),
    ]
    rested = evidence.rested
    recovery_s = None if rested is None else max(0.0, rested - evidence.faults_ended)
    return Judgement(violations, repeats, recovery_s)
