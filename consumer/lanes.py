"""Lanes: what may be sent next, one request at a time for each repository, repositories side by side. Pure.

A lane is the records of one repository of one partition, in log order. What is sent is a batch: one delivery, or
with `batch.max_events` several of one kind. While a batch is under way or waits for its next try, its lanes send
nothing else.
"""

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from consumer.delivery.attempts import Tries
from consumer.record import Record
from schemas.event import Event

LaneKey = tuple[int, bytes | int]
"""Partition, and repository; a record without a key is a lane of its own, named by its offset."""

_NEVER: Final = float("-inf")


@dataclass(slots=True, eq=False)
class Delivery:
    """One event on its way to the endpoint."""

    record: Record
    event: Event | None
    """Decoded, or None where so many are held that only the bytes are kept."""
    lane: "Lane"
    arrived: float
    """When it was read, on the monotonic clock."""
    epoch: int
    """Of the partition's assignment: what belongs to an earlier one changes nothing."""
    tries: Tries = field(default_factory=Tries)
    first_try: float | None = None
    """Seconds since the epoch."""
    last_try: float | None = None


@dataclass(slots=True, eq=False)
class Lane:
    """The records of one repository, in order."""

    key: LaneKey
    queue: deque[Delivery] = field(default_factory=deque)
    busy: int = 0
    """Batches that hold deliveries of this lane; it sends nothing else meanwhile."""
    last_try: float = _NEVER
    single: bool = False
    """An event of this lane was given up with the window full: the next ones have one try each, until one arrives."""


