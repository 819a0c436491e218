"""Reading the dead-letter topic: the open letters first, and their records when they are needed.

Memory holds the open letters that are asked for, without their events; records are read again, some at a time.
Blocks: an event loop reads through a thread.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from consumer.dead_letters.folds import OpenLetters
from consumer.dead_letters.letter import Letter, LetterPlace
from consumer.dead_letters.selection import LetterSelection, SelectionWithin
from consumer.places import Bounds
from consumer.places import Place as TopicPlace
from consumer.record import Record

_NEAR: Final = 500
"""Offsets: a gap up to this is read over, a wider one is leapt."""


class LetterLog(Protocol):
    """A log that is asked for its bounds and places, and read in ranges."""

    def bounds(self, topic: str) -> Bounds:
        """The beginning and the end of every partition, now."""
        ...

    def ranges(
        self, topic: str, from_: TopicPlace, to: TopicPlace, *, bounds: Bounds | None = None
    ) -> dict[int, range]:
        """The offsets from `from_` (included) to `to` (excluded) in each partition that both name."""
        ...

    def read(self, topic: str, ranges: Mapping[int, range]) -> Iterator[Record]:
        """The records at these offsets, each partition's in order."""
        ...

    def scan(self, topic: str, ranges: Mapping[int, range], label: str) -> Iterator[Record]:
        """The same records, while an operator is shown how far it is."""
        ...


class DeadLetterTopic:
    """The dead-letter topic, read."""

    def __init__(self, log: LetterLog, name: str) -> None:
        """Does not reach out yet; `name` is that of the topic."""
        self._log = log
        self.name: Final = name

    def open_letters(self, selection: LetterSelection, from_: TopicPlace, to: TopicPlace) -> list[Letter]:
        """The open letters that are meant and lie from `from_` (included) to `to` (excluded), oldest first.

        Closings count wherever they lie.

        Args:
            selection: which are meant.
            from_: a place in the dead-letter topic.
            to: likewise.

        Raises:
            TopicMissingError: there is no such topic.
            PlaceError: the topic has no such partition, or `from_` lies behind `to`.
            KafkaUnavailableError, KafkaRefusedError: it could not be read.
        """
        bounds = self._log.bounds(self.name)
        wanted = self._log.ranges(self.name, from_, to, bounds=bounds)
        found = OpenLetters(SelectionWithin(selection, wanted))
        spans = {at: range(span.start, bounds.end[at]) for at, span in wanted.items() if span}
        for record in self._log.scan(self.name, spans, "reading dead letters"):
            found.add(record)
        return found.letters()

    def records(self, letters: Sequence[Letter]) -> dict[LetterPlace, Record]:
        """The records of these letters, by place; one that is gone from the topic is missing.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: they could not be read.
        """
        places = {letter.place for letter in letters}
        found = {}
        for part in rounds(places):
            for record in self._log.read(self.name, part):
                if (record.partition, record.offset) in places:
                    found[record.partition, record.offset] = record
        return found


def rounds(places: Iterable[LetterPlace]) -> Iterator[dict[int, range]]:
    """Ranges that hold these places, one of each partition a round, without wide gaps between them."""
    runs: dict[int, list[range]] = {}
    for partition, offset in sorted(places):
        of_partition = runs.setdefault(partition, [])
        if of_partition and offset - of_partition[-1].stop <= _NEAR:
            of_partition[-1] = range(of_partition[-1].start, offset + 1)
        else:
            of_partition.append(range(offset, offset + 1))
    for index in itertools.count():
        part = {partition: found[index] for partition, found in runs.items() if index < len(found)}
        if not part:
            return
        yield part
