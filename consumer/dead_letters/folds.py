"""The dead-letter topic, folded: the open letters, how many there are, and the history of some events. Pure.

Each fold takes the records of the topic, each partition's in order.

A closing closes the letters of its event and endpoint that stand before it in its partition. An event can become a
letter more than once: a letter behind a closing is open again, and of several open ones the newest speaks for all.
"""

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Protocol

from consumer.dead_letters.letter import Closing, EventPlace, Identity, Letter, LetterPlace
from consumer.dead_letters.record import answer_in, parse_record
from consumer.record import Record


class LetterFilter(Protocol):
    """Says which letters are of interest."""

    def matches(self, letter: Letter, /) -> bool:
        """Whether this one is."""
        ...


class OpenLetters:
    """The open letters of interest, without their events."""

    def __init__(self, wanted: LetterFilter) -> None:
        """No letter yet."""
        self._wanted = wanted
        self._open: Final[dict[tuple[int, Identity], Letter]] = {}
        self.foreign = 0
        """Records that are neither letter nor closing."""

    def add(self, record: Record) -> None:
        """The next record of its partition."""
        found = parse_record(record)
        if found is None:
            self.foreign += 1
            return
        at = (record.partition, found.identity)
        self._open.pop(at, None)
        if not isinstance(found, Closing) and self._wanted.matches(found):
            self._open[at] = found

    def letters(self) -> list[Letter]:
        """The open letters, oldest first."""
        newest: dict[Identity, Letter] = {}
        places: dict[Identity, list[LetterPlace]] = {}
        for letter in sorted(self._open.values(), key=lambda letter: (letter.written_ms, letter.place)):
            newest[letter.identity] = letter
            places.setdefault(letter.identity, []).append(letter.place)
        found = [replace(letter, copies=tuple(places[at][:-1])) for at, letter in newest.items()]
        return sorted(found, key=lambda letter: (letter.written_ms, letter.place))


class OpenCounts:
    """How many letters are open; remembers only whose they are and why, for it may be asked for ever."""

    def __init__(self) -> None:
        self._open: Final[dict[tuple[int, Identity], str]] = {}
        """Their reasons."""

    def add(self, record: Record) -> None:
        """The next record of its partition."""
        found = parse_record(record)
        if found is None:
            return
        at = (record.partition, found.identity)
        if isinstance(found, Closing):
            self._open.pop(at, None)
        else:
            self._open[at] = sys.intern(found.reason)

    def by_endpoint(self) -> dict[str, int]:
        """How many events have open letters, for each endpoint."""
        return {endpoint: reasons.total() for endpoint, reasons in self.by_reason().items()}

    def by_reason(self) -> dict[str, Counter[str]]:
        """The same, for each endpoint by reason."""
        counts: dict[str, Counter[str]] = {}
        for (endpoint, *_), reason in {identity: reason for (_, identity), reason in self._open.items()}.items():
            counts.setdefault(endpoint, Counter())[reason] += 1
        return counts


@dataclass(frozen=True, slots=True)
class Entry:
    """The last letter of an event for an endpoint in one partition, and how it was closed, if it was."""

    letter: Letter
    closing: Closing | None = None
    answer: str = ""
    """How the endpoint's last answer begins; empty if there was none."""


class LetterHistory:
    """The letters of interest, closed ones too."""

    def __init__(self, wanted: LetterFilter) -> None:
        """No letter yet."""
        self._wanted = wanted
        self._entries: dict[tuple[int, Identity], Entry] = {}

    def add(self, record: Record) -> None:
        """The next record of its partition."""
        found = parse_record(record)
        if found is None:
            return
        at = (record.partition, found.identity)
        if isinstance(found, Letter):
            if self._wanted.matches(found):
                self._entries[at] = Entry(found, answer=answer_in(record))
        elif at in self._entries:
            self._entries[at] = replace(self._entries[at], closing=found)

    def entries(self) -> dict[Identity, Entry]:
        """One for each event and endpoint: an open letter before a closed one, a newer before an older."""
        return {entry.letter.identity: entry for entry in sorted(self._entries.values(), key=_importance)}

    def places(self) -> Iterable[EventPlace]:
        """The places of the events."""
        return {identity[1:] for identity in self.entries()}


def _importance(entry: Entry) -> tuple[bool, int]:
    return entry.closing is None, entry.letter.written_ms
