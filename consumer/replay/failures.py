"""The failures of a replay: kept with the run before its offset moves on, and named in the end.

They are no dead letters: the event is in the log, and the run says which it is.
"""

import asyncio
from collections.abc import Mapping
from typing import Final, Protocol

import structlog

from consumer.delivery.policy.attempts import Cause, Reason
from consumer.lanes.delivery import Delivery
from consumer.replay.plan import Failure, ReplayPlan
from consumer.replay.report import Failed
from runtime.backoff import Backoff, Jitter
from runtime.errors import BridgeError
from runtime.kafka.cluster_state import Committed
from runtime.patience import Patience
from runtime.retrying import retried
from runtime.side_threads import beside

_log: Final = structlog.get_logger(__name__)

_FIRST_S: Final = 0.5
_MOST_S: Final = 30.0


class RunKeeper(Protocol):
    """Keeps the plans of runs."""

    def save(self, run: str, commits: Mapping[int, Committed]) -> None:
        """Keep these partitions of the run's plan; blocks.

        Raises:
            BridgeError: that cannot be done now.
        """


class Failures:
    """The failures of one run."""

    def __init__(self, plan: ReplayPlan, keeper: RunKeeper, *, jitter: Jitter) -> None:
        """None in this process yet.

        Args:
            plan: of the run; what fails is added to it.
            keeper: keeps it.
            jitter: stretches waits.
        """
        self._plan = plan
        self._keeper = keeper
        self._backoff = Backoff(_FIRST_S, _MOST_S, jitter)
        self._lock = asyncio.Lock()
        self._patience = Patience()
        self._unsaved: set[int] = set()
        self.named: Final[list[Failed]] = []
        self.not_selected = 0
        """Records without an event, where the run means certain events."""

    @property
    def unwritten_because(self) -> str:
        """None that is shown: a run has no page."""
        return ""

    @property
    def are_kept(self) -> bool:
        """Whether nothing of them is still to be written."""
        return not self._unsaved and not self._lock.locked()

    def hurry(self) -> None:
        """What waits to be kept is tried once more at once; what cannot be kept from now on is broken off."""
        self._patience.hurry()

    async def bury(self, delivery: Delivery, cause: Cause) -> None:
        """Return when the failure is kept."""
        record = delivery.record
        if cause.reason is Reason.UNDECODABLE and not self._plan.selection.is_empty:
            self.not_selected += 1
            return
        failed = Failed(record, f"{cause.reason.value}: {cause.error}")
        _log.error("replay.failed", run=self._plan.run, record=record.place, error=failed.why)
        self.named.append(failed)
        self._plan.add_failure(Failure(record.partition, record.offset, failed.why))
        self._unsaved.add(record.partition)
        async with self._lock:  # whoever waited here has mostly been saved along with the one before
            if record.partition in self._unsaved:
                await self._save_all()

    async def _save_all(self) -> None:
        while self._unsaved:
            await retried(
                self._save, self._backoff, on=BridgeError, log_failure=self._log_failure, patience=self._patience
            )

    async def _save(self) -> None:
        saving = frozenset(self._unsaved)
        self._unsaved -= saving  # what fails while these are written is written by the next
        try:
            commits = {number: self._plan.commit_of(number) for number in saving}
            await beside(self._keeper.save, self._plan.run, commits)
        except BaseException:
            self._unsaved |= saving
            raise

    @staticmethod
    def _log_failure(error: Exception, wait_s: float) -> None:
        _log.warning("replay.failure_not_kept", error=str(error), again_in_s=round(wait_s, 1))
