"""Records that no release can read: each becomes a dead letter beside the lanes, and holds up nobody.

It knows nothing of ledgers: what is written it says to a callback.
"""

import asyncio
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Final

import structlog

from consumer.dead_letters.record import Cause
from consumer.delivery.owner import Bury
from consumer.delivery.policy.attempts import Reason
from consumer.lanes.delivery import NEVER, Delivery, Lane
from consumer.record import Record

_log: Final = structlog.get_logger(__name__)

_AGAIN_S: Final = 30.0


class Undecodable:
    """The undecodable records of one endpoint whose dead letters are being written."""

    def __init__(self, bury: Bury, *, written: Callable[[Delivery], None], ended: Callable[[], None]) -> None:
        """Nothing is being written.

        Args:
            bury: writes a dead letter.
            written: told of each whose dead letter is written.
            ended: told of each that is written or broken off.
        """
        self._bury = bury
        self._written = written
        self._ended = ended
        self._tasks: dict[asyncio.Task[None], int] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def give_up(self, record: Record, life: int, error: str) -> None:
        """Write its dead letter; `life` is that of its partition."""
        delivery = Delivery(record, None, Lane((record.partition, record.offset)), NEVER, life)
        task = asyncio.create_task(self._give_up(delivery, Cause(Reason.UNDECODABLE, error=error)))
        self._tasks[task] = delivery.record.partition
        task.add_done_callback(self._end)

    async def drain(self, partitions: AbstractSet[int], limit_s: float) -> None:
        """Wait for those of these partitions; what is not written within `limit_s` is broken off."""
        tasks = self._of(partitions)
        if tasks:
            await asyncio.wait(tasks, timeout=limit_s)
        self.abandon(partitions)

    def abandon(self, partitions: AbstractSet[int]) -> None:
        """Break off those of these partitions."""
        for task in self._of(partitions):
            task.cancel()

    async def _give_up(self, delivery: Delivery, cause: Cause) -> None:
        while True:
            try:
                await self._bury(delivery, cause)
            except Exception:  # noqa: BLE001 - a fault of ours must not hold the partition's offset for good
                _log.exception("delivery.internal_error", record=delivery.record.place)
                await asyncio.sleep(_AGAIN_S)
            else:
                self._written(delivery)
                return

    def _of(self, partitions: AbstractSet[int]) -> list[asyncio.Task[None]]:
        return [task for task, number in self._tasks.items() if number in partitions]

    def _end(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        self._ended()
