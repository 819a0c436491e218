"""The dead-letter topic, folded: the open letters, how many there are, and the history of some events. Pure.

Each fold takes the records of the topic, each partition's in order.

A closing closes the letters of its event and endpoint that stand before it in its partition. An event can become a
letter more than once: a letter behind a closing is open again, and of several open ones the newest speaks for all.
Events that lay at the same place one after the other, in a topic that was made anew, have letters of their own.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Generic, Protocol, TypeVar

from consumer.dead_letters.letter import Closing, Identity, Letter, LetterAddress, LetterPlace
from consumer.dead_letters.record import answer_in, parse_record
from consumer.record import Record

_Kept = TypeVar("_Kept")


class LetterFilter(Protocol):
    """Says which letters are of interest."""

    def matches(self, letter: Letter, /) -> bool:
        """Whether this one is."""
        ...


class _EachLetter(Generic[_Kept]):
    """Something that is kept of each letter, one for each event, endpoint and partition of the dead-letter topic."""

    def __init__(self) -> None:
        self._at: Final[dict[tuple[int, LetterAddress], dict[str, _Kept]]] = {}
        """By the events' marks: nearly always one, and a closing without a mark closes all."""

    def put(self, letter: Letter, kept: _Kept) -> None:
        """In place of what was kept of an earlier letter."""
        self._at.setdefault((letter.place[0], letter.address), {})[letter.mark] = kept

    def take(self, found: Letter | Closing) -> list[_Kept]:
        """Give out, and keep no longer, what an earlier letter left here, or the letters that a closing closes."""
        at = found.place[0], found.address
        there = self._at.pop(at, {})
        left = {mark: kept for mark, kept in there.items() if found.mark not in {mark, None}}
        if left:
            self._at[at] = left
        return [kept for mark, kept in there.items() if mark not in left]

    def items(self) -> Iterator[tuple[Identity, _Kept]]:
        """All that is kept, with whose it is; copies have the same identity."""
        for (_, address), there in self._at.items():
            for mark, kept in there.items():
                yield (*address, mark), kept


class OpenLetters:
    """The open letters of interest, without their events."""

    def __init__(self, wanted: LetterFilter) -> None:
        """No letter yet."""
        self._wanted = wanted
        self._open: Final = _EachLetter[Letter]()
        self.foreign = 0
        """Records that are neither letter nor closing."""

    def add(self, record: Record) -> None:
        """The next record of its partition."""
        found = parse_record(record)
        if found is None:
            self.foreign += 1
            return
        self._open.take(found)
        if isinstance(found, Letter) and self._wanted.matches(found):
            self._open.put(found, found)

    def letters(self) -> list[Letter]:
        """The open letters, oldest first."""
        newest: dict[Identity, Letter] = {}
        places: dict[Identity, list[LetterPlace]] = {}
        letters = (letter for _, letter in self._open.items())
        for letter in sorted(letters, key=lambda letter: (letter.written_ms, letter.place)):
            newest[letter.identity] = letter
            places.setdefault(letter.identity, []).append(letter.place)
        found = [replace(letter, copies=tuple(places[at][:-1])) for at, letter in newest.items()]
        return sorted(found, key=lambda letter: (letter.written_ms, letter.place))


class OpenCounts:
    """How many letters are open; remembers only whose they are and why, for it may be asked for ever."""

    def __init__(self) -> None:
        self._open: Final = _EachLetter[str]()
        """Their reasons."""

    def add(self, record: Record) -> None:
        """The next record of its partition."""
        found = parse_record(record)
        if found is None:
            return
        self._open.take(found)
        if isinstance(found, Letter):
            self._open.put(found, found.reason)

    def by_endpoint(self) -> dict[str, int]:
        """How many events have open letters, for each endpoint."""
        return {endpoint: reasons.total() for endpoint, reasons in self.by_reason().items()}

    def by_reason(self) -> dict[str, Counter[str]]:
        """The same, for each endpoint by reason."""
        counts: dict[str, Counter[str]] = {}
        for (endpoint, *_), reason in dict(self._open.items()).items():
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
        self._entries: Final = _EachLetter[Entry]()

    def add(self, record: Record) -> None:
        """The next record of its partition."""
        found = parse_record(record)
        if found is None:
            return
        if isinstance(found, Letter):
            if self._wanted.matches(found):
                self._entries.put(found, Entry(found, answer=answer_in(record)))
            return
        for entry in self._entries.take(found):
            self._entries.put(entry.letter, replace(entry, closing=found))

    def entries(self) -> list[Entry]:
        """One for each event and endpoint: an open letter before a closed one, a newer before an older."""
        return list(dict(sorted(self._entries.items(), key=_importance)).values())


def _importance(item: tuple[Identity, Entry]) -> tuple[bool, int]:
    _, entry = item
    return entry.closing is None, entry.letter.written_ms
