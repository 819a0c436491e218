"""How far a long piece of work is, for whoever waits for it: the work knows no terminal."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Progress(Protocol):
    """Shows how far one piece of work is."""

    def advance(self, count: int, /) -> None:
        """So many more of its parts are done; one call at a time, from whatever thread."""
        ...


class ReadingProgress(Protocol):
    """Shows how far the reading of a range is."""

    def watch(self, items: Iterable[Item], length: int, label: str) -> Iterator[Item]:
        """Pass the items through, of about `length`, and show under the label how many there were."""
        ...


class NoProgress:
    """Shows nothing."""

    def advance(self, _: int, /) -> None:
        """Pass over it."""

    def watch(self, items: Iterable[Item], _length: int, _label: str) -> Iterator[Item]:
        """Pass the items through."""
        yield from items
