"""The events of a repository are delivered first in the order of the log, and enter the log as they were sent. Pure."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from tests.chaos.facts import Evidence, Logged, Place, Request, Violation
from tests.chaos.plan import EndpointPlan

OUT_OF_ORDER: Final = "out of order"


def check(evidence: Evidence) -> Iterator[Violation]:
    """What overtook another event of its repository."""
    yield from _in_log(evidence)
    for endpoint in evidence.schedule.endpoints:
        if endpoint.ordered:
            yield from _delivered(evidence, endpoint)


def _delivered(evidence: Evidence, endpoint: EndpointPlan) -> Iterator[Violation]:
    """No event is sent before each earlier one of its repository in its partition was answered 2xx, or is a letter.

    Of what comes twice, the first time counts: it must not come before what lies before it.
    """
    sent, done = _times(evidence, endpoint.name)
    buried = {letter.place for letter in evidence.letters if letter.endpoint == endpoint.name}
    for lane in _lanes(evidence, endpoint).values():
        slowest: list[Request | None] = [None]  # of the events up to here, the delivery that was answered last
        for at, record in enumerate(lane):
            first, success = sent.get(record.place), done.get(record.place)
            if first is not None:
                together = _together(lane, at, first)
                before = slowest[at - together]
                if before is not None and first.arrived < _answered(before):
                    text = f"{record.id} came to {endpoint.name} before {before.ids} had been delivered"
                    yield Violation(OUT_OF_ORDER, text, record.id)
            counts = [slowest[-1], None if record.place in buried else success]
            slowest.append(max((one for one in counts if one is not None), key=_answered, default=None))


def _together(lane: list[Logged], at: int, request: Request) -> int:
    """How many of the events right before this one of the lane came in the same request, a batch."""
    count = 0
    while count < at and lane[at - count - 1].place in request.places:
        count += 1
    return count


def _answered(request: Request) -> float:
    return request.answered if request.answered is not None else request.arrived


def _lanes(evidence: Evidence, endpoint: EndpointPlan) -> dict[tuple[int, str], list[Logged]]:
    """What the endpoint asked for, of each repository in each partition, in the order of the log."""
    lanes = defaultdict[tuple[int, str], list[Logged]](list)
    for record in sorted(evidence.log, key=lambda one: one.place):
        if endpoint.wants(evidence.sent[record.id].action):
            lanes[record.place[0], record.repository].append(record)
    return lanes


def _times(evidence: Evidence, endpoint: str) -> tuple[dict[Place, Request], dict[Place, Request]]:
    """The first request of each place, and the one that was first answered 2xx."""
    sent: dict[Place, Request] = {}
    done: dict[Place, Request] = {}
    for request in evidence.requests:
        if request.endpoint != endpoint:
            continue
        for place in request.places:
            sent.setdefault(place, request)
            if request.succeeded and (place not in done or _answered(request) < _answered(done[place])):
                done[place] = request
    return sent, done


def _in_log(evidence: Evidence) -> Iterator[Violation]:
    """A registry sends one envelope after the other: an accepted event lies behind all earlier ones of its repository.

    Of an event that lies there twice, because an answer was lost, one copy must.
    """
    first = dict[tuple[str, int], int]()
    last = dict[tuple[str, int], int]()
    for at, record in enumerate(sorted(evidence.log, key=lambda one: one.place)):
        key = (record.repository, evidence.sent[record.id].number)
        first.setdefault(key, at)
        last[key] = at
    moved = len({(record.repository, record.place[0]) for record in evidence.log}) != len(
        {record.repository for record in evidence.log}
    )
    if moved:
        return  # partitions were added: Kafka moved repositories, and promises nothing about their order
    for name in evidence.accepted:
        event = evidence.sent[name]
        here, before = (event.repository, event.number), (event.repository, event.number - 1)
        if here in last and before in first and last[here] < first[before]:
            text = f"{name} lies in the log before the event before it"
            yield Violation(OUT_OF_ORDER, text, name)
