"""Lanes with a fault each, as they would be easy to write."""

import math
from dataclasses import dataclass
from typing import Any

from consumer.lanes.delivery import NEVER, Batch, Delivery, Lane
from consumer.lanes.lanes import Lanes
from consumer.offsets.partition import Partition
from consumer.record import Record
from schemas.event import Event


@dataclass(frozen=True)
class LanesMutant:
    """A fault, and how the AssertionError begins that finds it."""

    lanes: type[Lanes]
    breaks: str


class SendsTwoAtOnce(Lanes):
    """A lane under way goes on sending."""

    def _gather(self, first: Lane) -> Batch:
        batch = super()._gather(first)
        for lane in batch.lanes:
            if lane.queue:
                self._candidates(lane).enter(lane)
        return batch


class SendsTheNewestFirst(Lanes):
    """A stack where a queue should be."""

    def add(self, record: Record, event: Event | None, now: float, partition: Partition | None = None) -> Delivery:
        """A record that is to be delivered."""
        delivery = super().add(record, event, now, partition)
        delivery.lane.queue.rotate(1)
        return delivery


class LetsHalvesPass(Lanes):
    """The second half does not wait for the first."""

    def split(self, batch: Batch, due: float) -> list[Batch]:
        """Two halves."""
        halves = super().split(batch, due)
        for half in halves:
            if not half.is_first:
                self.wait(half, due)
        return halves


class LetsQuartersPass(Lanes):
    """Halves of a half stand behind its other half."""

    def _halve(self, batch: Batch) -> list[Batch]:
        halves = super()._halve(batch)
        for lane in batch.lanes:
            lane.batches.rotate(-sum(lane in half.lanes for half in halves))
        return halves


class CutsThroughLanes(Lanes):
    """Halves of several repositories in the middle, so that one of them waits for another."""

    def _halve(self, batch: Batch) -> list[Batch]:
        middle = (len(batch.deliveries) + 1) // 2
        halves = [Batch(batch.deliveries[:middle], batch.tries), Batch(batch.deliveries[middle:], batch.tries)]
        for lane in batch.lanes:
            lane.batches.popleft()
            lane.batches.extendleft(half for half in reversed(halves) if lane in half.lanes)
        batch.finished = True
        return halves


class KeepsLanesOfWhatIsGone(Lanes):
    """What leaves a batch leaves its lane busy."""

    def _let_go(self, lane: Lane, batch: Batch) -> None:
        if batch.finished:
            super()._let_go(lane, batch)


class ForgetsWhoIsBehind(Lanes):
    """A second half never comes to its turn."""

    def _let_go(self, lane: Lane, batch: Batch) -> None:
        super()._let_go(lane, batch)
        if lane.batches:
            self._candidates(lane).withdraw(lane.batches[0])


class WakesForWhatMayNotGo(Lanes):
    """Counts a second half, due at once, among what waits for time."""

    def next_due(self, now: float, *, fresh_only: bool = False) -> float | None:
        """When something may be sent next."""
        found = super().next_due(now, fresh_only=fresh_only)
        return min((batch.due for batch in self.waiting()), default=found)


class NeverWakes(Lanes):
    """Forgets its alarm."""

    def next_due(self, now: float, *, fresh_only: bool = False) -> float | None:
        """When something may be sent next."""
        del now, fresh_only
        return None


class MiscountsBytes(Lanes):
    """Gives back a record's size once too often when a partition goes."""

    def _forget_queue(self, lane: Lane) -> None:
        self.bytes -= sum(delivery.record.size for delivery in lane.queue)
        super()._forget_queue(lane)


class MiscountsStartable(Lanes):
    """Counts what stands behind a busy lane as startable."""

    def add(self, record: Record, event: Event | None, now: float, partition: Partition | None = None) -> Delivery:
        """A record that is to be delivered."""
        delivery = super().add(record, event, now, partition)
        self._candidates(delivery.lane).startable += bool(delivery.lane.batches)
        return delivery


class KeepsWhatIsNotOurs(Lanes):
    """Tries again what another worker has."""

    def put_back(self, batch: Batch, due: float) -> None:
        """A batch was not delivered."""
        for delivery in batch.deliveries:
            delivery.partition = None
        super().put_back(batch, due)


class KeepsRetries(Lanes):
    """Forgets only what was never tried when a partition goes."""

    def remove(self, partition: int) -> None:
        """Forget a partition's deliveries."""
        for lane in [lane for key, lane in self._lanes.items() if key[0] == partition]:
            self._forget_queue(lane)


class NeverHurries(Lanes):
    """Lets a full window wait."""

    def cap_wait(self, offset: int, partition: int, due: float) -> None:
        """Does nothing."""


class SlowsDown(Lanes):
    """Hurries a batch that would have gone earlier."""

    def cap_wait(self, offset: int, partition: int, due: float) -> None:
        """Let the batch wait until `due`."""
        for candidates in (self._fresh, self._refused):
            for batch in list(candidates.waiting):
                candidates.withdraw(batch)
                self.wait(batch, due + 1)
        super().cap_wait(offset, partition, due)


class HurriesNobody(Lanes):
    """Lets everything wait though an operator knows that the endpoint is well again."""

    def hurry(self, now: float) -> None:
        """Does nothing."""


