"""A listener for the log's thread: each call is made on the event loop, in order."""

import asyncio
from collections.abc import Callable
from typing import Final, ParamSpec

from consumer.log.listener import LogListener
from consumer.offsets.commits import Assigned, Commit
from consumer.record import Record

_P = ParamSpec("_P")


class LoopListener:
    """Notifies a `LogListener` on its loop of one consumer, until that is disowned. Lives on the consumer's thread."""

    def __init__(self, listener: LogListener, loop: asyncio.AbstractEventLoop, *, drain_limit_s: float) -> None:
        """`drain_limit_s` is how long `drain` waits at most, in seconds."""
        self._listener: Final = listener
        self._loop: Final = loop
        self._drain_limit_s: Final = drain_limit_s
        self._held: Final[set[int]] = set()
        """The partitions of which the listener knows."""
        self._disowned = False

    def disown(self) -> None:
        """On the loop: the consumer was given up, and its partitions are gone; what it still does changes nothing."""
        self._disowned = True
        if self._held:
            self._listener.disowned(set(self._held))

    def is_disowned(self) -> bool:
        """Whether nobody listens any more."""
        return self._disowned

    def assigned(self, partitions: list[Assigned]) -> None:
        """See `LogListener`, here and below."""
        self._notify_loop(self._begin, partitions)

    def received(self, records: list[Record]) -> None:
        """Records were read."""
        self._notify_loop(self._listener.received, records)

    def read_up_to(self, offsets: dict[int, int]) -> None:
        """All below these offsets was read."""
        self._notify_loop(self._listener.read_up_to, offsets)

    def expired(self, partition: int, lost: range) -> None:
        """Retention took these offsets."""
        self._notify_loop(self._listener.expired, partition, lost)

    def drain(self, partitions: set[int]) -> list[Commit]:
        """Wait until nothing of these is in flight any more; what is to be committed last.

        Raises:
            TimeoutError: the loop did not answer within the limit.
        """
        draining = asyncio.run_coroutine_threadsafe(self._listener.drain(partitions), self._loop)
        return draining.result(self._drain_limit_s)

    def revoked(self, partitions: set[int]) -> None:
        """These are gone."""
        self._notify_loop(self._end, partitions)

    def committed(self, commits: list[Commit], error: str) -> None:
        """A commit ended."""
        self._notify_loop(self._listener.committed, commits, error)

    def log_ends(self, ends: dict[int, int]) -> None:
        """Where the log ends now."""
        self._notify_loop(self._listener.log_ends, ends)

    def range_ended(self, partition: int, epoch: int) -> None:
        """The partition's range was read to its end."""
        self._notify_loop(self._listener.range_ended, partition, epoch)

    def membership(self, obstacle: str) -> None:
        """Why the consumer is not a member of its group."""
        self._notify_loop(self._listener.membership, obstacle)

    def _notify_loop(self, method: Callable[_P, None], *args: _P.args, **kwargs: _P.kwargs) -> None:
        def notify() -> None:
            if not self._disowned:
                method(*args, **kwargs)

        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(notify)

    def _begin(self, partitions: list[Assigned]) -> None:
        self._held.update(at.partition for at in partitions)
        self._listener.assigned(partitions)

    def _end(self, partitions: set[int]) -> None:
        self._held.difference_update(partitions)
        self._listener.revoked(partitions)
