"""The position of a consumer group in a topic: its cursors, and the bounds of the log beside them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from consumer.offsets.cursor import Cursor
from consumer.places import Bounds


@dataclass(frozen=True, slots=True)
class GroupPosition:
    """One group in every partition of a topic."""

    group: str
    topic: str
    bounds: Bounds
    """Of the log: its beginnings before, its ends right after the commits were read."""
    cursors: Mapping[int, Cursor]
    """By partition; empty if the group has no commit at all."""

    @property
    def lag(self) -> int:
        """Unfinished records."""
        return sum(cursor.lag for cursor in self.cursors.values())
