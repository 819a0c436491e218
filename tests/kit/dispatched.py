"""A dispatcher with its lanes, ledgers and gate, and an endpoint that answers as a test says."""

import asyncio
from collections.abc import Callable
from typing import Any

from consumer.delivery.dispatcher import Dispatcher
from consumer.delivery.owner import Attempt, Room
from consumer.delivery.policy.attempts import AttemptPolicy, Cause
from consumer.delivery.policy.breaker import BreakerState
from consumer.delivery.policy.gate import Gate
from consumer.delivery.policy.outcome import Answer, Result
from consumer.delivery.settlement import Settlement
from consumer.lanes.delivery import Delivery, Told
from consumer.lanes.lanes import Lanes
from consumer.offsets.ledger import Ledger
from consumer.offsets.partition import Partition
from consumer.record import Record
from tests.kit.virtual_time import VirtualClock, running_loop
from tests.simulation.simulation import endpoint_settings

Send = Callable[[list[Delivery]], Result | None]


class Ledgers:
    """An owner that keeps a list of what it is told, and makes passes by itself."""

    def __init__(self, send: Send, *, max_events: int = 1, **keys: Any) -> None:
        self.full = False
        self.may = True
        self.finished_ones: list[int] = []
        self.buried: list[tuple[int, str]] = []
        self.attempts: list[Attempt] = []
        self.interrupted_ones: list[Attempt] = []
        self.repeated_ones: list[tuple[int, str]] = []
        self.moves: list[BreakerState] = []
        self.sent: list[tuple[float, list[int]]] = []
        self.partitions = {number: Partition(number, 1, Ledger(0, end=0)) for number in range(2)}
        self.lanes = Lanes(max_events=max_events)
        self._answer = send
        settings, clock = endpoint_settings(**keys), VirtualClock()
        self.gate = Gate(settings, lambda: 0.0)
        self.settlement = Settlement(
            settings.reject_statuses,
            self.lanes,
            self.gate,
            self,
            AttemptPolicy(settings.attempts),
            monitor=self,
            clock=clock,
        )
        self.dispatcher = Dispatcher(
            "ci", self.lanes, self.gate, self, self.settlement, courier=self, wakeup=self, clock=clock
        )
        running_loop().at_end.append(lambda: setattr(self, "may", False))

    async def send(self, deliveries: list[Delivery], room: Room | None = None) -> Result:
        """As the test says."""
        self.sent.append((running_loop().time(), [delivery.record.offset for delivery in deliveries]))
        await asyncio.sleep(0.01)
        result = self._answer(deliveries)
        if result is None:
            await asyncio.sleep(1e9)
        assert result is not None
        return result

    async def bury(self, delivery: Delivery, cause: Cause) -> None:
        """Note it."""
        self.buried.append((delivery.record.offset, cause.reason.value))

    def add(self, *offsets: int, key: bytes = b"a", partition: int = 0, size: int = 0) -> None:
        """Records of one repository, with values of that size."""
        for offset in offsets:
            record = Record("registry.events", partition, offset, 0, key, bytes(size))
            self.lanes.add(record, None, running_loop().time(), self.partitions[partition])
        self.wake()

    def lose(self, partition: int) -> None:
        """It is another worker's now."""
        self.partitions[partition].close()

    def finished(self, delivery: Delivery) -> None:
        """Note it."""
        self.finished_ones.append(delivery.record.offset)

    def window_full(self, _: Delivery) -> bool:
        """As the test says."""
        return self.full

    def blocks_window(self, delivery: Delivery) -> bool:
        """Offset 0 does."""
        return delivery.record.offset == 0

    def may_attempt(self, _: int) -> bool:
        """As the test says."""
        return self.may

    def attempted(self, attempt: Attempt) -> None:
        """Note it."""
        self.attempts.append(attempt)

    def interrupted(self, attempt: Attempt) -> None:
        """Note it."""
        self.interrupted_ones.append(attempt)

    def repeated(self, delivery: Delivery, told: Told) -> None:
        """Note it."""
        self.repeated_ones.append((delivery.record.offset, told.place))

    def breaker_moved(self, state: BreakerState, *, reason: str) -> None:
        """Note it."""
        self.moves.append(state)

    def wake(self) -> None:
        """Look at once, and again when the dispatcher says."""
        self.dispatcher.start_due()
        wake = self.dispatcher.next_wake()
        if wake is not None:
            running_loop().call_at(wake, self.wake)


OK = Answer(200)
