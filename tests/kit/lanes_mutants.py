"""Lanes with a fault each, as they would be easy to write."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from consumer.lanes import Batch, Delivery, Lane, Lanes
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
        for lane in batch.lanes():
            if lane.queue:
                self._ready.append(lane)
                self.startable += len(lane.queue)
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

    def split(self, batch: Batch) -> tuple[Batch, Batch]:
        """Two halves."""
        first, second = super().split(batch)
        second.after = None
        return first, second


class LetsQuartersPass(Lanes):
    """When the first half is split again, the second takes it for finished."""

    def split(self, batch: Batch) -> tuple[Batch, Batch]:
        """Two halves."""
        followers = [waiting for waiting in self.waiting() if waiting.after is batch]
        halves = super().split(batch)
        for follower in followers:
            follower.after = batch
        return halves


class WakesForWhatMayNotGo(Lanes):
    """Counts a second half, due at once, among what waits for time."""

    def next_due(self, now: float) -> float | None:
        """When something may be sent next."""
        found = super().next_due(now)
        return min((entry[0] for entry in self._waiting), default=found)


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
        self.startable += bool(delivery.lane.busy)
        return delivery


class KeepsWhatIsNotOurs(Lanes):
    """Tries again what another worker has."""

    def put_back(self, batch: Batch, now: float, ours: Callable[[Delivery], bool]) -> None:
        """A batch was broken off."""
        del ours
        super().put_back(batch, now, lambda _: True)


class KeepsRetries(Lanes):
    """Forgets only what was never tried when a partition goes."""

    def remove(self, partition: int) -> None:
        """Forget a partition's deliveries."""
        waiting, self._waiting = self._waiting, []
        super().remove(partition)
        self._waiting = waiting


class NeverHurries(Lanes):
    """Lets a full window wait."""

    def hurry(self, offset: int, partition: int, due: float) -> None:
        """Does nothing."""


class SlowsDown(Lanes):
    """Hurries a batch that would have gone earlier."""

    def hurry(self, offset: int, partition: int, due: float) -> None:
        """Let the batch wait until `due`."""
        for batch in self.waiting():
            batch.due = due + 1
        super().hurry(offset, partition, due)


class LingersForCompany(Lanes):
    """Waits for a full batch, however long."""

    def _lingers(self, now: float) -> bool:
        del now
        return self._linger_s > 0 and self.startable < self._max_events


class ProbesWithTheNext(Lanes):
    """Takes the next batch for a probe, so that a poison head holds the endpoint shut."""

    def next_probe(self) -> Batch | None:
        """The next batch."""
        waits = bool(self._waiting) and self._may_go(self._waiting[0][2])
        return self._pop_due(float("inf")) if waits or not self._ready else self._gather(self._ready[-1])


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
    LanesMutant(LetsHalvesPass, "I5|it is not the one"),
    LanesMutant(LetsQuartersPass, "I5|it is not the one"),
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
