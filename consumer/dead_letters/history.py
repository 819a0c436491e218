"""What became of the dead letters of some events: the topic, folded for `explain`. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from consumer.dead_letters.letter import Closing, Identity, Letter, understood
from consumer.record import Record


@dataclass(frozen=True, slots=True)
class Entry:
    """The last letter of an event for an endpoint in one partition, and how it was closed, if it was."""

    letter: Letter
    closing: Closing | None = None


class LetterHistory:
    """Folds records, each partition's in order; remembers the events of interest, closed letters too."""

    def __init__(self, matches: Callable[[Letter], bool]) -> None:
        """`matches`: which letters are of interest."""
        self._matches = matches
        self._entries: dict[tuple[int, Identity], Entry] = {}

    def add(self, record: Record) -> None:
        """The next record of its partition."""
        found = understood(record)
        if found is None:
            return
        at = (record.partition, found.identity)
        if isinstance(found, Letter):
            if self._matches(found):
                self._entries[at] = Entry(found)
        elif at in self._entries:
            self._entries[at] = replace(self._entries[at], closing=found)

    def entries(self) -> dict[Identity, Entry]:
        """One for each event and endpoint: an open letter before a closed one, a newer before an older."""
        return {entry.letter.identity: entry for entry in sorted(self._entries.values(), key=_importance)}

    def places(self) -> Iterable[tuple[str, int, int]]:
        """Topic, partition and offset of the events."""
        return {identity[1:] for identity in self.entries()}


def _importance(entry: Entry) -> tuple[bool, int]:
    return entry.closing is None, entry.letter.written_ms
