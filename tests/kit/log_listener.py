"""A listener of the log that keeps what it is told."""

from consumer.log.listener import NOT_YET
from consumer.offsets.commits import Assigned, Commit
from consumer.record import Record


class Listener:
    """Keeps what the log tells."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.epochs: dict[int, int] = {}
        self.commits = 0
        self.ends: dict[int, int] = {}
        self.read_to: dict[int, int] = {}
        self.lost: list[tuple[int, range]] = []
        self.obstacle = NOT_YET
        self.ended: list[tuple[int, int]] = []
        self.last: list[Commit] = []
        self.refused: list[str] = []
        self.given_up: list[str] = []
        self.may_be_given_up = False

    def assigned(self, partitions: list[Assigned]) -> None:
        """Keep."""
        self.epochs |= {at.partition: at.epoch for at in partitions}

    def received(self, records: list[Record]) -> None:
        """Keep."""
        self.records += records

    def read_up_to(self, offsets: dict[int, int]) -> None:
        """Keep."""
        self.read_to |= offsets

    def expired(self, partition: int, lost: range) -> None:
        """Keep."""
        self.lost.append((partition, lost))

    async def drain(self, partitions: set[int]) -> list[Commit]:
        """Nothing is in flight."""
        return self.last

    def revoked(self, partitions: set[int]) -> None:
        """Forget."""
        self.epochs = {number: epoch for number, epoch in self.epochs.items() if number not in partitions}

    def disowned(self, partitions: set[int]) -> None:
        """Forget."""
        self.revoked(partitions)

    def committed(self, commits: list[Commit], error: str) -> None:
        """Keep."""
        if error:
            self.refused.append(error)
        self.commits += 1

    def log_ends(self, ends: dict[int, int]) -> None:
        """Keep."""
        self.ends |= ends

    def range_ended(self, partition: int, epoch: int) -> None:
        """Keep."""
        self.ended.append((partition, epoch))

    def gave_up(self, error: str) -> None:
        """Keep."""
        self.given_up.append(error)

    def membership(self, obstacle: str) -> None:
        """Keep."""
        self.obstacle = obstacle
