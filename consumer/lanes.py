"""Lanes: what may be sent next, one request at a time for each repository, repositories side by side. Pure.

A lane is the records of one repository of one partition, in log order. What is sent is a batch: one delivery, or
with `batch.max_events` several of one kind. Which batch is before which is never stored: each lane knows the
batches that hold deliveries of it, in order, and only the first of them may go.

A lane is one of:
    ready      nothing of it is in a batch; its queue is not empty. -> busy, when a batch takes from the queue
    busy       batches hold deliveries of it. -> ready, or forgotten if nothing is left, when the last one lets it go

A batch is one of:
    under way  given out, and no word came back. -> finished, waiting, or split into two
    waiting    the first of all its lanes, and due some time. -> under way (due, or as a probe); finished, if all of
               its deliveries go with their partitions
    behind     the second half of a lane whose first half is not finished. -> waiting, when that is
    finished   nothing is owed for it, or its halves go on in its place

A split makes of one batch two. It cuts between two lanes if there are several, so that a batch behind another one is
always of one lane: no repository ever waits for another.
"""

import itertools
from collections.abc import Callable, Collection, Iterator

from consumer.candidates import Candidates
from consumer.lane import NEVER, Batch, Delivery, Lane, LaneKey, lanes_of
from consumer.record import Record
from schemas.event import Event

Ours = Callable[[Delivery], bool]
"""Whether a delivery still belongs to this worker."""


