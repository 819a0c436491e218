"""Nothing that was answered 200 is lost: it is in the log, and delivered or a dead letter with its reason. Pure."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from tests.chaos.facts import Evidence, LetterFact, Place, Violation

LOST: Final = "lost"
UNJUSTIFIED: Final = "unjustified dead letter"
UNASKED: Final = "delivered without being asked for"
REJECTED: Final = 422
LEAST_REJECTED: Final = 3
"""So many refusals make a dead letter (docs/delivery.md)."""


def check(evidence: Evidence) -> Iterator[Violation]:
    """What is lost, and what was given up without reason."""
    yield from _not_in_log(evidence)
    yield from _not_delivered(evidence)
    yield from _letters(evidence)
    yield from _unasked(evidence)


def _not_in_log(evidence: Evidence) -> Iterator[Violation]:
    logged = {record.id for record in evidence.log}
    for name in evidence.accepted:
        if name not in logged:
            yield Violation(LOST, f"{name} was answered 200 and is not in the log", name)


def _not_delivered(evidence: Evidence) -> Iterator[Violation]:
    """By place: a record of an event that was answered 503 is in the log, and so it is delivered like any other.

    In a run that stood still, what its group has not passed is not lost: it waits.
    """
    done = _finished(evidence)
    passed = {(one.endpoint, one.partition): 0 if one.has_holes else one.offset for one in evidence.commits}
    for endpoint in evidence.schedule.endpoints:
        for record in evidence.log:
            wanted = endpoint.wants(evidence.sent[record.id].action)
            partition, offset = record.place
            waits = evidence.rested is None and offset >= passed.get((endpoint.name, partition), 0)
            if wanted and not waits and record.place not in done[endpoint.name]:
                text = f"{record.id} at {_spelled(record.place)} was never delivered to {endpoint.name}, and no letter"
                yield Violation(LOST, text, record.id)


def _finished(evidence: Evidence) -> defaultdict[str, set[Place]]:
    done = defaultdict[str, set[Place]](set)
    for request in evidence.requests:
        if request.succeeded:
            done[request.endpoint].update(request.places)
    for letter in evidence.letters:
        done[letter.endpoint].add(letter.place)
    return done


def _letters(evidence: Evidence) -> Iterator[Violation]:
    """A letter tells a reason that the receiver's answers bear out."""
    answers = defaultdict[tuple[str, Place], list[int | None]](list)
    for request in evidence.requests:
        for place in request.places:
            answers[request.endpoint, place].append(request.status)
    ids = {record.place: record.id for record in evidence.log}
    for letter in evidence.letters:
        if not _is_justified(letter, answers[letter.endpoint, letter.place]):
            shown = f"{ids.get(letter.place)} at {_spelled(letter.place)} of {letter.endpoint}: {letter.reason}"
            got = answers[letter.endpoint, letter.place]
            yield Violation(UNJUSTIFIED, f"{shown} after the answers {got}", ids.get(letter.place, ""))


def _is_justified(letter: LetterFact, answers: list[int | None]) -> bool:
    failed = [status for status in answers if status is None or status >= 300]
    if letter.reason == "rejected":
        return failed.count(REJECTED) >= LEAST_REJECTED
    return letter.reason == "exhausted" and len(failed) >= letter.attempts


def _unasked(evidence: Evidence) -> Iterator[Violation]:
    plans = {endpoint.name: endpoint for endpoint in evidence.schedule.endpoints}
    for request in evidence.requests:
        for name in request.ids:
            event = evidence.sent.get(name)
            if event is None or not plans[request.endpoint].wants(event.action):
                yield Violation(UNASKED, f"{name} came to {request.endpoint}", name)


def _spelled(place: Place) -> str:
    return f"{place[0]}:{place[1]}"
