"""Which letters are open: the dead-letter topic, folded. Pure.

A closing closes the letters of its event and endpoint that stand before it in its partition. An event can become a
letter more than once: a letter behind a closing is open again, and of several open ones the newest speaks for all.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from consumer.dead_letters.letter import Closing, Identity, Letter, Place, understood
from consumer.record import Record


class OpenLetters:
    """Folds records, each partition's in order; remembers the open letters without their events."""

    def __init__(self, matches: Callable[[Letter], bool] = lambda _: True) -> None:
        """`matches`: which letters are of interest; the others are not remembered."""
        self._matches = matches
        self._open: Final[dict[tuple[int, Identity], Letter]] = {}
        self.foreign = 0
        """Records that are neither letter nor closing."""

    def add(self, record: Record) -> None:
        """The next record of its partition."""
        found = understood(record)
        if found is None:
            self.foreign += 1
            return
        at = (record.partition, found.identity)
        self._open.pop(at, None)
        if not isinstance(found, Closing) and self._matches(found):
            self._open[at] = found

    def letters(self) -> list[Letter]:
        """The open letters, oldest first."""
        newest: dict[Identity, Letter] = {}
        places: dict[Identity, list[Place]] = {}
        for letter in sorted(self._open.values(), key=lambda letter: (letter.written_ms, letter.place)):
            newest[letter.identity] = letter
            places.setdefault(letter.identity, []).append(letter.place)
        found = [replace(letter, copies=tuple(places[at][:-1])) for at, letter in newest.items()]
        return sorted(found, key=lambda letter: (letter.written_ms, letter.place))


class OpenCounts:
    """Folds records likewise; remembers only whose letters are open, for it may be asked for ever."""

    def __init__(self) -> None:
        self._open: Final[set[tuple[int, Identity]]] = set()

    def add(self, record: Record) -> None:
        """The next record of its partition."""
        found = understood(record)
        if found is not None:
            at = (record.partition, found.identity)
            (self._open.discard if isinstance(found, Closing) else self._open.add)(at)

    def by_endpoint(self) -> dict[str, int]:
        """How many events have open letters, for each endpoint."""
        return dict(Counter(endpoint for endpoint, *_ in {identity for _, identity in self._open}))
