"""The commit policy: when offsets are committed, and how many events a crash would repeat. Pure.

At most three times `width` events repeat after a crash: a commit starts when `width` attempted events are
uncommitted, and no attempt starts while twice that are (docs/delivery.md). Filtered events do not count: to read
them again repeats nothing.
"""

from typing import Final

TICK_S: Final = 1.0
"""The longest that a finished record stays uncommitted while commits succeed."""


ANSWER_LIMIT_S: Final = 30.0
"""How long a commit may stay without an answer, longer than the restart of a broker: then its consumer is given up."""


class CommitPolicy:
    """Counts attempted events that are finished and not committed."""

    def __init__(self, width: int) -> None:
        """`width`: events in flight at most, `concurrency` x `batch.max_events`."""
        self._width: Final = width
        self._uncommitted = 0
        self._covered = 0
        """How many of these the commit under way covers."""
        self.under_way = False
        self._next_tick = self._not_before = 0.0
        self._started = 0.0

    @property
    def uncommitted(self) -> int:
        """Attempted events that a crash would repeat, but for those in flight."""
        return self._uncommitted

    def finished(self, events: int = 1) -> None:
        """Attempted events were delivered or became dead letters."""
        self._uncommitted += events

    def may_attempt(self, in_flight: int) -> bool:
        """Whether another attempt stays within the bound of repeats after a crash."""
        return self._uncommitted + in_flight < 2 * self._width

    def is_due(self, now: float) -> bool:
        """Whether to commit now what has changed; `now` on the monotonic clock."""
        if self.under_way or now < self._not_before:
            return False
        return self._uncommitted >= self._width or now >= self._next_tick

    @property
    def next_tick(self) -> float:
        """When a commit is due though few events are finished; while one is under way, when its answer is overdue."""
        return self._started + ANSWER_LIMIT_S if self.under_way else self._next_tick

    def is_overdue(self, now: float) -> bool:
        """Whether the answer to the commit under way has not come for too long; `now` on the monotonic clock."""
        return self.under_way and now - self._started >= ANSWER_LIMIT_S

    def started(self, now: float) -> None:
        """A commit of all that is finished was sent."""
        self.under_way = True
        self._covered = self._uncommitted
        self._started = now

    def nothing_to_commit(self, now: float) -> None:
        """All that is finished is committed."""
        self._uncommitted = 0
        self._next_tick = now + TICK_S

    def ended(self, *, succeeded: bool, now: float) -> None:
        """The answer came. After a failure the next tick tries again."""
        self.under_way = False
        self._next_tick = self._started + TICK_S
        if succeeded:
            self._uncommitted -= self._covered
        else:
            self._next_tick = self._not_before = now + TICK_S
        self._covered = 0
