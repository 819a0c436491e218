"""Which letters an operator means: by endpoint, reason, id and place. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from consumer.dead_letters.letter import Letter


@dataclass(frozen=True, slots=True)
class LetterSelection:
    """What is empty does not narrow."""

    endpoint: str = ""
    reason: str = ""
    event: str = ""
    """An id, or PARTITION:OFFSET, of the event."""

    def matches(self, letter: Letter) -> bool:
        """Whether the letter is meant, wherever it lies."""
        return (
            (not self.endpoint or letter.endpoint == self.endpoint)
            and (not self.reason or letter.reason == self.reason)
            and (not self.event or letter.is_named(self.event))
        )


def within(letter: Letter, ranges: Mapping[int, range]) -> bool:
    """Whether the letter lies in the range of its partition."""
    partition, offset = letter.place
    return offset in ranges.get(partition, ())
