"""The listener of a log: what happens to the partitions of an endpoint. Pure."""

from typing import Final, Protocol

from consumer.offsets.commits import Assigned, Commit
from consumer.record import Record

NOT_YET: Final = "has not joined its group yet"
"""Why a consumer is no member before its first answer."""


class LogListener(Protocol):
    """Notified by a log, always on the event loop, in the order of what happened."""

    def assigned(self, partitions: list[Assigned]) -> None:
        """These partitions were assigned."""

    def received(self, records: list[Record]) -> None:
        """These records were read."""

    def read_up_to(self, offsets: dict[int, int]) -> None:
        """By partition: the log was read up to this offset. Offsets below it that were not received hold no record."""

    def expired(self, partition: int, lost: range) -> None:
        """Retention took these offsets before they were read."""

    async def drain(self, partitions: set[int]) -> list[Commit]:
        """Start nothing more for these partitions, and wait for what is in flight; the last commits to make."""

    def revoked(self, partitions: set[int]) -> None:
        """These partitions are gone: after `drain` and its commit, or without, if the group gave them away already."""

    def disowned(self, partitions: set[int]) -> None:
        """These partitions are gone with their consumer; what it committed last may never have been answered."""

    def committed(self, commits: list[Commit], error: str) -> None:
        """A commit ended; `error` is empty if it succeeded."""

    def log_ends(self, ends: dict[int, int]) -> None:
        """By partition: where the log ends now."""

    def range_ended(self, partition: int, epoch: int) -> None:
        """The assigned range of this partition was read to its end. A subscription has no ranges."""

    def gave_up(self, error: str) -> None:
        """The consumer failed and was given up; it answers nothing that was asked of it. Another one is made soon."""

    def membership(self, obstacle: str) -> None:
        """Why the consumer is not a member of its group; empty when it is. Before the first call it is `NOT_YET`."""
