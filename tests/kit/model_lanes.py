"""What one endpoint's lanes must do, in the simplest terms: a list of what is owed for each repository."""

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from consumer.lanes.delivery import NEVER, Batch, Delivery, Lane
from consumer.lanes.lanes import Lanes
from consumer.offsets.ledger import Ledger
from consumer.offsets.partition import Partition
from consumer.record import Record


@dataclass(frozen=True)
class Shape:
    """How the lanes are made."""

    ordered: bool = True
    max_events: int = 1
    max_bytes: int = 8 * 1024 * 1024
    linger_s: float = 0.0


@dataclass
class LanesModel:
    """Drives real lanes as a dispatcher does, and keeps its own lists; each operation checks all."""

    shape: Shape
    make: Callable[..., Lanes] = Lanes
    now: float = 0.0
    owed: dict[object, list[Delivery]] = field(default_factory=dict)
    """What is not finished and not forgotten, by lane, in log order."""
    gone: list[Delivery] = field(default_factory=list)
    """Under way, though their partition was taken away."""
    assigned: dict[int, Partition] = field(default_factory=dict)
    under_way: list[Batch] = field(default_factory=list)
    waiting: dict[Batch, float] = field(default_factory=dict)
    """Batches to be tried again, and when."""
    kinds: dict[Delivery, int] = field(default_factory=dict)
    tried: dict[object, float] = field(default_factory=dict)
    """When each lane was tried last."""
    free_since: dict[object, float] = field(default_factory=dict)
    """Since when each lane that could send could do so."""
    refused: set[object] = field(default_factory=set)
    """Lanes of which a batch was rejected since the last delivery."""
    broken: bool = False
    """Whether a claim was found false: then nothing more can be said."""

    def __post_init__(self) -> None:
        self.offsets = itertools.count()
        shape = self.shape
        self.lanes = self.make(
            ordered=shape.ordered,
            max_events=shape.max_events,
            max_bytes=shape.max_bytes,
            linger_s=shape.linger_s,
            kinds=self,
        )

    def kind(self, delivery: Delivery) -> object:
        """What the deliveries of a batch have in common."""
        return self.kinds[delivery]

    def lane_of(self, record: Record) -> object:
        """Which lane a record belongs to."""
        named = self.shape.ordered and record.key
        return record.partition, record.key if named else record.offset

    def add(self, partition: int, key: bytes | None, size: int, kind: int) -> None:
        """A record is admitted."""
        record = Record("registry.events", partition, next(self.offsets), 0, key, bytes(size))
        assigned = self.assigned.setdefault(partition, Partition(partition, 0, Ledger(0, end=0)))
        delivery = self.lanes.add(record, None, self.now, assigned)
        self.kinds[delivery] = kind
        self.owed.setdefault(self.lane_of(record), []).append(delivery)
        self.check()

    def start(self, *, fresh_only: bool = False) -> None:
        """The dispatcher asks what may be sent now."""
        passed_over = self.refused if fresh_only else set()
        may = [lane for lane in self._startable_lanes() if lane not in passed_over]
        waiting = {batch: when for batch, when in self.waiting.items() if not self._lanes(batch) & passed_over}
        due = [batch for batch, when in waiting.items() if when <= self.now and self._is_first(batch)]
        batch = self.lanes.next_batch(self.now, fresh_only=fresh_only)
        if batch is None:
            self._must(not due, "a batch is due and is not sent")
            if may:
                fresh = sum(len(self.owed[lane]) for lane in may if lane not in self.refused)
                self._must(fresh < self.shape.max_events, "a full batch could go and does not")
                late = [lane for lane in may if lane in self.refused or self.now >= self._lingers_until(lane)]
                self._must(not late, f"{late} linger too long")
            wake = self.lanes.next_due(self.now, fresh_only=fresh_only)
            self._must(wake is None or wake > self.now, f"asks to be woken at {wake}, which is past")
            first = min((when for waits, when in waiting.items() if self._is_first(waits)), default=None)
            self._must(wake is not None or (first is None and not may), "nothing wakes it though something waits")
            self._must(wake is None or first is None or wake <= first, "it is woken too late")
        else:
            self._must(not self._lanes(batch) & passed_over, "a refused lane is sent")
            earliest = min((self.waiting[one] for one in due), default=None)
            self._must(earliest == self.waiting.get(batch), "it is not the one that is due first")
            self._started(batch)

    def probe(self, *, refused_only: bool = False) -> None:
        """The breaker is open: the lane that was tried longest ago."""
        asked = self.refused if refused_only else {self._lane(delivery) for delivery in self._held()}
        candidates = [self.tried.get(lane, NEVER) for lane in self._startable_lanes() if lane in asked]
        candidates += [self._last_try(one) for one in self.waiting if self._is_first(one) and self._lanes(one) <= asked]
        batch = self.lanes.next_probe(refused_only=refused_only)
        if batch is None:
            self._must(not candidates, "there is something to probe with")
            return
        asked_for = batch.deliveries if batch in self.waiting else batch.deliveries[:1]
        last = min(self.tried.get(self._lane(delivery), NEVER) for delivery in asked_for)
        self._must(bool(candidates) and self._lanes(batch) <= asked, "the probe is of a lane that was not asked for")
        self._must(last == min(candidates), "the probe is not the one that was tried longest ago")
        self._started(batch)

    def finish(self, which: int, *, delivered: bool = True) -> None:
        """A batch was delivered, or its dead letter is written."""
        if self.under_way:
            batch = self.under_way.pop(which % len(self.under_way))
            if delivered:
                self.refused.clear()
                self.lanes.forgive()
            self._settle(batch.deliveries)
            self.lanes.finish(batch)
            self.check()

    def refuse(self, which: int, seconds: float) -> None:
        """A batch of one lane was rejected."""
        single = [batch for batch in self.under_way if len(self._lanes(batch)) == 1]
        if single:
            batch = single[which % len(single)]
            self.refused |= self._lanes(batch)
            self.lanes.refuse(batch)
            self.wait(self.under_way.index(batch), seconds)

    def wait(self, which: int, seconds: float) -> None:
        """A batch was not delivered."""
        if self.under_way:
            self._put_back(self.under_way.pop(which % len(self.under_way)), self.now + seconds)

    def split(self, which: int) -> None:
        """A batch was refused: what is still ours is to go in two halves."""
        several = [batch for batch in self.under_way if len(batch.deliveries) > 1]
        if several:
            batch = several[which % len(several)]
            self.under_way.remove(batch)
            left = self._forget_gone(batch)
            parts = self.lanes.split(batch, self.now)
            self._must(left == [one for part in parts for one in part.deliveries], "halves are not the whole")
            self._must(len(parts) == min(len(left), 2), "halves are no halves")
            sizes = [len(part.deliveries) for part in parts]
            lanes = [self._lanes(part) for part in parts]
            alone = len(set().union(*lanes)) < 2
            self._must(alone or lanes[0].isdisjoint(lanes[1]), "halves of several lanes share one")
            self._must(not alone or max(sizes, default=0) - min(sizes, default=0) < 2, "halves of a lane are no halves")
            self.waiting.update(dict.fromkeys(parts, self.now))
            self.check()

    def put_back(self, which: int) -> None:
        """A request was broken off."""
        if self.under_way:
            self._put_back(self.under_way.pop(which % len(self.under_way)), self.now)

    def remove(self, partition: int) -> None:
        """A partition is taken away: what is under way stays until it ends, all else of it is forgotten."""
        if (assigned := self.assigned.pop(partition, None)) is not None:
            assigned.close()
        flying = {delivery for batch in self.under_way for delivery in batch.deliveries}
        for lane, deliveries in self.owed.items():
            mine = [delivery for delivery in deliveries if delivery.record.partition == partition]
            self.gone += [delivery for delivery in mine if delivery in flying and delivery not in self.gone]
            deliveries[:] = [delivery for delivery in deliveries if delivery not in mine or delivery in flying]
            if not deliveries:
                self._forget_lane(lane)
        for batch in list(self.waiting):
            if all(delivery.record.partition == partition for delivery in batch.deliveries):
                del self.waiting[batch]
        self.lanes.remove(partition)
        self.check()

    def cap_wait(self, which: int, seconds: float) -> None:
        """A waiting batch pins a full window."""
        if self.waiting:
            batch = list(self.waiting)[which % len(self.waiting)]
            due = self.now + seconds
            if self._is_first(batch):
                self.waiting[batch] = min(self.waiting[batch], due)
            record = batch.deliveries[-1].record
            self.lanes.cap_wait(record.offset, record.partition, due)
            self._must(batch.due == self.waiting[batch], "it does not hurry, or slows down")
            self.check()

    def hurry(self) -> None:
        """Nothing waits any longer."""
        for batch in self.waiting:
            if self._is_first(batch):
                self.waiting[batch] = min(self.waiting[batch], self.now)
        self.lanes.hurry(self.now)
        for batch, due in self.waiting.items():
            if self._is_first(batch):
                self._must(batch.due == due, "it does not hurry, or slows down")
        self.check()

    def settle(self) -> None:
        """From now on all is delivered: the lanes empty."""
        for _ in range(1000):
            while self.under_way:
                self.finish(0)
            self.start()
            if not self.under_way:
                wake = self.lanes.next_due(self.now)
                if wake is None:
                    break
                self.now = wake
        self._must((0, 0, 0, 0, 0) == (*self._counters(), len(self.lanes)), "the lanes do not empty")
        self._must(not any(self.owed.values()), "something never went out")

    def check(self) -> None:
        """Counters equal a recount; what waits, what is ready and what is behind what follows from who holds what."""
        free = self._startable_lanes()
        self.free_since = {lane: self.free_since.get(lane, self.now) for lane in free}
        held = self._held()
        startable = sum(len(self.owed[lane]) for lane in free)
        fresh = sum(len(self.owed[lane]) for lane in free if lane not in self.refused)
        expected = (len(held), sum(delivery.record.size for delivery in held), startable, fresh)
        self._must(expected == self._counters(), f"the counters say {self._counters()}, a recount {expected}")
        self._must(Counter(list(self.waiting)) == Counter(self.lanes.waiting()), "another set of batches waits")
        busy = {self._lane(delivery) for delivery in held}
        self._must(len(busy) == len(self.lanes), "there are lanes without deliveries, or deliveries without a lane")
        self._check_relations(held)
        self._check_refused(held, free)

    def _check_relations(self, held: list[Delivery]) -> None:
        """A lane has the batches that hold its deliveries, in their order; who is first in all of its lanes may go."""
        holder = {d: batch for batches in (self.under_way, self.waiting) for batch in batches for d in batch.deliveries}
        batches: dict[Lane, dict[Batch, None]] = {delivery.lane: {} for delivery in held}
        for delivery in held:
            if delivery in holder:
                batches[delivery.lane][holder[delivery]] = None
        told = {lane: list(lane.batches) for lane in batches}
        self._must(told == {lane: list(its) for lane, its in batches.items()}, "a lane's batches do not hold it")
        for batch in self.waiting:
            first = all(next(iter(batches[delivery.lane])) is batch for delivery in batch.deliveries)
            self._must(batch.is_first is first, "a batch that may not go shares no lane with an earlier one")
            self._must(first or len(batch.lanes) == 1, "a batch of several lanes is behind another one")

    def _check_refused(self, held: list[Delivery], free: list[object]) -> None:
        """The marks are right, and refused lanes that could be sent are known to be there."""
        marked = {self._lane(delivery) for delivery in held if delivery.lane.refused}
        self._must(marked == self.refused, "a lane is refused that is not, or the reverse")
        first = [batch for batch in self.waiting if self._is_first(batch)]
        could = any(lane in self.refused for lane in free) or any(self._lanes(one) & self.refused for one in first)
        self._must(could is self.lanes.has_refused, "there are refused lanes to probe with, or none")

    def _forget_gone(self, batch: Batch) -> list[Delivery]:
        """What is still ours of a batch that came back."""
        left = [delivery for delivery in batch.deliveries if delivery not in self.gone]
        self._settle([delivery for delivery in batch.deliveries if delivery in self.gone])
        return left

    def _put_back(self, batch: Batch, due: float) -> None:
        ours = self._forget_gone(batch)
        self.lanes.put_back(batch, due)
        if ours:
            self.waiting[batch] = due
        self.check()

    def _started(self, batch: Batch) -> None:
        """I5: of each lane a batch holds what is owed first, in order, and no other batch of that lane is under way."""
        self.waiting.pop(batch, None)
        shape, held = self.shape, batch.deliveries
        self._must(len(batch.lanes) == 1 or not self._lanes(batch) & self.refused, "a refused lane goes with others")
        for lane in self._lanes(batch):
            mine = [delivery for delivery in held if self._lane(delivery) == lane]
            self._must(mine == self.owed[lane][: len(mine)], f"I5: {lane} is sent out of order")
            others = {self._lane(delivery) for other in self.under_way for delivery in other.deliveries}
            self._must(lane not in others, f"I5: two requests of {lane} at once")
            self.tried[lane] = self.now
        self._must(0 < len(held) <= shape.max_events, "a batch has too many events")
        size = sum(delivery.record.size for delivery in held)
        self._must(len(held) == 1 or size <= shape.max_bytes, "a batch has too many bytes")
        self._must(shape.max_events == 1 or len({self.kinds[one] for one in held}) == 1, "a batch of several kinds")
        self.under_way.append(batch)
        for delivery in held:
            delivery.lane.last_try = self.now
        self.check()

    def _settle(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            self.owed[self._lane(delivery)].remove(delivery)
            if delivery in self.gone:
                self.gone.remove(delivery)
            if not self.owed[self._lane(delivery)]:
                self._forget_lane(self._lane(delivery))

    def _forget_lane(self, lane: object) -> None:
        self.tried.pop(lane, None)
        self.refused.discard(lane)

    def _lingers_until(self, lane: object) -> float:
        return self.free_since[lane] + self.shape.linger_s

    def _held(self) -> list[Delivery]:
        return [delivery for deliveries in self.owed.values() for delivery in deliveries]

    def _lanes(self, batch: Batch) -> set[object]:
        return {self._lane(delivery) for delivery in batch.deliveries}

    def _last_try(self, batch: Batch) -> float:
        return min(self.tried.get(self._lane(delivery), NEVER) for delivery in batch.deliveries)

    def _lane(self, delivery: Delivery) -> object:
        return self.lane_of(delivery.record)

    def _startable_lanes(self) -> list[object]:
        held = {d for batches in (self.under_way, self.waiting) for batch in batches for d in batch.deliveries}
        return [lane for lane, owed in self.owed.items() if owed and not any(delivery in held for delivery in owed)]

    def _is_first(self, batch: Batch) -> bool:
        """Whether nothing of its lanes stands before it."""
        return all(self.owed[lane][0] in batch.deliveries for lane in self._lanes(batch))

    def _counters(self) -> tuple[int, int, int, int]:
        return self.lanes.held, self.lanes.bytes, self.lanes.startable, self.lanes.fresh_startable

    def _must(self, truth: bool, claim: str) -> None:  # noqa: FBT001 - as `assert`
        if not truth:
            self.broken = True
            raise AssertionError(claim)
