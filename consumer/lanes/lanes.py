"""Lanes: what may be sent next, one request at a time for each repository, repositories side by side. Pure.

A lane is the records of one repository of one partition, in log order; a batch is what is sent in one request.

    lane       it has                      event                               it becomes
    ready      a queue and no batch        a batch takes from its queue        busy
    busy       batches, perhaps a queue    the last batch lets it go           ready; forgotten if empty
    either                                 `remove` of its partition           as it is, its queue forgotten
    fresh                                  `refuse`: a batch of it was rejected   refused (beside ready or busy)
    refused                                `forgive`: anything was delivered   fresh

    batch      it is                       event                               it becomes
    under way  given out                   `finish`                            finished
                                           `wait`, `put_back`                  waiting
                                           `split`                             finished, for two halves
    waiting    first of all its lanes      it is due, or taken as a probe      under way
                                           all its deliveries go               finished
    behind     second half of one lane     the half before it is finished      waiting

Always: of a lane only the first batch is under way or waiting. Which batch is before which is never stored: each lane
knows the batches that hold deliveries of it, in order. A split cuts between two lanes if there are several, so that a
batch behind another is of one lane, and no repository waits for another. `held`, `bytes` and `startable` equal a
recount. tests/property/test_lanes_histories.py draws histories of all this.
"""

import itertools
import math
from collections.abc import Collection, Iterator

from consumer.lanes.batching import Batching, Kinds, halves_of
from consumer.lanes.candidates import Candidates
from consumer.lanes.delivery import NEVER, Batch, Delivery, Lane, LaneKey, lanes_of
from consumer.offsets.partition import Partition
from consumer.record import Record
from schemas.event import Event


