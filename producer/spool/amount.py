"""How much a spool holds. Pure."""

from typing import NamedTuple


class SpoolSpan(NamedTuple):
    """Which rows there are."""

    first: int
    next: int

    @property
    def records(self) -> int:
        """How many."""
        return self.next - self.first


class SpoolAmount(NamedTuple):
    """How much the spool holds."""

    records: int
    used_bytes: int
    """What the records take in the database."""
    disk_bytes: int
    """The size of the files, with room in them that is free."""
    oldest_ms: int | None
    """When the first was accepted, in milliseconds since the epoch; None if there is none."""
