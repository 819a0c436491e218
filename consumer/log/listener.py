"""What the log's thread and the event loop say to each other. Pure."""

from typing import Final, Protocol

from consumer.offsets.commits import Assigned, Commit
from consumer.record import Record

NOT_YET: Final = "has not joined its group yet"
"""The first obstacle to being a member."""


class LogListener(Protocol):
    """What the loop's side is told, always on the loop, in the order in which it happened."""

    def assigned(self, partitions: list[Assigned]) -> None:
        """These are ours now."""

    def received(self, records: list[Record]) -> None:
        """These were read."""

    def read_up_to(self, offsets: dict[int, int]) -> None:
        """By partition: all below this offset was read and received; whatever else lies there is no record."""

    def expired(self, partition: int, lost: range) -> None:
        """Retention took these offsets before they were read."""

    async def drain(self, partitions: set[int]) -> list[Commit]:
        """Start nothing more for these, let what is in flight end; what is to be committed last."""

    def revoked(self, partitions: set[int]) -> None:
        """These are gone: after a drain and its commit, or at once if they were lost."""

    def committed(self, commits: list[Commit], error: str) -> None:
        """A commit ended; `error` is empty if it succeeded."""

    def log_ends(self, ends: dict[int, int]) -> None:
        """Where the partitions' log ends now."""

    def range_ended(self, partition: int, epoch: int) -> None:
        """All of the range that was to be read of this partition was received; of a subscription, never."""

    def gave_up(self, error: str) -> None:
        """The consumer had to be given up: nothing that was asked of it is answered. Another one is made soon."""

    def membership(self, obstacle: str) -> None:
        """Why this consumer is not a member of its group; empty when it is. Before it is told: not yet."""
