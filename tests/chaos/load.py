"""The load of a run: which envelopes each registry sends, in order; the same seed gives the same bytes. Pure."""

import random
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from tests.chaos.plan import SENDERS, Schedule
from tests.kit.notifications import envelope, event_json

ZIPF: Final = 1.1
"""The popularity of the n-th repository is 1 / n to this power."""
PULLS: Final = 0.25
"""The share of pulls; the others are pushes."""


@dataclass(frozen=True, slots=True)
class SentEvent:
    """One event as it is sent.

    Args:
        id: unique in the run.
        repository: where it happened; each repository is of one sender.
        number: counts the events of the repository from 0.
        action: `push` or `pull`.
        alone: the bytes that a single delivery must have; None if its envelope has other events, too.
        members: the event as JSON.
    """

    id: str
    repository: str
    number: int
    action: str
    alone: bytes | None
    members: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SentEnvelope:
    """One envelope as it is sent.

    Args:
        at: not before, in seconds after the load began.
        body: its bytes.
        events: what it holds.
    """

    at: float
    body: bytes
    events: tuple[SentEvent, ...]


def load_of(schedule: Schedule) -> dict[str, list[SentEnvelope]]:
    """The envelopes of each sender, in the order in which they are sent."""
    return {sender: _envelopes(schedule, sender) for sender in SENDERS}


def _envelopes(schedule: Schedule, sender: str) -> list[SentEnvelope]:
    plan = schedule.load
    chance = random.Random(f"{schedule.seed} {sender}")
    names = [f"{sender}/app{number}" for number in range(plan.repositories)]
    weights = list(accumulate(1 / (rank + 1) ** ZIPF for rank in range(plan.repositories)))
    numbers: Counter[str] = Counter()
    sent = []
    for at in sorted(chance.uniform(0.0, plan.seconds) for _ in range(plan.envelopes)):
        size = chance.randint(1, plan.most_events) if chance.random() < 0.4 else 1
        members = []
        for name in chance.choices(names, cum_weights=weights, k=size):
            action = "pull" if chance.random() < PULLS else "push"
            members.append(event_json(name, numbers[name], action=action))
            numbers[name] += 1
        sent.append(_envelope(at, members))
    return sent


def _envelope(at: float, members: list[dict[str, Any]]) -> SentEnvelope:
    body = envelope(*members)
    events = tuple(
        SentEvent(
            id=one["id"],
            repository=one["target"]["repository"],
            number=int(one["target"]["tag"]),
            action=one["action"],
            alone=body if len(members) == 1 else None,
            members=one,
        )
        for one in members
    )
    return SentEnvelope(at, body, events)
