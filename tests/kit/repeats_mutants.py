"""Kinds of finding repeats with a fault each, as they would be easy to write."""

import math
from typing import Any, Final

from msgspec.structs import replace

from consumer.lanes.delivery import Delivery, Told
from consumer.lanes.repeats import Repeats
from consumer.offsets.partition import Partition
from schemas.event import Event


class OverlooksWhatHappenedBetween(Repeats):
    """The same action, tag and digest is the same event, wherever the tag was meanwhile."""

    def _by_content(self, event: Event, within: tuple[Any, ...]) -> Told | None:
        target = event.target
        return self._told(repr((*within, event.action, target.tag, target.digest)).encode())


class OverlooksOtherTagsOfADigest(Repeats):
    """Only what happened to the tag itself counts: a digest that was deleted takes no tag with it."""

    def _run(self, event: Event, within: tuple[Any, ...]) -> int:
        return 0 if event.target.digest else super()._run(event, within)


class TakesPushesWithoutADigestForTheSame(Repeats):
    """A push of a tag is like the last one, whatever is behind the tag now."""

    def _run(self, event: Event, within: tuple[Any, ...]) -> int:
        return super()._run(event, within) if event.target.digest else 0

    def _by_content(self, event: Event, within: tuple[Any, ...]) -> Told | None:
        super()._by_content(event, within)
        return self._told(repr((*within, event.action, event.target.tag, event.target.digest)).encode())


class TrustsMadeIds(Repeats):
    """An id is an id, though two pushes of the same body have the same."""

    def _by_id(self, event: Event, within: tuple[Any, ...]) -> Told | None:
        return super()._by_id(replace(event, timestamp="2026-03-01T12:00:00Z"), within)


class TakesWhatItReadForDelivered(Repeats):
    """What was read once is left out the second time, though the first became a dead letter."""

    def note(self, delivery: Delivery, event: Event | None) -> None:
        """Find those that a delivery is the same as."""
        super().note(delivery, event)
        for told in delivery.same:
            if told.at == -math.inf:
                told.delivered(delivery.record, math.inf)
                told.place = "0:-1"


class KnowsWhatAnotherWorkerDid(Repeats):
    """What was known of a partition is still so when it comes back."""

    def _life(self, partition: Partition) -> int:
        return partition.number


class GoesOnBehindTheUnknown(Repeats):
    """A record that nobody can read was nothing."""

    def lose_track(self, partition: Partition) -> None:
        """Something came that nobody knows."""


class KnowsNothing(Repeats):
    """Every event is news."""

    def note(self, delivery: Delivery, event: Event | None) -> None:
        """Find those that a delivery is the same as."""


MUTANTS: Final = (
    OverlooksWhatHappenedBetween,
    OverlooksOtherTagsOfADigest,
    TakesPushesWithoutADigestForTheSame,
    TrustsMadeIds,
    TakesWhatItReadForDelivered,
    KnowsWhatAnotherWorkerDid,
    GoesOnBehindTheUnknown,
    KnowsNothing,
)
