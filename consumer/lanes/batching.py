"""Batches: how deliveries are gathered into one request, and how a batch is split. Pure."""

import itertools
from collections.abc import Iterable
from typing import Final, Protocol

from consumer.lanes.delivery import Batch, Delivery, Lane, Told


class Kinds(Protocol):
    """Knows which deliveries may share a request."""

    def kind(self, delivery: Delivery) -> object:
        """Deliveries go into one batch only if this is equal."""


class Batching:
    """The bounds of a batch."""

    def __init__(self, *, max_events: int, max_bytes: int, linger_s: float, kinds: Kinds | None) -> None:
        """The arguments are those of `Lanes`."""
        self.max_events: Final = max_events
        self._max_bytes: Final = max_bytes
        self._linger_s: Final = linger_s
        self._kinds: Final = kinds

    def ready_at(self, first: Lane, startable: int) -> float:
        """The time from which a batch that begins with this lane may start (monotonic).

        It waits to fill, unless `startable` deliveries fill it or its first one has waited long enough.
        """
        arrived = first.queue[0].arrived
        return arrived if startable >= self.max_events else arrived + self._linger_s

    def take(self, first: Lane, others: Iterable[Lane]) -> Batch:
        """A batch of one kind from the fronts of these lanes' queues, as many deliveries as fit."""
        if self.max_events == 1:
            return Batch([first.queue.popleft()])
        kind, room = self._kind_of(first.queue[0]), self._max_bytes
        taken: list[Delivery] = []
        told: set[Told] = set()
        """What the batch tells: of events that are the same the second waits to see whether the first arrives."""
        for lane in itertools.chain([first], others):
            while lane.queue and len(taken) < self.max_events and told.isdisjoint(lane.queue[0].same):
                if self._kind_of(lane.queue[0]) != kind:
                    break
                if taken and lane.queue[0].record.size > room:
                    return Batch(taken)
                taken.append(lane.queue.popleft())
                told.update(taken[-1].same)
                room -= taken[-1].record.size
            if len(taken) == self.max_events:
                break
        return Batch(taken)

    def _kind_of(self, delivery: Delivery) -> object:
        return None if self._kinds is None else self._kinds.kind(delivery)


def halves_of(batch: Batch) -> list[Batch]:
    """Two halves of a batch: cut between two lanes, as near to the middle as possible, or in the middle of one lane."""
    middle = (len(batch.deliveries) + 1) // 2
    pairs = enumerate(itertools.pairwise(batch.deliveries), 1)
    borders = [at for at, (before, behind) in pairs if before.lane is not behind.lane]
    cut = min(borders, key=lambda border: abs(border - middle), default=middle)
    return [Batch(part, batch.tries) for part in (batch.deliveries[:cut], batch.deliveries[cut:])]
