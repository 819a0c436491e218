"""The backlog of an endpoint in all partitions of its group, whoever has them: its lag and its oldest event. Pure.

Of its own partitions a worker knows best; of the others what it saw when it looked last. Where neither says anything
the whole is unknown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Waiting:
    """The backlog of some partitions."""

    lag: int
    """Records that are not finished."""
    oldest_ms: int | None = None
    """When the oldest of them was accepted, in ms since the epoch; None if nothing waits, or it was not read yet."""


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
        elsewhere: of the others, as they were looked at from outside; None if they were not lately.
        partitions: how many there are, numbered from 0.
    """
    known = {**(elsewhere or {}), **own}
    numbers = range(partitions)
    if not partitions or any(number not in known for number in numbers):
        return None
    return total(known[number] for number in numbers)
