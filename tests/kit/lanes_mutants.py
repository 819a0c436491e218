"""Lanes with a fault each, as they would be easy to write."""

from dataclasses import dataclass
from typing import Any

from consumer.lane import Batch, Delivery, Lane
from consumer.lanes import Lanes, Ours
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
                self._candidates.enter(lane)
        return batch


class SendsTheNewestFirst(Lanes):
    """A stack where a queue should be."""

    def add(self, record: Record, event: Event | None, now: float, epoch: int = 0) -> Delivery:
        """A record that is to be delivered."""
        delivery = super().add(record, event, now, epoch)
        delivery.lane.queue.rotate(1)
        return delivery


class LetsHalvesPass(Lanes):
    """The second half does not wait for the first."""

    def split(self, batch: Batch, due: float, ours: Ours) -> list[Batch]:
        """Two halves."""
        halves = super().split(batch, due, ours)
        for half in halves:
            if not half.is_first:
                self._candidates.wait(half)
        return halves


class LetsQuartersPass(Lanes):
    """Halves of a half stand behind its other half."""

    @staticmethod
    def _halve(batch: Batch) -> list[Batch]:
        halves = Lanes._halve(batch)
        for lane in batch.lanes:
            lane.batches.rotate(-sum(lane in half.lanes for half in halves))
        return halves


class CutsThroughLanes(Lanes):
    """Halves of several repositories in the middle, so that one of them waits for another."""

    @staticmethod
    def _halve(batch: Batch) -> list[Batch]:
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
            self._candidates.withdraw(lane.batches[0])


class WakesForWhatMayNotGo(Lanes):
    """Counts a second half, due at once, among what waits for time."""

    def next_due(self, now: float) -> float | None:
        """When something may be sent next."""
        return min((batch.due for batch in self.waiting()), default=super().next_due(now))


class NeverWakes(Lanes):
    """Forgets its alarm."""

    def next_due(self, now: float) -> float | None:
        """When something may be sent next."""
        del now
        return None


class MiscountsBytes(Lanes):
    """Gives back a record's size once too often when a partition goes."""

    def _forget_queue(self, lane: Lane) -> None:
        self.bytes -= sum(delivery.record.size for delivery in lane.queue)
        super()._forget_queue(lane)


class MiscountsStartable(Lanes):
    """Counts what stands behind a busy lane as startable."""

    def add(self, record: Record, event: Event | None, now: float, epoch: int = 0) -> Delivery:
        """A record that is to be delivered."""
        delivery = super().add(record, event, now, epoch)
        self._candidates.startable += bool(delivery.lane.batches)
        return delivery


class KeepsWhatIsNotOurs(Lanes):
    """Tries again what another worker has."""

    def put_back(self, batch: Batch, due: float, ours: Ours) -> None:
        """A batch was not delivered."""
        del ours
        super().put_back(batch, due, lambda _: True)


class KeepsRetries(Lanes):
    """Forgets only what was never tried when a partition goes."""

    def remove(self, partition: int) -> None:
        """Forget a partition's deliveries."""
        for lane in [lane for key, lane in self._lanes.items() if key[0] == partition]:
            self._forget_queue(lane)


class NeverHurries(Lanes):
    """Lets a full window wait."""

    def hurry(self, offset: int, partition: int, due: float) -> None:
        """Does nothing."""


class SlowsDown(Lanes):
    """Hurries a batch that would have gone earlier."""

    def hurry(self, offset: int, partition: int, due: float) -> None:
        """Let the batch wait until `due`."""
        for batch in list(self._candidates.waiting):
            self._candidates.withdraw(batch)
            self.wait(batch, due + 1)
        super().hurry(offset, partition, due)


class LingersForCompany(Lanes):
    """Waits for a full batch, however long."""

    def _lingers(self, first: Lane, now: float) -> bool:
        del first, now
        return self._linger_s > 0 and self.startable < self._max_events


class ProbesWithTheNext(Lanes):
    """Takes the next batch for a probe, so that a poison head holds the endpoint shut."""

    def next_probe(self) -> Batch | None:
        """The next batch."""
        found = self._candidates.pop_due(float("inf"))
        last = next(reversed(self._candidates.ready), None)
        return found if found is not None or last is None else self._gather(last)


class MixesKinds(Lanes):
    """Any events make a batch."""

    def __init__(self, **named: Any) -> None:
        super().__init__(**{**named, "kind": lambda _: None})


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
    LanesMutant(SlowsDown, "it does not hurry"),
    LanesMutant(LingersForCompany, ".* linger too long"),
    LanesMutant(ProbesWithTheNext, "the probe"),
    LanesMutant(MixesKinds, "a batch of several kinds"),
    LanesMutant(MakesHeavyBatches, "a batch has too many bytes"),
    LanesMutant(MakesLargeBatches, "a batch has too many events|a full batch"),
]
"""Every fault, and the claim that must find it."""