class Lanes:
    """All lanes of one endpoint."""

    def __init__(
        self,
        *,
        ordered: bool = True,
        max_events: int = 1,
        max_bytes: int = 8 * 1024 * 1024,
        linger_s: float = 0.0,
        kind: Callable[[Delivery], object] = lambda _: None,
    ) -> None:
        """Empty lanes.

        Args:
            ordered: one request at a time in each repository; else each record is a lane of its own.
            max_events: how many deliveries make a batch at most.
            max_bytes: how many bytes of records make a batch at most (one record may be larger).
            linger_s: how long a batch may wait to fill, in seconds.
            kind: deliveries go into one batch only if this is equal.
        """
        self._ordered = ordered
        self._max_events, self._max_bytes, self._linger_s = max_events, max_bytes, linger_s
        self._kind = kind
        self._lanes: dict[LaneKey, Lane] = {}
        self._candidates = Candidates()
        self.held = self.bytes = 0
        """Deliveries in memory, and the bytes of their records."""

    def __len__(self) -> int:
        return len(self._lanes)

    @property
    def startable(self) -> int:
        """Deliveries in lanes that could send now."""
        return self._candidates.startable

    @property
    def has_untried(self) -> bool:
        """Whether there is a lane that was never tried."""
        return any(lane.last_try == NEVER for lane in self._candidates.ready)

    def add(self, record: Record, event: Event | None, now: float, epoch: int = 0) -> Delivery:
        """A record that is to be delivered, behind what its lane has."""
        key: LaneKey = (record.partition, record.key if self._ordered and record.key else record.offset)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane(key)
        delivery = Delivery(record, event, lane, now, epoch)
        lane.queue.append(delivery)
        self.held += 1
        self.bytes += record.size
        if lane in self._candidates.ready:
            self._candidates.startable += 1
        elif not lane.batches:
            self._candidates.enter(lane)
        return delivery

    def next_batch(self, now: float) -> Batch | None:
        """What may be sent now: a batch whose wait is over, else a new one; its lanes are busy from here on."""
        batch = self._candidates.pop_due(now)
        first = self._candidates.first
        if batch is None and first is not None and not self._lingers(first, now):
            batch = self._gather(first)
        return batch

    def next_probe(self) -> Batch | None:
        """The batch whose lanes were tried longest ago, whether its wait is over or not."""
        lane = min(self._candidates.ready, key=lambda ready: ready.last_try, default=None)
        batch = min(self._candidates.waiting, key=lambda waiting: waiting.last_try, default=None)
        if lane is not None and (batch is None or lane.last_try <= batch.last_try):
            return self._gather(lane)
        if batch is not None:
            self._candidates.withdraw(batch)
        return batch

    def next_due(self, now: float) -> float | None:
        """When something may be sent next if not now, on the clock of `now`; None if nothing waits for time."""
        due, first = self._candidates.next_due, self._candidates.first
        if first is not None and self._lingers(first, now):
            lingers_until = first.queue[0].arrived + self._linger_s
            return lingers_until if due is None else min(due, lingers_until)
        return due

    def wait(self, batch: Batch, due: float) -> None:
        """Try the batch again at `due`."""
        batch.due = due
        self._candidates.wait(batch)

    def put_back(self, batch: Batch, due: float, ours: Ours) -> None:
        """A batch under way is not delivered: what is still ours is tried again at `due`, the rest is forgotten."""
        self._drop(batch, [delivery for delivery in batch.deliveries if not ours(delivery)])
        if not batch.finished:
            self.wait(batch, due)

    def split(self, batch: Batch, due: float, ours: Ours) -> list[Batch]:
        """What is still ours of a batch under way is tried again in two halves: the batches in its place.

        Halves of one lane go one after the other. Of several lanes each is in one half alone.
        """
        self._drop(batch, [delivery for delivery in batch.deliveries if not ours(delivery)])
        if batch.finished:
            return []
        halves = self._halve(batch) if len(batch.deliveries) > 1 else [batch]
        for half in halves:
            half.due = due
            if half.is_first:
                self._candidates.wait(half)
        return halves

    def hurry(self, offset: int, partition: int, due: float) -> None:
        """Let the batch that holds this record, the first of its lane, wait until `due` at most."""
        for batch in self._candidates.waiting:
            if batch.due > due and batch.holds(partition, offset):
                self._candidates.withdraw(batch)
                self.wait(batch, due)
                return

    def finish(self, batch: Batch) -> None:
        """Nothing is owed for the batch any more; its lanes may go on."""
        batch.finished = True
        self._forget(batch.deliveries)
        for lane in batch.lanes:
            self._let_go(lane, batch)

    def remove(self, partition: int) -> None:
        """Forget a partition's deliveries that are not under way: another worker has them now, or will read them."""
        for lane in [lane for key, lane in self._lanes.items() if key[0] == partition]:
            self._forget_queue(lane)
        for batch in list(self.waiting()):
            self._drop(batch, [delivery for delivery in batch.deliveries if delivery.record.partition == partition])
        self._candidates.forget_finished()

    def waiting(self) -> Iterator[Batch]:
        """The batches that wait for their next try, and those behind an earlier half."""
        yield from self._candidates.waiting
        for lane in self._lanes.values():
            yield from itertools.islice(lane.batches, 1, None)

    def _lingers(self, first: Lane, now: float) -> bool:
        """Whether a new batch should wait to fill: it is not full, and nothing in it has waited long enough."""
        if self._linger_s <= 0 or self.startable >= self._max_events:
            return False
        return first.queue[0].arrived + self._linger_s > now

    def _gather(self, first: Lane) -> Batch:
        """A new batch from the fronts of ready lanes, beginning with `first`; they are ready no more."""
        taken = [first.queue.popleft()] if self._max_events == 1 else self._fill(first)
        batch = Batch(taken)
        self._candidates.startable -= len(taken)
        for lane in batch.lanes:
            self._candidates.leave(lane)
            lane.batches.append(batch)
        return batch

    def _fill(self, first: Lane) -> list[Delivery]:
        """Take deliveries of one kind, as many as make a batch."""
        kind, room = self._kind(first.queue[0]), self._max_bytes
        taken: list[Delivery] = []
        for lane in itertools.chain([first], (lane for lane in self._candidates.ready if lane is not first)):
            while lane.queue and len(taken) < self._max_events and self._kind(lane.queue[0]) == kind:
                if taken and lane.queue[0].record.size > room:
                    return taken
                taken.append(lane.queue.popleft())
                room -= taken[-1].record.size
            if len(taken) == self._max_events:
                break
        return taken

    @staticmethod
    def _halve(batch: Batch) -> list[Batch]:
        """Two unfinished batches in the place of one that is under way, and so the first of its lanes."""
        cut = _cut(batch.deliveries)
        halves = [Batch(part, batch.tries) for part in (batch.deliveries[:cut], batch.deliveries[cut:])]
        for lane in batch.lanes:
            lane.batches.popleft()
            lane.batches.extendleft(half for half in reversed(halves) if lane in half.lanes)
        batch.finished = True
        return halves

    def _drop(self, batch: Batch, gone: list[Delivery]) -> None:
        """Take deliveries out of an unfinished batch, which ends with the last one."""
        batch.deliveries = [delivery for delivery in batch.deliveries if delivery not in gone]
        batch.finished = not batch.deliveries
        self._forget(gone)
        left = batch.lanes
        for lane in lanes_of(gone):
            if lane not in left:
                self._let_go(lane, batch)

    def _let_go(self, lane: Lane, batch: Batch) -> None:
        """The batch holds nothing of this lane any more: what stood behind it may go, or the lane is empty."""
        was_first = lane.batches[0] is batch
        lane.batches.remove(batch)
        if lane.batches:
            if was_first and lane.batches[0].is_first:
                self._candidates.wait(lane.batches[0])
        elif lane.queue:
            self._candidates.enter(lane)
        else:
            del self._lanes[lane.key]

    def _forget_queue(self, lane: Lane) -> None:
        self._forget(lane.queue)
        if not lane.batches:
            self._candidates.leave(lane)
            del self._lanes[lane.key]
        lane.queue.clear()

    def _forget(self, deliveries: Collection[Delivery]) -> None:
        self.held -= len(deliveries)
        self.bytes -= sum(delivery.record.size for delivery in deliveries)


def _cut(deliveries: list[Delivery]) -> int:
    """Where to halve: between two lanes if there are several, else in the middle."""
    middle = (len(deliveries) + 1) // 2
    pairs = enumerate(itertools.pairwise(deliveries), 1)
    borders = [at for at, (before, behind) in pairs if before.lane is not behind.lane]
    return min(borders, key=lambda border: abs(border - middle), default=middle)
