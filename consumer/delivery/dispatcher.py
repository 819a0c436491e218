"""The dispatcher: it decides when a batch is sent. What follows is the settlement's (docs/delivery.md).

It knows nothing of Kafka: who holds the partitions is asked through `Claims`, who sends and buries is the `Carrier`.
"""

import asyncio
from typing import Final

import structlog

from consumer.delivery.body_room import BodyRoom, HeldRoom
from consumer.delivery.in_flight import InFlight
from consumer.delivery.owner import Carrier, Claims, Wakes
from consumer.delivery.policy.gate import Gate
from consumer.delivery.policy.outcome import Result
from consumer.delivery.settlement import Settlement
from consumer.delivery.webhook.formats import UnsendableError
from consumer.lanes.allowed import Allowed
from consumer.lanes.delivery import Batch
from consumer.lanes.lanes import Lanes
from runtime.clock import Clock

_log: Final = structlog.get_logger(__name__)


class Dispatcher:
    """Sends the batches of one endpoint."""

    def __init__(
        self,
        name: str,
        lanes: Lanes,
        gate: Gate,
        claims: Claims,
        settlement: Settlement,
        *,
        courier: Carrier,
        wakeup: Wakes,
        clock: Clock,
    ) -> None:
        """Nothing is under way.

        Args:
            name: of the endpoint, for the log.
            lanes: what may be sent.
            gate: when.
            claims: who holds the partitions.
            settlement: what follows from a result.
            courier: who sends and buries.
            wakeup: woken when something ended.
            clock: for waits and stamps.
        """
        self._name = name
        self._lanes = lanes
        self._gate = gate
        self._claims = claims
        self._settlement = settlement
        self._courier = courier
        self._wakeup = wakeup
        self._clock = clock
        self.in_flight: Final = InFlight(self)
        self.room: Final = BodyRoom(wakeup)
        self._started_at = 0.0
        """When `start_due` was called last."""

    def start_due(self) -> None:
        """Start every attempt that may start now."""
        now, wall, allowed = self._clock.monotonic(), self._clock.wall(), self._gate.allowed
        self._started_at = now
        if allowed is not Allowed.ALL or now < self._gate.retry_after_until:
            self._dismiss_waiting()
        while self._has_place(now) and (batch := self.room.next()) is not None:
            self._start(batch, now, wall)
        while self._has_place(now) and not self.room.is_crowded and (batch := self._next(now, allowed)) is not None:
            if batch is self._gate.probe or self.room.admits(batch):  # all others wait for a probe
                self._start(batch, now, wall)

    def next_wake(self) -> float | None:
        """The time at which `start_due` can do more (monotonic); None if something else has to happen first.

        What was due when it was called last and was not started waits for something else, be it an answer or a commit.
        """
        now, allowed = self._started_at, self._gate.allowed
        fresh_only = allowed is Allowed.FRESH
        dues = [now if self.room.waiting else None]
        if (probe := self._gate.next_probe) is not None:
            probeable = self._lanes.has_refused if fresh_only else len(self._lanes)
            dues.append(probe if probeable else None)
        if allowed is not Allowed.PROBES:
            startable = self._lanes.fresh_startable if fresh_only else self._lanes.startable
            dues += [self._lanes.next_due(now, fresh_only=fresh_only), now if startable else None]
        wakes = [self._gate.earliest(due) for due in dues if due is not None]
        return min((wake for wake in wakes if wake > now), default=None)

    async def drain(self, partitions: set[int], limit_s: float) -> int:
        """Wait until nothing of these partitions is under way; what is not done within `limit_s` is broken off.

        Returns:
            How many requests were broken off.
        """
        return await self.in_flight.drain(partitions, limit_s)

    def abandon(self, partitions: set[int]) -> None:
        """Give up what is under way for these partitions alone: they are another worker's now."""
        self._dismiss_waiting()
        self.in_flight.abandon(partitions)

    def ended(self, batch: Batch, *, broken_off: bool) -> None:
        """An attempt is over; one that was broken off is tried again."""
        if broken_off:
            self._put_back(batch)
        self._gate.ended(batch)
        self._wakeup.wake()

    def _has_place(self, now: float) -> bool:
        """Whether one more may be under way; what waits for room has no place, so that small requests pass it."""
        in_flight = self.in_flight
        return self._gate.admits(now, in_flight=in_flight.requests) and self._claims.may_attempt(in_flight.events)

    def _next(self, now: float, allowed: Allowed) -> Batch | None:
        """The next batch that the gate allows. A probe that is due comes first, so that new lanes never delay it."""
        if allowed is Allowed.ALL:
            return self._lanes.next_batch(now)
        fresh_only = allowed is Allowed.FRESH
        if self._gate.is_probe_due(now):
            probe = self._gate.probe = self._lanes.next_probe(refused_only=fresh_only)
            if probe is not None:
                return probe
            if fresh_only:
                self._gate.probe_missed(now)
        return self._lanes.next_batch(now, fresh_only=True) if fresh_only else None

    def _start(self, batch: Batch, now: float, wall: float) -> None:
        if not batch.is_ours:
            self._put_back(batch)  # it failed while its partition was being drained
            return
        self._settlement.leave_out_repeats(batch)
        if batch.finished:
            self._gate.ended(batch)
            return
        self._gate.started(now)
        for delivery in batch.deliveries:
            delivery.lane.last_try = now
            delivery.first_try = delivery.first_try or wall
            delivery.last_try = wall
        room = self.room.take(batch)
        self.in_flight.start(batch, self._attempt(batch, room), room)

    def _dismiss_waiting(self) -> None:
        """What waits for room waits in its lanes instead: it may not start now, and who knows what comes first then."""
        now = self._clock.monotonic()
        for batch in self.room.dismiss():
            self._put_back(batch, max(0.0, batch.due - now))

    def _put_back(self, batch: Batch, wait_s: float = 0.0) -> None:
        self._gate.ended(batch)
        self._settlement.put_back(batch, wait_s)

    async def _attempt(self, batch: Batch, room: HeldRoom | None) -> None:
        try:
            await self._try(batch, room)
        except Exception:  # noqa: BLE001 - a fault of ours must not stop a lane for good
            _log.exception("delivery.internal_error", endpoint=self._name)
            self._settlement.broke_off(batch)

    async def _try(self, batch: Batch, room: HeldRoom | None) -> None:
        started = self._clock.monotonic()
        try:
            result = await self._answer(batch, room, started)
        except UnsendableError as error:
            cause = self._settlement.unsendable(batch, error)
        else:
            cause = self._settlement.settle(batch, result, self._clock.monotonic() - started)
        finally:
            self.in_flight.answered(batch)
        if cause is not None:
            self._wakeup.wake()
            await self._courier.bury(batch.deliveries[0], cause)
            self._settlement.buried(batch, cause)

    async def _answer(self, batch: Batch, room: HeldRoom | None, started: float) -> Result:
        deliveries = batch.deliveries  # the batch forgets those whose partition goes to another worker
        try:
            return await self._courier.send(deliveries, room)
        except asyncio.CancelledError:
            self._settlement.interrupted(deliveries, batch.tries + 1, self._clock.monotonic() - started)
            raise