class HurriesByHalves(Lanes):
    """Leaves the refused ones waiting."""

    def hurry(self, now: float) -> None:
        """Only the fresh ones."""
        self._fresh.hurry(now)


class LingersForCompany(Lanes):
    """Waits for a full batch, however long."""

    def _ready_at(self, first: Lane) -> float:
        return super()._ready_at(first) if self.startable >= self._batching.max_events else math.inf


class ProbesWithTheNext(Lanes):
    """Takes the next batch for a probe, so that a poison head holds the endpoint shut."""

    def next_probe(self, *, refused_only: bool = False) -> Batch | None:
        """The next batch."""
        candidates = [self._refused] if refused_only else [self._fresh, self._refused]
        due = min(candidates, key=lambda some: some.next_due).pop_due(math.inf)
        ready = [lane for some in candidates for lane in some.ready]
        return due if due is not None or not ready else self._gather(ready[-1])


class ProbesWhatWasNotRefused(Lanes):
    """Takes any lane for a probe, so that new ones keep the refused from their turn."""

    def next_probe(self, *, refused_only: bool = False) -> Batch | None:
        """The lane tried longest ago."""
        del refused_only
        return super().next_probe()


class HoldsUpTheInnocent(Lanes):
    """Passes over every lane that was tried before, refused or not."""

    def next_batch(self, now: float, *, fresh_only: bool = False) -> Batch | None:
        """What was never tried."""
        if fresh_only and any(lane.last_try > NEVER for lane in self._fresh.ready):
            return None
        return super().next_batch(now, fresh_only=fresh_only)


class TriesRefusedOnes(Lanes):
    """Passes over nothing."""

    def next_batch(self, now: float, *, fresh_only: bool = False) -> Batch | None:
        """What is next."""
        del fresh_only
        return super().next_batch(now)


class NeverForgives(Lanes):
    """Keeps refused lanes apart for ever."""

    def forgive(self) -> None:
        """Does nothing."""


class ForgivesByHalves(Lanes):
    """Leaves those where they were that are no longer refused."""

    def forgive(self) -> None:
        """Only the marks go."""
        for lane in self._all_refused:
            lane.refused = False
        self._all_refused.clear()


class SendsRefusedInCompany(Lanes):
    """Lets a refused lane spoil the batch of others."""

    def _gather(self, first: Lane) -> Batch:
        refused = [lane for lane in self._refused.ready if lane is not first]
        batch = super()._gather(first)
        if refused and not first.refused and len(batch.deliveries) < self._batching.max_events:
            more = super()._gather(refused[0])
            refused[0].batches[0] = batch
            batch.deliveries += more.deliveries
        return batch


class MixesKinds(Lanes):
    """Any events make a batch."""

    def __init__(self, **named: Any) -> None:
        super().__init__(**{**named, "kinds": None})


class MakesHeavyBatches(Lanes):
    """Does not weigh."""

    def __init__(self, **named: Any) -> None:
        super().__init__(**{**named, "max_bytes": 2**40})


class MakesLargeBatches(Lanes):
    """Takes one event too many."""

    def __init__(self, **named: Any) -> None:
        super().__init__(**{**named, "max_events": named["max_events"] + 1})


MUTANTS = [
    LanesMutant(SendsTwoAtOnce, "the counters|I5"),
    LanesMutant(SendsTheNewestFirst, "I5"),
    LanesMutant(LetsHalvesPass, "another set|I5|it is not the one"),
    LanesMutant(LetsQuartersPass, "a lane's batches|another set"),
    LanesMutant(CutsThroughLanes, "halves of several lanes"),
    LanesMutant(KeepsLanesOfWhatIsGone, "the counters|there are lanes|a lane's batches"),
    LanesMutant(ForgetsWhoIsBehind, "another set"),
    LanesMutant(WakesForWhatMayNotGo, "asks to be woken"),
    LanesMutant(NeverWakes, "nothing wakes"),
    LanesMutant(MiscountsBytes, "the counters"),
    LanesMutant(MiscountsStartable, "the counters"),
    LanesMutant(KeepsWhatIsNotOurs, "the counters|another set"),
    LanesMutant(KeepsRetries, "the counters|another set"),
    LanesMutant(NeverHurries, "it does not hurry"),
    LanesMutant(SlowsDown, "it does not hurry|it is not the one"),
    LanesMutant(HurriesNobody, "it does not hurry"),
    LanesMutant(HurriesByHalves, "it does not hurry"),
    LanesMutant(LingersForCompany, ".* linger too long|nothing wakes"),
    LanesMutant(ProbesWithTheNext, "the probe"),
    LanesMutant(ProbesWhatWasNotRefused, "the probe is of a lane"),
    LanesMutant(HoldsUpTheInnocent, "a fresh lane|a batch is due|a full batch|.* linger too long"),
    LanesMutant(TriesRefusedOnes, "a refused lane is sent"),
    LanesMutant(NeverForgives, "a lane is refused"),
    LanesMutant(ForgivesByHalves, "there are refused lanes|the counters"),
    LanesMutant(SendsRefusedInCompany, "a refused lane (goes with others|is sent)"),
    LanesMutant(MixesKinds, "a batch of several kinds"),
    LanesMutant(MakesHeavyBatches, "a batch has too many bytes"),
    LanesMutant(MakesLargeBatches, "a batch has too many events|a full batch"),
]
"""Every fault, and the claim that must find it."""
