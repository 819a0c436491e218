"""Candidates for the next request: lanes that are ready, and batches that wait for their next try. Pure."""

import heapq
import itertools
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator

from consumer.lanes.delivery import Batch, Lane


class Candidates:
    """Ready lanes, in the order in which they became ready, and waiting batches, by due time."""

    def __init__(self) -> None:
        """There are none."""
        self.ready: OrderedDict[Lane, None] = OrderedDict()
        """Lanes with a queue and without a batch; a set that knows its first member."""
        self._waiting: list[tuple[float, int, Batch]] = []
        self._order = itertools.count()
        self.startable = 0
        """Deliveries in the queues of the ready lanes."""

    @property
    def first(self) -> Lane | None:
        """The lane that has been ready longest."""
        return next(iter(self.ready), None)

    @property
    def waiting(self) -> Iterator[Batch]:
        """The batches that wait, in no order."""
        return (batch for _, _, batch in self._waiting)

    @property
    def next_due(self) -> float:
        """When the first of the waiting batches is due; infinity if none waits."""
        return self._waiting[0][0] if self._waiting else math.inf

    def __bool__(self) -> bool:
        return bool(self.ready or self._waiting)

    def enter(self, lane: Lane) -> None:
        """No batch holds anything of this lane, and its queue is not empty."""
        self.ready[lane] = None
        self.startable += len(lane.queue)

    def leave(self, lane: Lane) -> None:
        """A batch has something of this lane, or what is left of its queue is about to be forgotten."""
        del self.ready[lane]
        self.startable -= len(lane.queue)

    def wait(self, batch: Batch) -> None:
        """It is to be sent when it is due; nothing of its lanes stands before it."""
        heapq.heappush(self._waiting, (batch.due, next(self._order), batch))

    def hurry(self, now: float) -> None:
        """Those that wait are due now, in the order in which they would have been."""
        self._waiting.sort()
        for _, _, batch in self._waiting:
            batch.due = min(batch.due, now)
        self._waiting = [(batch.due, next(self._order), batch) for _, _, batch in self._waiting]

    def pop_due(self, now: float) -> Batch | None:
        """The batch that is due first, if it is due."""
        return heapq.heappop(self._waiting)[2] if self._waiting and self._waiting[0][0] <= now else None

    def take_over(self, other: "Candidates") -> None:
        """All of the other's, behind one's own."""
        for lane in other.ready:
            self.enter(lane)
        for batch in other.waiting:
            self.wait(batch)
        other.ready.clear()
        other._waiting.clear()  # noqa: SLF001 - of its own kind
        other.startable = 0

    def withdraw(self, batch: Batch) -> None:
        """It waits no longer."""
        self._keep(lambda waiting: waiting is not batch)

    def forget_finished(self) -> None:
        """Finished batches wait no longer."""
        self._keep(lambda waiting: not waiting.finished)

    def _keep(self, stays: Callable[[Batch], bool]) -> None:
        self._waiting = [entry for entry in self._waiting if stays(entry[2])]
        heapq.heapify(self._waiting)
