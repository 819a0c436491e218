"""Readiness and lag told the truth: while something stood still, a process was not ready or there was lag. Pure."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from tests.chaos import plan
from tests.chaos.facts import ANSWER_S, Evidence, FaultFact, Sample, Violation
from tests.chaos.plan import Kind

LIED: Final = "not told"
STILL_S: Final = 20.0
"""An event that waits longer must be seen: the endpoint has lag, or its worker is not ready."""
STALE_S: Final = 12.0
"""The lag of partitions that another worker has, or nobody, is looked at every ten seconds (docs/metrics.md)."""
AWAY_S: Final = 15.0
"""A process that is without Kafka for longer must say so."""


def check(evidence: Evidence, *, still_s: float, away_s: float) -> Iterator[Violation]:
    """Where a process said that all was well while it was not."""
    yield from _hidden_waits(evidence, still_s + evidence.late_s)
    yield from _hidden_outages(evidence, away_s + evidence.late_s)


def _hidden_waits(evidence: Evidence, still_s: float) -> Iterator[Violation]:
    """Ready and without lag, though an event that was accepted long ago is not delivered."""
    for endpoint in evidence.schedule.endpoints:
        waits = _waits(evidence, endpoint.name)
        since: dict[str, Sample] = {}
        for sample in evidence.samples:
            due = [wait for wait in waits if wait[0] + still_s < sample.at < wait[1]]
            if not (due and sample.ready and sample.lag.get(endpoint.name) == 0):
                since.pop(sample.process, None)
                continue
            first = since.setdefault(sample.process, sample)
            if sample.at - first.at >= STALE_S + evidence.late_s:
                text = (
                    f"{sample.process} was ready and {endpoint.name} had lag 0 from {first.at:.1f} to {sample.at:.1f} s"
                )
                yield Violation(LIED, f"{text}; {due[0][2]} had waited for {sample.at - due[0][0]:.1f} s", due[0][2])
                break


def _waits(evidence: Evidence, endpoint: str) -> list[tuple[float, float, str]]:
    """From when to when each event waited; those for long only."""
    plans = {one.name: one for one in evidence.schedule.endpoints}
    done: dict[str, float] = {}
    for request in evidence.requests:
        if request.endpoint == endpoint and request.succeeded and request.answered is not None:
            for name in request.ids:
                done.setdefault(name, request.answered)
    buried = {letter.place for letter in evidence.letters if letter.endpoint == endpoint}
    given_up = {record.id for record in evidence.log if record.place in buried}
    return [
        (accepted, done.get(name, float("inf")), name)
        for name, accepted in evidence.accepted.items()
        if plans[endpoint].wants(evidence.sent[name].action) and name not in given_up
    ]


def _hidden_outages(evidence: Evidence, away_s: float) -> Iterator[Violation]:
    """Ready, though the process had no Kafka for long. A sample has the time of its question, not of its answer."""
    by_process = defaultdict[str, list[Sample]](list)
    for sample in evidence.samples:
        by_process[sample.process.partition(".")[0]].append(sample)
    for fact in evidence.faults:
        for process in _without_kafka(evidence, fact):
            samples = by_process[process]
            first = bisect_right([sample.at for sample in samples], fact.began + away_s)
            lying = next((one for one in samples[first:] if one.at + ANSWER_S < fact.ended and one.ready), None)
            if lying is not None:
                since = lying.at - fact.began
                yield Violation(LIED, f"{lying.process} was ready after {since:.1f} s of: {fact.fault}")


def _without_kafka(evidence: Evidence, fact: FaultFact) -> Iterator[str]:
    """The processes that a fault keeps from Kafka all the time; an intake with a spool is ready all the same."""
    kind, target = fact.fault.kind, fact.fault.target
    telling = plan.WORKERS if evidence.schedule.spool else (*plan.WORKERS, *plan.INTAKES)
    if kind in {Kind.LINK_CUT, Kind.LINK_BLACK_HOLE} and target.endswith(">kafka"):
        yield from {target.removesuffix(">kafka")} & set(telling)
    elif evidence.schedule.brokers == 1 and kind is Kind.BROKER_FROZEN_LONG:
        yield from telling
