"""The assignment: the partitions that this worker has for one endpoint, and what their group is owed. Pure.

It is what delivery asks as its `Claims`. A partition object lives from its assignment to its revocation, or until its
log is made anew; a delivery holds the one that it was read in, so that what comes too late changes nothing.
"""

from collections.abc import Iterable
from typing import Final

from consumer.lanes.delivery import Delivery
from consumer.lanes.lanes import Lanes
from consumer.offsets.commits import Assigned, Commit, Commits
from consumer.offsets.partition import Partition


class Assignment:
    """The partitions of one endpoint, by number."""

    def __init__(self, commits: Commits, lanes: Lanes) -> None:
        """No partition is assigned.

        Args:
            commits: of its group.
            lanes: where deliveries of these partitions wait.
        """
        self.commits: Final = commits
        self._lanes = lanes
        self.partitions: Final[dict[int, Partition]] = {}
        self.ends: Final[dict[int, int]] = {}
        """Where the log ends, as far as it was told."""
        self._handed_over: Final[set[int]] = set()
        """Partitions whose last commit was asked for."""

    @property
    def numbers(self) -> list[int]:
        """The partitions' numbers, in order."""
        return sorted(self.partitions)

    # What the log says.

    def begin(self, at: Assigned) -> tuple[Partition, str]:
        """Begin where the group stands; the partition, and why its commit's metadata was ignored if it was."""
        partition, foreign = self.commits.begin(at)
        self.partitions[at.partition] = partition
        self.ends[at.partition] = at.end
        return partition, foreign

    def begin_anew(self, number: int, offset: int) -> Partition:
        """The partition's log was made anew: what is under way of the old one ends, and changes nothing any more."""
        self._lanes.remove(number)
        anew = self.partitions[number] = self.partitions[number].in_new_log(offset)
        return anew

    def drain(self, numbers: set[int]) -> None:
        """Start nothing more for these partitions."""
        for partition in self._of(numbers):
            partition.draining = True
            partition.forget_backlog()
            self._lanes.remove(partition.number)

    @property
    def uncommitted(self) -> int:
        """Attempted events that are finished, and that the group does not know of: it would have them sent again."""
        return self.commits.policy.uncommitted if self.commits.of(self.partitions.values()) else 0

    def drained(self, numbers: set[int]) -> list[Commit]:
        """Nothing is under way for these partitions any more: what is to be committed last."""
        mine = self._of(numbers)
        for partition in mine:
            self._lanes.remove(partition.number)
        self._handed_over.update(numbers)
        return self.commits.of(mine)

    def doubt_last_commits(self) -> None:
        """Whoever was asked for them is gone: they may not have come to be."""
        self._handed_over.clear()

    def is_owed_a_commit(self, numbers: set[int]) -> bool:
        """Whether something is finished in these of which the group does not know, and no last commit was asked for."""
        return bool(self.commits.of(self._of(numbers - self._handed_over)))

    def revoke(self, numbers: Iterable[int]) -> None:
        """Close these: they are another worker's."""
        for number in numbers:
            self._handed_over.discard(number)
            self._lanes.remove(number)
            self.ends.pop(number, None)
            if (partition := self.partitions.pop(number, None)) is not None:
                partition.close()

    def log_ends(self, ends: dict[int, int]) -> None:
        """Note where the log ends, for the lag."""
        self.ends.update((number, end) for number, end in ends.items() if number in self.partitions)

    def _of(self, numbers: set[int]) -> list[Partition]:
        return [partition for number, partition in self.partitions.items() if number in numbers]

    # What delivery asks.

    def finished(self, delivery: Delivery) -> None:
        """The delivery was delivered, or its dead letter is written: nothing is owed for it any more."""
        partition = delivery.partition
        if partition is not None and not partition.is_closed:
            partition.finished(delivery.record)
            self.commits.finished()

    def window_full(self, delivery: Delivery) -> bool:
        """Whether the window of the delivery's partition is full."""
        partition = delivery.partition
        return partition is not None and not partition.is_closed and partition.is_full

    def blocks_window(self, delivery: Delivery) -> bool:
        """Whether the delivery is what keeps its partition's window from moving on."""
        partition = delivery.partition
        return partition is not None and not partition.is_closed and partition.ledger.base == delivery.record.offset

    def may_attempt(self, in_flight: int) -> bool:
        """Whether another attempt keeps the promise about repeats; `in_flight` counts events."""
        return self.commits.policy.may_attempt(in_flight)
