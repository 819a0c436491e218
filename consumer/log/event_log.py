"""The log as the event loop sees it: it reads as much as was asked for, and notifies a listener. Pure."""

from typing import Protocol

from consumer.log.listener import LogListener
from consumer.offsets.commits import Commit
from runtime.deadline import Deadline


class EventLog(Protocol):
    """Reads the partitions that one endpoint has. All methods are called on the loop, and none but `close` waits."""

    @property
    def drain_s(self) -> float:
        """How long a listener's `drain` may take, in seconds."""
        ...

    @property
    def turned_at(self) -> float:
        """When its thread last worked (monotonic)."""
        ...

    @property
    def answered_at(self) -> float:
        """When Kafka answered the consumer last, or it began (monotonic)."""
        ...

    @property
    def member_id(self) -> str:
        """By which the group knows the consumer; empty before it does."""
        ...

    @property
    def abandoned(self) -> int:
        """Consumers that were given up and do not close: they may still have partitions."""
        ...

    def start(self, listener: LogListener) -> None:
        """Begin, and notify `listener` on the running loop."""

    def ask(self, cost: int) -> None:
        """Read on until the records that came since cost so much more; the last one may cost more than is left."""

    def pause(self, partition: int) -> None:
        """Read nothing of this partition until `resume`; what is under way may still come."""

    def resume(self, partition: int) -> None:
        """Read this partition again."""

    def commit(self, commits: list[Commit]) -> None:
        """Commit; `committed` of the listener has the result. One commit at a time."""

    def begin_anew(self, partitions: set[int]) -> None:
        """The topic was deleted and made anew: read all of these, whatever was committed."""

    def give_up(self, reason: str) -> None:
        """Give the consumer up, and make another one; `gave_up` of the listener is called with the reason."""

    async def close(self, deadline: Deadline) -> bool:
        """Give back all partitions, which drains and commits them, and end; whether that was done by the deadline."""
        ...
