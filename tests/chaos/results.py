"""The results of runs: a line of JSON for each, appended to one file, however many runs there are and when. Pure."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from tests.chaos.facts import Evidence
from tests.chaos.oracle import Judgement
from tests.chaos.oracle.losses import LOST
from tests.chaos.oracle.order import OUT_OF_ORDER

HELD: Final = "held"
VIOLATED: Final = "violated"
HARNESS: Final = "harness"
"""The run could not be judged: the harness itself, or the machine, failed."""


@dataclass(frozen=True, slots=True)
class Result:
    """One run in short.

    Args:
        seed: of the run.
        verdict: whether all promises were held.
        why: the violations, or the fault of the harness.
        profile: the family of its faults.
        brokers: one or three.
        faults: how many of each kind were carried out.
        events: answered 200.
        posts: to intakes, with repeats.
        deliveries: requests to endpoints.
        letters: dead letters.
        lost: events.
        out_of_order: events.
        repeats: events that came twice, by cause.
        bounds: how many might have, by cause.
        worst: the largest share of a bound that one fault used at one endpoint.
        recovery_s: from the end of the last fault until everything had come to rest.
        late_s: how long the harness was held up.
        seconds: that the run took.
        versions: of what ran.
    """

    seed: int
    verdict: str
    why: list[str] = field(default_factory=list)
    profile: str = ""
    brokers: int = 0
    faults: Mapping[str, int] = field(default_factory=dict)
    events: int = 0
    posts: int = 0
    deliveries: int = 0
    letters: int = 0
    lost: int = 0
    out_of_order: int = 0
    repeats: Mapping[str, int] = field(default_factory=dict)
    bounds: Mapping[str, int] = field(default_factory=dict)
    worst: float = 0.0
    recovery_s: float | None = None
    late_s: float = 0.0
    seconds: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)

    def line(self) -> str:
        """As it stands in the file."""
        return json.dumps(asdict(self)) + "\n"

    def progress(self) -> str:
        """As it is printed when the run is over."""
        recovery = "never" if self.recovery_s is None else f"{self.recovery_s:.1f} s"
        repeated = sum(self.repeats.values()) - self.repeats.get("retry", 0)
        return (
            f"seed {self.seed}: {self.verdict} ({self.profile}, {self.brokers} broker(s), {sum(self.faults.values())}"
            f" faults, {self.events} events, {self.deliveries} deliveries, {self.letters} dead letters,"
            f" {repeated} repeats, at rest after {recovery}, {self.seconds:.0f} s)"
        )


def result_of(evidence: Evidence, judgement: Judgement, *, seconds: float, versions: Mapping[str, str]) -> Result:
    """A run that was judged."""
    promises = Counter(violation.promise for violation in judgement.violations)
    return Result(
        seed=evidence.schedule.seed,
        verdict=VIOLATED if judgement.violations else HELD,
        why=[str(violation) for violation in judgement.violations[:20]],
        profile=evidence.schedule.profile,
        brokers=evidence.schedule.brokers,
        faults=dict(Counter(fact.fault.kind.value for fact in evidence.faults)),
        events=len(evidence.accepted),
        posts=evidence.posts,
        deliveries=len(evidence.requests),
        letters=len(evidence.letters),
        lost=promises[LOST],
        out_of_order=promises[OUT_OF_ORDER],
        repeats=dict(judgement.repeats.counts),
        bounds=dict(judgement.repeats.bounds),
        worst=round(judgement.repeats.worst, 3),
        recovery_s=None if judgement.recovery_s is None else round(judgement.recovery_s, 2),
        late_s=round(evidence.late_s, 2),
        seconds=round(seconds, 1),
        versions=versions,
    )


def parse(lines: Iterable[str]) -> list[Result]:
    """The results in a file."""
    return [Result(**_entry(line)) for line in lines if line.strip()]


def _entry(line: str) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(line)
    return entry
