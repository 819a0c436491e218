"""Log lines that others can make repeat: one for each matter every ten seconds, with a count. Pure."""

from collections.abc import Iterator
from typing import Final, Generic, NamedTuple, TypeVar

EVERY_S: Final = 10.0

Fact = TypeVar("Fact")


class Repeated(NamedTuple, Generic[Fact]):
    """What a line tells."""

    matter: str
    times: int
    """How often, since the line before."""
    last: Fact
    """What is known of the last time."""


class RepeatedLines(Generic[Fact]):
    """Counts what is to be told, and says when."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._counts: dict[str, int] = {}
        self._last: dict[str, Fact] = {}
        self._told: dict[str, float] = {}

    def note(self, matter: str, fact: Fact) -> None:
        """It happened once more."""
        self._counts[matter] = self._counts.get(matter, 0) + 1
        self._last[matter] = fact

    def due(self, now: float) -> Iterator[Repeated[Fact]]:
        """What is to be told now, in monotonic seconds; ask every second or so. Infinity for all that is left."""
        for matter, count in tuple(self._counts.items()):
            if now - self._told.get(matter, float("-inf")) >= EVERY_S:
                self._told[matter] = now
                del self._counts[matter]
                yield Repeated(matter, count, self._last.pop(matter))