class Lanes:
    """All lanes of one endpoint."""

    def __init__(
        self,
        *,
        ordered: bool = True,
        max_events: int = 1,
        max_bytes: int = 8 * 1024 * 1024,
        linger_s: float = 0.0,
        kinds: Kinds | None = None,
    ) -> None:
        """Empty lanes.

        Args:
            ordered: one request at a time in each repository; else each record is a lane of its own.
            max_events: how many deliveries make a batch at most.
            max_bytes: how many bytes of records make a batch at most (one record may be larger).
            linger_s: how long a batch may wait to fill, in seconds.
            kinds: what deliveries must have in common to go into one batch; None: nothing.
        """
        self._ordered = ordered
        self._batching = Batching(max_events=max_events, max_bytes=max_bytes, linger_s=linger_s, kinds=kinds)
        self._lanes: dict[LaneKey, Lane] = {}
        self._fresh, self._refused = Candidates(), Candidates()
        self._all_refused: set[Lane] = set()
        self.held = self.bytes = 0
        """Deliveries in memory, and the bytes of their records."""

    def __len__(self) -> int:
        return len(self._lanes)

    @property
    def startable(self) -> int:
        """Deliveries in lanes that could send now."""
        return self._fresh.startable + self._refused.startable

    @property
    def fresh_startable(self) -> int:
        """The same without refused lanes."""
        return self._fresh.startable

    @property
    def has_untried(self) -> bool:
        """Whether there is a lane that was never tried."""
        return any(lane.last_try == NEVER for lane in self._fresh.ready)

    @property
    def has_refused(self) -> bool:
        """Whether there is a refused lane that nothing is under way for."""
        return bool(self._refused)

    def add(self, record: Record, event: Event | None, now: float, partition: Partition | None = None) -> Delivery:
        """A record that is to be delivered, behind what its lane has."""
        key: LaneKey = (record.partition, record.key if self._ordered and record.key else record.offset)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane(key)
        delivery = Delivery(record, event, lane, now, partition)
        lane.queue.append(delivery)
        self.held += 1
        self.bytes += record.cost
        candidates = self._candidates(lane)
        if lane in candidates.ready:
            candidates.startable += 1
        elif not lane.batches:
            candidates.enter(lane)
        return delivery

    def next_batch(self, now: float, *, fresh_only: bool = False) -> Batch | None:
        """The next batch that may be sent now: one whose wait is over, else a new one. Its lanes are busy from now on.

        Args:
            now: on the monotonic clock.
            fresh_only: pass over the lanes that were refused.
        """
        some = self._fresh if fresh_only or self._fresh.next_due <= self._refused.next_due else self._refused
        batch = some.pop_due(now)
        if batch is not None:
            return batch
        first = self._fresh.first or (None if fresh_only else self._refused.first)
        if first is not None and self._ready_at(first) > now:
            first = None if fresh_only else self._refused.first  # the fresh one waits for company
        return self._gather(first) if first is not None else None

    def next_probe(self, *, refused_only: bool = False) -> Batch | None:
        """The batch whose lanes, refused ones if so, were tried longest ago, whether its wait is over or not."""
        candidates = [self._refused] if refused_only else [self._fresh, self._refused]
        ready = (lane for some in candidates for lane in some.ready)
        waiting = (batch for some in candidates for batch in some.waiting)
        lane = min(ready, key=lambda one: one.last_try, default=None)
        batch = min(waiting, key=lambda one: one.last_try, default=None)
        if lane is not None and (batch is None or lane.last_try <= batch.last_try):
            return self._gather(lane)
        if batch is not None:
            self._candidates(batch.lanes[0]).withdraw(batch)
        return batch

    def next_due(self, now: float, *, fresh_only: bool = False) -> float | None:
        """The next time at which something may be sent, later than `now`; None if nothing waits for time."""
        due = self._fresh.next_due if fresh_only else min(self._fresh.next_due, self._refused.next_due)
        if self._fresh.first is not None and (at := self._ready_at(self._fresh.first)) > now:
            due = min(due, at)
        return due if due < math.inf else None

    def has_due(self, now: float) -> bool:
        """Whether the lanes have something that may be sent now."""
        firsts = [some.first for some in (self._fresh, self._refused) if some.first is not None]
        next_due = min(self._fresh.next_due, self._refused.next_due)
        return next_due <= now or any(self._ready_at(first) <= now for first in firsts)

    def refuse(self, batch: Batch) -> None:
        """A batch of one lane under way was rejected: its lane is refused until something is delivered."""
        (lane,) = batch.lanes
        lane.refused = True
        self._all_refused.add(lane)

    def forgive(self) -> None:
        """Something was delivered: no lane is refused any more."""
        if not self._all_refused:
            return
        for lane in self._all_refused:
            lane.refused = False
        self._all_refused.clear()
        self._fresh.take_over(self._refused)

    def wait(self, batch: Batch, due: float) -> None:
        """Try the batch again at `due`."""
        batch.due = due
        self._candidates(batch.lanes[0]).wait(batch)

    def hurry(self, now: float) -> None:
        """Nothing waits longer than until `now` for its next try."""
        self._fresh.hurry(now)
        self._refused.hurry(now)

    def put_back(self, batch: Batch, due: float) -> None:
        """A batch under way is not delivered: what is still ours is tried again at `due`, the rest is forgotten."""
        self.drop(batch, [delivery for delivery in batch.deliveries if not delivery.is_ours])
        if not batch.finished:
            self.wait(batch, due)

    def split(self, batch: Batch, due: float) -> list[Batch]:
        """Split a batch under way: its deliveries that are still ours are tried again in two halves, its result.

        Halves of one lane go one after the other. Of several lanes each is in one half alone.
        """
        self.drop(batch, [delivery for delivery in batch.deliveries if not delivery.is_ours])
        if batch.finished:
            return []
        halves = self._halve(batch) if len(batch.deliveries) > 1 else [batch]
        for half in halves:
            half.due = due
            if half.is_first:
                self.wait(half, due)
        return halves

    def cap_wait(self, offset: int, partition: int, due: float) -> None:
        """Cap the wait of the batch that holds this record, the first of its lane: it is due at `due` at the latest."""
        for some in (self._fresh, self._refused):
            for batch in some.waiting:
                if batch.due > due and batch.holds(partition, offset):
                    some.withdraw(batch)
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
            self.drop(batch, [delivery for delivery in batch.deliveries if delivery.record.partition == partition])
        for some in (self._fresh, self._refused):
            some.forget_finished()

    def waiting(self) -> Iterator[Batch]:
        """The batches that wait for their next try, and those behind an earlier half."""
        yield from self._fresh.waiting
        yield from self._refused.waiting
        for lane in self._lanes.values():
            yield from itertools.islice(lane.batches, 1, None)

    def repository_of(self, partition: int, offset: int) -> str:
        """The repository of the event at this place, if it is the first of a lane; else empty."""
        for (number, key), lane in self._lanes.items():
            first = lane.batches[0].deliveries if lane.batches else [lane.queue[0]]
            if number == partition and any(delivery.record.offset == offset for delivery in first):
                return key.decode(errors="replace") if isinstance(key, bytes) else ""
        return ""

    def _candidates(self, lane: Lane) -> Candidates:
        """The candidates that this lane belongs to. A refused lane shares a batch with no other."""
        return self._refused if lane.refused else self._fresh

    def _ready_at(self, first: Lane) -> float:
        """From when on a new batch that begins with this lane may go; no other lane could fill one that was refused."""
        return NEVER if first.refused else self._batching.ready_at(first, self._fresh.startable)

    def _gather(self, first: Lane) -> Batch:
        """A new batch from the fronts of ready lanes, beginning with `first`; they are ready no more."""
        candidates = self._candidates(first)
        others = () if first.refused else (lane for lane in candidates.ready if lane is not first)
        batch = self._batching.take(first, others)
        candidates.startable -= len(batch.deliveries)
        for lane in batch.lanes:
            candidates.leave(lane)
            lane.batches.append(batch)
        return batch

    def _halve(self, batch: Batch) -> list[Batch]:
        """Two unfinished batches in the place of one that is under way, and so the first of its lanes."""
        halves = halves_of(batch)
        for lane in batch.lanes:
            lane.batches.popleft()
            lane.batches.extendleft(half for half in reversed(halves) if lane in half.lanes)
        batch.finished = True
        return halves

    def drop(self, batch: Batch, gone: list[Delivery]) -> None:
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
                self.wait(lane.batches[0], lane.batches[0].due)
        elif lane.queue:
            self._candidates(lane).enter(lane)
        else:
            self._forget_lane(lane)

    def _forget_queue(self, lane: Lane) -> None:
        self._forget(lane.queue)
        if not lane.batches:
            self._candidates(lane).leave(lane)
            self._forget_lane(lane)
        lane.queue.clear()
        lane.final_try = False  # counts begin again with the next assignment

    def _forget_lane(self, lane: Lane) -> None:
        del self._lanes[lane.key]
        self._all_refused.discard(lane)

    def _forget(self, deliveries: Collection[Delivery]) -> None:
        self.held -= len(deliveries)
        for delivery in deliveries:
            self.bytes -= delivery.record.cost
