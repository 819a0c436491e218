"""Reading the dead-letter topic: the open letters first, and their records when they are needed.

Memory holds the open letters that are asked for, without their events; records are read again, some at a time.
Blocks: an event loop reads through a thread.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from consumer.dead_letters.letter import Letter, Place
from consumer.dead_letters.open_letters import OpenLetters
from consumer.dead_letters.selection import Selection, within
from consumer.log.range_reader import RangeReader
from consumer.places import LogOffsets, bounds_of, ranges
from consumer.places import Place as TopicPlace
from consumer.record import Record

Watch = Callable[[Iterable[Record], int], Iterable[Record]]
"""Passes records through and shows how many of so many offsets are done."""

_NEAR: Final = 500
"""Offsets: a gap up to this is read over, a wider one is leapt."""


class DeadLetterTopic:
    """The dead-letter topic, read."""

    def __init__(self, log: LogOffsets, reader: RangeReader, topic: str, *, watch: Watch) -> None:
        """Does not reach out yet.

        Args:
            log: who knows the offsets.
            reader: reads.
            topic: its name.
            watch: shows the progress.
        """
        self._log = log
        self._reader = reader
        self.topic: Final = topic
        self._watch = watch

    def open_letters(self, selection: Selection, from_: TopicPlace, to: TopicPlace, *, now: float) -> list[Letter]:
        """The open letters that are meant and lie from `from_` (included) to `to` (excluded), oldest first.

        Closings count wherever they lie.

        Args:
            selection: which are meant.
            from_: a place in the dead-letter topic.
            to: likewise.
            now: seconds since the epoch, for times ago.

        Raises:
            TopicMissingError: there is no such topic.
            PlaceError: the topic has no such partition, or `from_` lies behind `to`.
            KafkaUnavailableError, KafkaRefusedError: it could not be read.
        """
        bounds = bounds_of(self._log, self.topic)
        wanted = ranges(self._log, self.topic, from_, to, now=now, bounds=bounds)
        found = OpenLetters(lambda letter: selection.matches(letter) and within(letter, wanted))
        for record in self._read({at: range(span.start, bounds.end[at]) for at, span in wanted.items() if span}):
            found.add(record)
        return found.letters()

    def records(self, letters: Sequence[Letter]) -> dict[Place, Record]:
        """The records of these letters, by place; one that is gone from the topic is missing.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: they could not be read.
        """
        places = {letter.place for letter in letters}
        found = {}
        for part in rounds(places):
            for record in self._reader.read(self.topic, part):
                if (record.partition, record.offset) in places:
                    found[record.partition, record.offset] = record
        return found

    def _read(self, wanted: Mapping[int, range]) -> Iterable[Record]:
        return self._watch(self._reader.read(self.topic, wanted), sum(map(len, wanted.values())))


def rounds(places: Iterable[Place]) -> Iterator[dict[int, range]]:
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
