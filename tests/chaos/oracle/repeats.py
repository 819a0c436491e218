"""What came twice although the receiver had answered 2xx in time, why, and whether that often is allowed. Pure.

A repeat has one of these causes: a retry (for the worker the try had failed, as it logged: the answer came too late, or
its connection broke), a worker that was killed, one that was frozen, trouble between a worker and Kafka, after which
commits are missing, a machine so busy that a worker lost its session, or a group that took a worker's partitions away
for a reason of its own. Whatever is left has no cause but a graceful change, and is not allowed at all.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tests.chaos import plan
from tests.chaos.facts import Evidence, FaultFact, Place, Request, Violation
from tests.chaos.plan import EndpointPlan, Kind

TOO_MANY: Final = "too many repeats"
RETRY, KILL, FREEZE, KAFKA, MACHINE = "retry", "kill", "freeze", "kafka", "machine"
GROUP, NONE = "group", "graceful"
CAUSES: Final = (KILL, FREEZE, KAFKA, GROUP, NONE)
SLACK_S: Final = 0.5
"""A fault may show so long before it is noted to have begun; a line of a log may stand there so late."""
AFTERMATH_S: Final = 10.0
"""So long after trouble with Kafka a session may end, or a commit fail, because of it."""
KAFKA_KINDS: Final = frozenset({*plan.BROKERS, Kind.BROKERS_BELOW_MINIMUM})


@dataclass(slots=True)
class Repeats:
    """How many events came twice at all endpoints, by cause, and how many of each may have.

    Args:
        counts: by cause.
        bounds: by cause; none for retries.
        worst: the largest share of a bound that one fault used at one endpoint.
    """

    counts: Counter[str] = field(default_factory=Counter)
    bounds: Counter[str] = field(default_factory=Counter)
    worst: float = 0.0


def check(evidence: Evidence, tally: Repeats) -> Iterator[Violation]:
    """Counts the repeats into `tally`; what is beyond the bound."""
    for endpoint in evidence.schedule.endpoints:
        found = defaultdict[tuple[str, str], list[str]](list)
        failures = _failures(evidence, endpoint.name)
        for place, before, after in _doubled(evidence, endpoint.name):
            if _takes_one(failures[before.worker, place], after) or before.answered is None:
                cause, fault = RETRY, ""
            else:
                cause, fault = _cause(evidence, before, after)
            tally.counts[cause] += 1
            found[cause, fault].append(f"{place[0]}:{place[1]} by {before.worker}, then {after.worker}")
        yield from _beyond(evidence, endpoint, found, tally)


def _beyond(
    evidence: Evidence, endpoint: EndpointPlan, found: dict[tuple[str, str], list[str]], tally: Repeats
) -> Iterator[Violation]:
    for cause, bound in _bounds(evidence, endpoint).items():
        tally.bounds[cause] += bound
    for (cause, fault), repeated in found.items():
        if cause in {RETRY, MACHINE}:
            continue
        allowed = 0 if cause == NONE else endpoint.most_repeats
        if cause == KAFKA:  # every worker loses its place at most once for each trouble
            allowed *= len(evidence.schedule.workers)
        elif cause == GROUP:
            allowed *= len(evidence.expelled)
        tally.worst = max(tally.worst, len(repeated) / allowed) if allowed else tally.worst
        if len(repeated) > allowed:
            shown = "; ".join(repeated[:3])
            text = f"{len(repeated)} at {endpoint.name} because of {fault or 'nothing'}, {allowed} allowed: {shown}"
            yield Violation(TOO_MANY, text)


def _bounds(evidence: Evidence, endpoint: EndpointPlan) -> Counter[str]:
    bounds = Counter({GROUP: endpoint.most_repeats * len(evidence.expelled)})
    for fact in evidence.faults:
        if fact.fault.kind is Kind.WORKER_KILLED:
            bounds[KILL] += endpoint.most_repeats
        elif fact.fault.kind is Kind.WORKER_FROZEN_LONG:
            bounds[FREEZE] += endpoint.most_repeats
        elif fact.fault.kind in KAFKA_KINDS:
            bounds[KAFKA] += endpoint.most_repeats * len(evidence.schedule.workers)
        elif fact.fault.kind in plan.LINKS and _reaches_kafka(fact):
            bounds[KAFKA] += endpoint.most_repeats
    return bounds


def _doubled(evidence: Evidence, endpoint: str) -> Iterator[tuple[Place, Request, Request]]:
    """Each place that was sent again after the receiver had acted on it, with that request and the next one.

    If the next one is refused, those that follow it are its retries.
    """
    last: dict[Place, Request] = {}
    for request in evidence.requests:
        if request.endpoint != endpoint:
            continue
        for place in request.places:
            before = last.pop(place, None)
            if before is not None:
                yield place, before, request
            if request.acted:
                last[place] = request


def _failures(evidence: Evidence, endpoint: str) -> defaultdict[tuple[str, Place], list[float]]:
    found = defaultdict[tuple[str, Place], list[float]](list)
    for failure in evidence.failures:
        if failure.endpoint == endpoint:
            found[failure.worker, failure.place].append(failure.at)  # in the order of the log
    return found


def _takes_one(failed: list[float], after: Request) -> bool:
    """Whether there is a try that failed before this request; it explains no other.

    It may have failed before its own request was noted: by a harness that was held up longer than the worker waits.
    """
    if failed and failed[0] <= after.arrived + SLACK_S:
        failed.pop(0)
        return True
    return False


def _cause(evidence: Evidence, before: Request, after: Request) -> tuple[str, str]:
    """The cause of a repeat, and the fault behind it."""
    both = {before.worker, after.worker}
    for fact in evidence.faults:
        if fact.hit == before.worker and fact.fault.kind is Kind.WORKER_KILLED and fact.began <= after.arrived:
            return KILL, str(fact.fault)
    for fact in evidence.faults:
        if fact.hit in both and fact.fault.kind in _FREEZES and _between(fact, before, after):
            return FREEZE, str(fact.fault)
    for fact in evidence.faults:
        if _between(fact, before, after) and _is_kafka_trouble(fact, both):
            return KAFKA, str(fact.fault)
    if both & evidence.expelled:
        return (MACHINE if evidence.late_s > 0 else GROUP), ""
    return NONE, ""


_FREEZES: Final = frozenset({Kind.WORKER_FROZEN, Kind.WORKER_FROZEN_LONG})


def _between(fact: FaultFact, before: Request, after: Request) -> bool:
    return fact.began - SLACK_S <= after.arrived and before.arrived <= fact.ended + AFTERMATH_S


def _is_kafka_trouble(fact: FaultFact, workers: set[str]) -> bool:
    if fact.fault.kind in KAFKA_KINDS:
        return True
    own = {f"{worker.partition('.')[0]}>kafka" for worker in workers}
    return fact.fault.kind in plan.LINKS and fact.fault.target in {*own, *_BETWEEN_BROKERS}


def _reaches_kafka(fact: FaultFact) -> bool:
    return fact.fault.target.endswith("<brokers") or fact.fault.target in {f"{name}>kafka" for name in plan.WORKERS}


_BETWEEN_BROKERS: Final = frozenset(f"b{number}<brokers" for number in range(1, 4))
