"""The backlog of an endpoint in all partitions of its group, whoever has them: its lag and its oldest event. Pure.

Of its own partitions a worker knows best, but for the age of what it has not read yet; of the others, and of this age,
what it saw when it looked last. Where neither says anything the whole is unknown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Waiting:
    """The backlog of some partitions."""

    lag: int
    """Records that are not finished."""
    oldest_ms: int | None = None
    """When the oldest of them was accepted, in ms since the epoch; None if nothing waits, or it was not read yet."""

    @property
    def is_ageless(self) -> bool:
        """Whether something waits whose age is not known."""
        return self.lag > 0 and self.oldest_ms is None


def total(parts: Iterable[Waiting]) -> Waiting:
    """The sum of these; the oldest is unknown if the age of one that waits is."""
    every = list(parts)
    oldest = [part.oldest_ms for part in every if part.lag]
    known = [at for at in oldest if at is not None]
    return Waiting(sum(part.lag for part in every), min(known) if known and len(known) == len(oldest) else None)


def backlog(own: Mapping[int, Waiting], elsewhere: Mapping[int, Waiting] | None, partitions: int) -> Waiting | None:
    """The backlog of all of so many partitions; None if one of them is not known.

    Args:
        own: of this worker's partitions.
        elsewhere: of the others, and of its own that are ageless, as they were looked at from outside; None if they
            were not lately.
        partitions: how many there are, numbered from 0.
    """
    seen = elsewhere or {}
    aged = {
        number: replace(part, oldest_ms=seen[number].oldest_ms)
        for number, part in own.items()
        if number in seen and part.is_ageless
    }
    known = {**seen, **own, **aged}
    numbers = range(partitions)
    if not partitions or any(number not in known for number in numbers):
        return None
    return total(known[number] for number in numbers)
