"""What came twice although the receiver had answered 2xx in time, why, and whether that often is allowed. Pure.

A repeat has one of these causes: a retry (for the worker the try had failed, as it logged: the answer came too late, or
its connection broke), a worker that was killed, one that was frozen, trouble between a worker and Kafka, after which
commits are missing, a machine so busy that a worker lost its session, or a group that took a worker's partitions away
for a reason of its own. Whatever is left has no cause but a graceful change, and is not allowed at all.

A worker that is frozen while its broker is, too, can have lost its commits to either. What several faults can explain
counts to the one that has room for it: there are too many repeats when no way to share them out keeps every bound.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from tests.chaos import plan
from tests.chaos.facts import Evidence, FaultFact, Place, Request, Violation
from tests.chaos.oracle.sharing import share_out
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


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an event came twice: the kind of cause, and the fault behind it, if one is."""

    kind: str
    fault: str = ""


def check(evidence: Evidence, tally: Repeats) -> Iterator[Violation]:
    """Counts the repeats into `tally`; what is beyond the bound."""
    for endpoint in evidence.schedule.endpoints:
        shown, causes = [], []
        failures = _failures(evidence, endpoint.name)
        for place, before, after in _doubled(evidence, endpoint.name):
            failed = _takes_one(failures[before.worker, place], after) or before.answered is None
            shown.append(f"{place[0]}:{place[1]} by {before.worker}, then {after.worker}")
            causes.append([Cause(RETRY)] if failed else list(_causes(evidence, before, after)))
        for kind, bound in _bounds(evidence, endpoint).items():
            tally.bounds[kind] += bound
        rooms = {cause: _room(evidence, endpoint, cause, len(shown)) for cause in chain(*causes)}
        found = defaultdict[Cause, list[str]](list)
        for text, cause in zip(shown, share_out(causes, rooms), strict=True):
            tally.counts[cause.kind] += 1
            found[cause].append(text)
        yield from _beyond(endpoint, found, rooms, tally)


def _room(evidence: Evidence, endpoint: EndpointPlan, cause: Cause, everything: int) -> int:
    """How many repeats one cause may have at an endpoint."""
    if cause.kind in {RETRY, MACHINE}:
        return everything
    if cause.kind == NONE:
        return 0
    if cause.kind == KAFKA:  # every worker loses its place at most once for each trouble
        return endpoint.most_repeats * len(evidence.schedule.workers)
    return endpoint.most_repeats * (len(evidence.expelled) if cause.kind == GROUP else 1)


def _beyond(
    endpoint: EndpointPlan, found: dict[Cause, list[str]], rooms: dict[Cause, int], tally: Repeats
) -> Iterator[Violation]:
    for cause, repeated in found.items():
        room = rooms[cause]
        if room and cause.kind in CAUSES:
            tally.worst = max(tally.worst, len(repeated) / room)
        if len(repeated) > room:
            first = "; ".join(repeated[:3])
            text = f"{len(repeated)} at {endpoint.name} because of {cause.fault or 'nothing'}, {room} allowed: {first}"
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


def _causes(evidence: Evidence, before: Request, after: Request) -> Iterator[Cause]:
    """What can explain a repeat, the likeliest first; never nothing."""
    both = {before.worker, after.worker}
    explained = ((_kind(fact, before, after, both), str(fact.fault)) for fact in evidence.faults)
    found = [Cause(kind, fault) for kind, fault in explained if kind is not None]
    yield from sorted(found, key=lambda cause: CAUSES.index(cause.kind))
    if both & evidence.expelled and evidence.late_s > 0:
        yield Cause(MACHINE)
    elif not found:  # a group that took partitions away because of a fault is none of its own
        yield Cause(GROUP if both & evidence.expelled else NONE)


def _kind(fact: FaultFact, before: Request, after: Request, both: set[str]) -> str | None:
    """The kind of cause that a fault is for a repeat, None if it is none."""
    if fact.fault.kind is Kind.WORKER_KILLED:
        return KILL if fact.hit == before.worker and fact.began <= after.arrived else None
    if not _between(fact, before, after):
        return None
    if fact.fault.kind in _FREEZES:
        return FREEZE if fact.hit in both else None
    return KAFKA if _is_kafka_trouble(fact, both) else None


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