@dataclass(slots=True, eq=False)
class Batch:
    """What goes out in one request, and its place in the schedule."""

    deliveries: list[Delivery]
    tries: int = 0
    last_try: float = _NEVER
    due: float = _NEVER
    after: "Batch | None" = None
    """The half that goes first, where both hold events of one repository."""
    finished: bool = False

    def lanes(self) -> set[Lane]:
        """The lanes that this batch keeps busy."""
        return {delivery.lane for delivery in self.deliveries}


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
        self._ready: deque[Lane] = deque()
        self._waiting: list[tuple[float, int, Batch]] = []
        self._order = itertools.count()
        self.startable = 0
        """Deliveries in lanes that could send now."""
        self.held = self.bytes = 0
        """Deliveries in memory, and the bytes of their records."""

    def __len__(self) -> int:
        return len(self._lanes)

    @property
    def has_untried(self) -> bool:
        """Whether there is a lane that was never tried."""
        return any(lane.last_try == _NEVER for lane in self._ready)

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
        if not lane.busy:
            self.startable += 1
            if len(lane.queue) == 1:
                self._ready.append(lane)
        return delivery

    def next_batch(self, now: float) -> Batch | None:
        """What may be sent now: a batch whose wait is over, else a new one; its lanes are busy from here on."""
        batch = self._pop_due(now)
        if batch is None and self._ready and not self._lingers(now):
            batch = self._gather(self._ready[0])
        return batch

    def next_probe(self) -> Batch | None:
        """The batch whose lanes were tried longest ago, whether its wait is over or not."""
        waiting = [entry for entry in self._waiting if self._may_go(entry[2])]
        oldest = min(waiting, key=lambda entry: entry[2].last_try, default=None)
        lane = min(self._ready, key=lambda ready: ready.last_try, default=None)
        if lane is not None and (oldest is None or lane.last_try <= oldest[2].last_try):
            return self._gather(lane)
        if oldest is None:
            return None
        self._waiting.remove(oldest)
        heapq.heapify(self._waiting)
        return oldest[2]

    def wait(self, batch: Batch, due: float) -> None:
        """Try the batch again at `due`."""
        batch.due = due
        heapq.heappush(self._waiting, (due, next(self._order), batch))

    def put_back(self, batch: Batch, now: float, ours: Callable[[Delivery], bool]) -> None:
        """A batch under way was broken off: what is still ours is due again, the rest is forgotten."""
        gone = [delivery for delivery in batch.deliveries if not ours(delivery)]
        self._drop(batch, gone)
        if not batch.finished:
            self.wait(batch, now)

    def hurry(self, offset: int, partition: int, due: float) -> None:
        """Let the batch that holds this record wait until `due` at most."""
        for entry in self._waiting:
            batch = entry[2]
            held = any(d.record.offset == offset and d.record.partition == partition for d in batch.deliveries)
            if held and batch.due > due:
                self._waiting.remove(entry)
                heapq.heapify(self._waiting)
                self.wait(batch, due)
                return

    def finish(self, batch: Batch) -> None:
        """Nothing is owed for the batch any more; its lanes may go on."""
        batch.finished = True
        self._release(batch.deliveries, batch.lanes())

    def split(self, batch: Batch) -> tuple[Batch, Batch]:
        """Two halves in its place, both due at once; the second after the first if they share a repository."""
        middle = (len(batch.deliveries) + 1) // 2
        first, second = Batch(batch.deliveries[:middle]), Batch(batch.deliveries[middle:])
        for half in (first, second):
            half.tries, half.last_try = batch.tries, batch.last_try
        if first.lanes() & second.lanes():
            second.after = first
        for lane in first.lanes() & second.lanes():
            lane.busy += 1
        for _, _, waiting in self._waiting:
            if waiting.after is batch:
                waiting.after = second  # which holds the end of `batch`, and so the lane that they share
        batch.finished = True
        return first, second

    def next_due(self, now: float) -> float | None:
        """When something may be sent next if not now, on the clock of `now`; None if nothing waits for time."""
        entries = self._waiting[:1] if self._waiting and self._may_go(self._waiting[0][2]) else self._waiting
        dues = [due for due, _, batch in entries if self._may_go(batch)]  # a second half does not wait for time
        if self._ready and self._lingers(now):
            dues.append(self._ready[0].queue[0].arrived + self._linger_s)
        return min(dues, default=None)

    def remove(self, partition: int) -> None:
        """Forget a partition's deliveries that are not under way: another worker has them now, or will read them."""
        for lane in [lane for key, lane in self._lanes.items() if key[0] == partition]:
            self._forget_queue(lane)
        kept = []
        for due, order, batch in self._waiting:
            self._drop(batch, [delivery for delivery in batch.deliveries if delivery.record.partition == partition])
            if not batch.finished:
                kept.append((due, order, batch))
        self._waiting = kept
        heapq.heapify(self._waiting)

    def waiting(self) -> Iterator[Batch]:
        """The batches that wait for their next try."""
        return (entry[2] for entry in self._waiting)

    def _pop_due(self, now: float) -> Batch | None:
        passed_over = []
        while self._waiting and self._waiting[0][0] <= now:
            passed_over.append(heapq.heappop(self._waiting))
            if self._may_go(passed_over[-1][2]):
                break
        found = passed_over.pop()[2] if passed_over and self._may_go(passed_over[-1][2]) else None
        for entry in passed_over:
            heapq.heappush(self._waiting, entry)
        return found

    @staticmethod
    def _may_go(batch: Batch) -> bool:
        return batch.after is None or batch.after.finished

    def _lingers(self, now: float) -> bool:
        """Whether a new batch should wait to fill: it is not full, and nothing in it has waited long enough."""
        if self._linger_s <= 0 or self.startable >= self._max_events:
            return False
        return self._ready[0].queue[0].arrived + self._linger_s > now

    def _gather(self, first: Lane) -> Batch:
        """A new batch from the ready lanes, beginning with `first`."""
        kind = self._kind(first.queue[0]) if self._max_events > 1 else None
        room, size = self._max_events, 0
        taken: list[Delivery] = []
        candidates = [first, *(lane for lane in self._ready if lane is not first)] if self._max_events > 1 else [first]
        for lane in candidates:
            fits = self._take(lane, kind, room - len(taken), self._max_bytes - size, taken)
            size = sum(delivery.record.size for delivery in taken)
            if len(taken) >= room or not fits:
                break
        lanes = {delivery.lane for delivery in taken}
        if len(lanes) == 1 and self._ready[0] is first:
            self._ready.popleft()
        else:
            self._ready = deque(lane for lane in self._ready if lane not in lanes)
        for lane in lanes:
            self.startable -= len(lane.queue)
            lane.busy += 1
        return Batch(taken)

    def _take(self, lane: Lane, kind: object, room: int, room_bytes: int, taken: list[Delivery]) -> bool:
        """Move deliveries of one kind from the lane's front into `taken`; False if the bytes are used up."""
        while lane.queue and room > 0:
            delivery = lane.queue[0]
            if self._max_events > 1 and self._kind(delivery) != kind:
                return True
            if taken and delivery.record.size > room_bytes:
                return False
            taken.append(lane.queue.popleft())
            self.startable -= 1
            room, room_bytes = room - 1, room_bytes - delivery.record.size
        return True

    def _release(self, deliveries: list[Delivery], lanes: set[Lane]) -> None:
        self.held -= len(deliveries)
        self.bytes -= sum(delivery.record.size for delivery in deliveries)
        for lane in lanes:
            lane.busy -= 1
            if lane.busy:
                continue
            if lane.queue:
                self.startable += len(lane.queue)
                self._ready.append(lane)
            else:
                self._lanes.pop(lane.key, None)

    def _drop(self, batch: Batch, gone: list[Delivery]) -> None:
        """Take deliveries out of a batch, and with the last one the batch out of the schedule."""
        batch.deliveries = [delivery for delivery in batch.deliveries if delivery not in gone]
        batch.finished = not batch.deliveries
        self._release(gone, {delivery.lane for delivery in gone} - batch.lanes())

    def _forget_queue(self, lane: Lane) -> None:
        self.held -= len(lane.queue)
        self.bytes -= sum(delivery.record.size for delivery in lane.queue)
        if not lane.busy:
            self.startable -= len(lane.queue)
            self._ready.remove(lane)
            del self._lanes[lane.key]
        lane.queue.clear()
