"""Records that no release can read: each becomes a dead letter beside the lanes, and holds up nobody."""

import asyncio
from collections.abc import Set as AbstractSet
from typing import Final

import structlog

from consumer.delivery.owner import Carrier, Claims, Wakes
from consumer.delivery.policy.attempts import Cause, Reason
from consumer.lanes.delivery import NEVER, Delivery, Lane
from consumer.offsets.partition import Partition
from consumer.record import Record

_log: Final = structlog.get_logger(__name__)

_AGAIN_S: Final = 30.0


class Undecodable:
    """The undecodable records of one endpoint whose dead letters are being written."""

    def __init__(self, courier: Carrier, claims: Claims, wakeup: Wakes) -> None:
        """Nothing is being written.

        Args:
            courier: writes dead letters.
            claims: told of each record whose dead letter is written.
            wakeup: woken when one is written or broken off.
        """
        self._courier = courier
        self._claims = claims
        self._wakeup = wakeup
        self._tasks: dict[asyncio.Task[None], int] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def give_up(self, record: Record, partition: Partition, error: str) -> None:
        """Write the record's dead letter, and finish it in its partition."""
        partition.admitted(record)
        delivery = Delivery(record, None, Lane((record.partition, record.offset)), NEVER, partition)
        task = asyncio.create_task(self._give_up(delivery, Cause(Reason.UNDECODABLE, error=error)))
        self._tasks[task] = record.partition
        task.add_done_callback(self._end)

    async def drain(self, partitions: AbstractSet[int], limit_s: float) -> None:
        """Wait for those of these partitions; what is not written within `limit_s` is broken off."""
        tasks = self._of(partitions)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=limit_s)
            await _break_off(late)

    def abandon(self, partitions: AbstractSet[int]) -> None:
        """Break off those of these partitions."""
        for task in self._of(partitions):
            task.cancel()

    async def break_off(self) -> None:
        """Break off everything; returns when all of it has ended."""
        await _break_off(set(self._tasks))

    async def _give_up(self, delivery: Delivery, cause: Cause) -> None:
        while True:
            try:
                await self._courier.bury(delivery, cause)
            except Exception:  # noqa: BLE001 - a fault of ours must not hold the partition's offset for good
                _log.exception("delivery.internal_error", record=delivery.record.place)
                await asyncio.sleep(_AGAIN_S)
            else:
                self._claims.finished(delivery)
                return

    def _of(self, partitions: AbstractSet[int]) -> list[asyncio.Task[None]]:
        return [task for task, number in self._tasks.items() if number in partitions]

    def _end(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        self._wakeup.wake()


async def _break_off(tasks: AbstractSet["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
