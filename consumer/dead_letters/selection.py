"""The letters that an operator means: by endpoint, reason and id, and by place. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from consumer.dead_letters.letter import Letter


@dataclass(frozen=True, slots=True)
class LetterSelection:
    """A selection of letters; a field that is empty does not narrow it."""

    endpoint: str = ""
    reason: str = ""
    event: str = ""
    """An id, or PARTITION:OFFSET, of the event."""

    def matches(self, letter: Letter, /) -> bool:
        """Whether the letter is meant, wherever it lies."""
        return (
            (not self.endpoint or letter.endpoint == self.endpoint)
            and (not self.reason or letter.reason == self.reason)
            and (not self.event or letter.is_named(self.event))
        )


@dataclass(frozen=True, slots=True)
class SelectionWithin:
    """The letters of a selection that lie in these ranges of the dead-letter topic."""

    selection: LetterSelection
    ranges: Mapping[int, range]

    def matches(self, letter: Letter, /) -> bool:
        """Whether the letter is meant, and lies there."""
        partition, offset = letter.place
        return offset in self.ranges.get(partition, ()) and self.selection.matches(letter)
