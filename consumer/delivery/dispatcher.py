"""The dispatcher: which batch is sent when, and what follows from its outcome (docs/delivery.md).

It owns breaker, ceiling, hold and rate of one endpoint. It knows nothing of Kafka: what
is finished it says to its `Owner`, who keeps the ledgers.
"""

from collections.abc import Callable
from typing import Final

import structlog

from consumer.dead_letters.record import Cause
from consumer.delivery.in_flight import UnderWay
from consumer.delivery.owner import Attempt, Bury, Owner, Send, cause_of, said
from consumer.delivery.policy.attempts import Reason
from consumer.delivery.policy.breaker import Breaker, BreakerState
from consumer.delivery.policy.concurrency_limit import Ceiling
from consumer.delivery.policy.outcome import Answer, Outcome, Result, narrows, outcome_of
from consumer.delivery.policy.rate_limit import Rate
from consumer.delivery.policy.retry_after import MAX_RETRY_AFTER_S, backoff_s, retry_after_s
from consumer.delivery.webhook.formats import UnsendableError
from consumer.lanes.delivery import Batch, try_next_once
from consumer.lanes.lanes import Lanes
from runtime.clock import Clock
from runtime.config import EndpointSettings

_log: Final = structlog.get_logger(__name__)


class Dispatcher:
    """Sends the batches of one endpoint."""

    def __init__(
        self,
        endpoint: EndpointSettings,
        lanes: Lanes,
        owner: Owner,
        *,
        send: Send,
        bury: Bury,
        clock: Clock,
        jitter: Callable[[], float],
        make_breaker: type[Breaker] = Breaker,
    ) -> None:
        """Nothing is under way.

        Args:
            endpoint: its settings.
            lanes: what may be sent.
            owner: who keeps the ledgers.
            send: POSTs once.
            bury: writes a dead letter.
            clock: for waits, and for dates in Retry-After.
            jitter: in [0, 1); stretches waits.
            make_breaker: how its breaker comes about.
        """
        self._endpoint = endpoint
        self._lanes = lanes
        self._owner = owner
        self._send = send
        self._bury = bury
        self._clock = clock
        self._jitter = jitter
        self.breaker: Final = make_breaker(
            threshold=endpoint.threshold,
            backoff_s=endpoint.backoff_s,
            max_backoff_s=endpoint.max_backoff_s,
            jitter=jitter,
        )
        self.ceiling: Final = Ceiling(endpoint.concurrency)
        self.rate: Final = Rate(endpoint.rate_limit)
        self.held_until = 0.0
        """Until when the endpoint asked for patience (monotonic)."""
        self.probe: Batch | None = None
        """The probe that is under way, if one is."""
        self._under_way: Final = UnderWay(self._ended)
        self._looked_at = 0.0
        self.deliveries = 0
        """Events delivered so far."""

    @property
    def in_flight(self) -> int:
        """Requests without an answer yet."""
        return self._under_way.requests

    @property
    def events_in_flight(self) -> int:
        """Events in these requests."""
        return self._under_way.events

    def start_due(self) -> None:
        """Start every attempt that may start now."""
        now = self._looked_at = self._clock.monotonic()
        while self._has_room(now) and (batch := self._next(now)) is not None:
            if all(map(self._owner.holds, batch.deliveries)):
                self._start(batch, now)
            else:
                self._put_back(batch, now)  # it failed while its partition was being drained

    def next_wake(self) -> float | None:
        """When time alone lets `start_due` do more (monotonic); None if something else has to happen first.

        What was due when it looked last and was not started waits for something else, be it an answer or a commit.
        """
        now, state = self._looked_at, self.breaker.state
        refusing = state is BreakerState.REFUSED
        dues = []
        if state is not BreakerState.CLOSED and self.probe is None:
            probeable = self._lanes.has_refused if refusing else len(self._lanes)
            dues.append(self.breaker.next_probe if probeable else None)
        if state is not BreakerState.OPEN:
            startable = self._lanes.fresh_startable if refusing else self._lanes.startable
            dues += [self._lanes.next_due(now, fresh_only=refusing), now if startable else None]
        wakes = [max(due, self.held_until, self.rate.next_at(now)) for due in dues if due is not None]
        return min((wake for wake in wakes if wake > now), default=None)

    async def drain(self, partitions: set[int], limit_s: float) -> None:
        """Wait until nothing of these partitions is under way; what is not done within `limit_s` is given up."""
        await self._under_way.drain(partitions, limit_s)

    def abandon(self, partitions: set[int]) -> None:
        """Give up what is under way for these partitions alone: they are another worker's now."""
        self._under_way.abandon(partitions)

    def _has_room(self, now: float) -> bool:
        may_attempt = self._owner.may_attempt(self._under_way.events)
        if now < self.held_until or not may_attempt or self.rate.next_at(now) > now:
            return False
        return self._under_way.requests < self.ceiling.limit

    def _next(self, now: float) -> Batch | None:
        """What the breaker lets go: a probe that is due before all else, so that new lanes never keep it from going."""
        state = self.breaker.state
        if state is BreakerState.CLOSED:
            return self._lanes.next_batch(now)
        refusing = state is BreakerState.REFUSED
        if self.probe is None and now >= self.breaker.next_probe:
            self.probe = self._lanes.next_probe(refused_only=refusing)
            if self.probe is not None:
                return self.probe
            if refusing:
                self.breaker.probe_missed(now)
        return self._lanes.next_batch(now, fresh_only=True) if refusing else None

    def _start(self, batch: Batch, now: float) -> None:
        self.rate.take(now)
        wall = self._clock.wall()
        for delivery in batch.deliveries:
            delivery.lane.last_try = now
            delivery.first_try = delivery.first_try or wall
            delivery.last_try = wall
        self._under_way.start(batch, self._attempt(batch))

    def _ended(self, batch: Batch, broken_off: bool) -> None:  # noqa: FBT001 - a callback
        if broken_off and not batch.finished:
            self._put_back(batch, self._clock.monotonic())
        if self.probe is batch:
            self.probe = None
        self._owner.turn()

    def _put_back(self, batch: Batch, due: float) -> None:
        if self.probe is batch:
            self.probe = None
        self._lanes.put_back(batch, due, self._owner.holds)

    async def _attempt(self, batch: Batch) -> None:
        try:
            await self._try(batch)
        except Exception:  # noqa: BLE001 - a fault of ours must not stop a lane for good
            _log.exception("delivery.internal_error", endpoint=self._endpoint.name)
            now = self._clock.monotonic()
            if self.probe is batch:
                self.breaker.probe_ended(now)
            if not batch.finished:
                self._put_back(batch, now + self._endpoint.max_backoff_s)

    async def _try(self, batch: Batch) -> None:
        started = self._clock.monotonic()
        try:
            result = await self._send(batch.deliveries)
        except UnsendableError as error:
            await self._unsendable(batch, error)
            return
        finally:
            self._under_way.answered(batch)
        await self._settle(batch, result, self._clock.monotonic() - started)

    async def _settle(self, batch: Batch, result: Result, seconds: float) -> None:
        outcome = outcome_of(result, self._endpoint.reject_statuses)
        if outcome is Outcome.DELIVERED:
            self._delivered(batch)
            self._report(batch, result, outcome, seconds, None)
            return
        batch.tries += 1
        if narrows(result):
            self.ceiling.overloaded()
        if outcome is Outcome.THROTTLED and isinstance(result, Answer):
            self._hold(result)
        if outcome is Outcome.REJECTED and len(batch.lanes) == 1:
            self._lanes.refuse(batch)
        if len(batch.deliveries) > 1:
            self._settle_several(batch, result, outcome, seconds)
            return
        delivery = batch.deliveries[0]
        reason = delivery.tries.count(
            outcome,
            attempts=self._endpoint.attempts,
            deliveries=self.deliveries,
            window_full=self._owner.window_full(delivery),
            single=delivery.lane.single and not self.breaker.is_open,
        )
        if reason is None:
            self._wait(batch, result, outcome, seconds)
        else:
            self._report(batch, result, outcome, seconds, None)
            await self._give_up(batch, cause_of(reason, result))

    def _delivered(self, batch: Batch) -> None:
        was_away = self.breaker.state is BreakerState.OPEN
        closed = self.breaker.delivered()
        self._lanes.forgive()
        if was_away:
            self.ceiling.start_over()
        if closed:
            self._owner.breaker_moved(self.breaker.state, reason="a delivery succeeded")
        for delivery in batch.deliveries:
            self.ceiling.delivered()
            self.deliveries += 1
            delivery.lane.single = False
            self._owner.finished(delivery)
        self._lanes.finish(batch)

    def _settle_several(self, batch: Batch, result: Result, outcome: Outcome, seconds: float) -> None:
        """A batch that may be its events' fault is sent in halves; only an event sent alone burns attempts."""
        seen = batch.deliveries[0].tries.deliveries_seen
        for delivery in batch.deliveries:
            delivery.tries.deliveries_seen = self.deliveries
        others = seen is not None and self.deliveries > seen
        patient = outcome is Outcome.THROTTLED and not any(map(self._owner.window_full, batch.deliveries))
        if outcome in {Outcome.REJECTED, Outcome.FAILED} or (others and not patient):
            self._not_delivered(batch, result, outcome)
            now = self._clock.monotonic()
            self._report(batch, result, outcome, seconds, 0.0)
            self._lanes.split(batch, now, self._owner.holds)
        else:
            self._wait(batch, result, outcome, seconds)

    def _wait(self, batch: Batch, result: Result, outcome: Outcome, seconds: float) -> None:
        self._not_delivered(batch, result, outcome)
        wait = self._backoff(batch)
        self._report(batch, result, outcome, seconds, wait)
        self._put_back(batch, self._clock.monotonic() + wait)

    def _backoff(self, batch: Batch) -> float:
        pinning = not self.breaker.is_open and any(
            self._owner.window_full(delivery) and self._owner.pins(delivery) for delivery in batch.deliveries
        )
        return backoff_s(
            1 if pinning else batch.tries,
            first_s=self._endpoint.backoff_s,
            most_s=self._endpoint.max_backoff_s,
            jitter=self._jitter(),
        )

    def _not_delivered(self, batch: Batch, result: Result, outcome: Outcome) -> None:
        is_probe, rejected = self.probe is batch, outcome is Outcome.REJECTED
        if self.breaker.not_delivered(self._clock.monotonic(), is_probe=is_probe, rejected=rejected):
            self._owner.breaker_moved(self.breaker.state, reason=said(result))

    def _hold(self, answer: Answer) -> None:
        wait = retry_after_s(answer.retry_after, now=self._clock.wall())
        if wait is not None:
            stretched = min(wait * (1.0 + 0.1 * self._jitter()), MAX_RETRY_AFTER_S)
            self.held_until = max(self.held_until, self._clock.monotonic() + stretched)

    async def _unsendable(self, batch: Batch, error: UnsendableError) -> None:
        if len(batch.deliveries) > 1:
            self._lanes.split(batch, self._clock.monotonic(), self._owner.holds)
            return
        await self._give_up(batch, Cause(Reason.UNSENDABLE, error=str(error)))

    async def _give_up(self, batch: Batch, cause: Cause) -> None:
        """Write the dead letter; until it is written the lane stands still, and the offset does not move."""
        if self.probe is batch:
            self.probe = None
            self.breaker.probe_ended(self._clock.monotonic())
        delivery = batch.deliveries[0]
        holds_up = self._owner.window_full(delivery) and not self.breaker.is_open
        self._owner.turn()
        await self._bury(delivery, cause)
        if cause.reason is Reason.EXHAUSTED and holds_up:
            try_next_once(delivery)
        self._owner.finished(delivery)
        self._lanes.finish(batch)

    def _report(self, batch: Batch, result: Result, outcome: Outcome, seconds: float, next_try_s: float | None) -> None:
        self._owner.attempted(Attempt(batch.deliveries, result, outcome, seconds, next_try_s))
