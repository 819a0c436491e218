"""Settlement: the consequences of a result for the batch, its lanes, its partition and the gate (docs/delivery.md).

Pure and synchronous: the cause to give an event up is a return value, and the caller has its dead letter written.
"""

from collections.abc import Set as AbstractSet
from typing import Final, Protocol

from consumer.delivery.owner import Attempt, Claims, DeliveryMonitor
from consumer.delivery.policy.attempts import Cause, Reason
from consumer.delivery.policy.gate import Gate
from consumer.delivery.policy.outcome import Answer, Fault, NoAnswer, Outcome, Result, describe, outcome_of
from consumer.lanes.delivery import Batch, Delivery, Tries, allow_one_try
from consumer.lanes.lanes import Lanes
from consumer.lanes.repeats import earlier_of
from runtime.clock import Clock

_BROKEN_OFF: Final = NoAnswer(
    Fault.BROKEN_OFF, "the worker stopped, or its partition went to another, before an answer came"
)


class CountsAttempts(Protocol):
    """Decides how often an event is tried."""

    def count(
        self, tries: Tries, outcome: Outcome, *, deliveries: int, window_full: bool, final_try: bool
    ) -> Reason | None:
        """Count a try that was not delivered; the reason to give the event up, or None."""
        ...


class Settlement:
    """Settles the batches of one endpoint after their requests."""

    def __init__(
        self,
        reject_statuses: AbstractSet[int],
        lanes: Lanes,
        gate: Gate,
        claims: Claims,
        attempts: CountsAttempts,
        *,
        monitor: DeliveryMonitor,
        clock: Clock,
    ) -> None:
        """Nothing is settled yet.

        Args:
            reject_statuses: by which the endpoint says that it will never take an event.
            lanes: where batches go that are tried again.
            gate: learns how the endpoint behaves.
            claims: who holds the partitions.
            attempts: when an event is given up.
            monitor: counts and logs each attempt.
            clock: for due times, and for dates in Retry-After.
        """
        self._reject_statuses = reject_statuses
        self._lanes = lanes
        self._gate = gate
        self._claims = claims
        self._attempts = attempts
        self._monitor = monitor
        self._clock = clock
        self.deliveries = 0
        """Events delivered so far."""

    def settle(self, batch: Batch, result: Result, seconds: float) -> Cause | None:
        """Settle a batch under way by its result.

        Args:
            batch: that was sent.
            result: what came back.
            seconds: how long that took.

        Returns:
            Why its only event is given up; None if it is not. The batch stays under way until `buried`.
        """
        outcome = outcome_of(result, self._reject_statuses)
        if outcome is Outcome.DELIVERED:
            self._delivered(batch)
            self._monitor.attempted(Attempt(batch.deliveries, result, outcome, seconds, batch.tries + 1))
            return None
        batch.tries += 1
        self._gate.failed(result, outcome, now=self._clock.monotonic(), wall=self._clock.wall())
        if outcome is Outcome.REJECTED and len(batch.lanes) == 1:
            self._lanes.refuse(batch)
        if len(batch.deliveries) > 1:
            self._settle_several(batch, result, outcome, seconds)
            return None
        return self._settle_one(batch, result, outcome, seconds)

    def leave_out_repeats(self, batch: Batch) -> None:
        """Finish those events of a batch that is about to be sent which the endpoint was told of late: see `dedupe`."""
        now = self._clock.monotonic()
        repeats = [(one, told) for one in batch.deliveries if one.same and (told := earlier_of(one, now)) is not None]
        if not repeats:
            return
        self._lanes.drop(batch, [delivery for delivery, _ in repeats])
        for delivery, told in repeats:
            self._claims.finished(delivery)
            self._monitor.repeated(delivery, told)

    def unsendable(self, batch: Batch, error: Exception) -> Cause | None:
        """Settle a batch of which no request can be built: several events are halved, of one the cause is returned."""
        if len(batch.deliveries) > 1:
            self._lanes.split(batch, self._clock.monotonic())
            return None
        return self._given_up(batch, Cause(Reason.UNSENDABLE, error=str(error)))

    def buried(self, batch: Batch, cause: Cause) -> None:
        """The dead letter of the batch's only event is written."""
        delivery = batch.deliveries[0]
        if cause.reason is Reason.EXHAUSTED and self._claims.window_full(delivery) and not self._gate.breaker.is_open:
            allow_one_try(delivery)
        self._claims.finished(delivery)
        self._lanes.finish(batch)

    def put_back(self, batch: Batch, wait_s: float = 0.0) -> None:
        """Try a batch under way again after `wait_s` seconds; nothing is counted against its events."""
        if not batch.finished:
            self._lanes.put_back(batch, self._clock.monotonic() + wait_s)

    def interrupted(self, deliveries: list[Delivery], number: int, seconds: float) -> None:
        """Note that a request, the n-th try of these, was broken off after so long: nothing follows from it here."""
        self._monitor.interrupted(Attempt(deliveries, _BROKEN_OFF, Outcome.UNAVAILABLE, seconds, number))

    def broke_off(self, batch: Batch) -> None:
        """Settle a batch whose attempt ended by a fault of ours: it waits for the longest backoff."""
        self._gate.gave_up(batch, self._clock.monotonic())
        self.put_back(batch, self._gate.backoff.most_s)

    def _delivered(self, batch: Batch) -> None:
        closed = self._gate.delivered(len(batch.deliveries))
        self._lanes.forgive()
        if closed:
            self._monitor.breaker_moved(self._gate.breaker.state, reason="a delivery succeeded")
        now = self._clock.monotonic()
        for delivery in batch.deliveries:
            self.deliveries += 1
            for told in delivery.same:
                told.delivered(delivery.record, now)
            delivery.lane.final_try = False
            self._claims.finished(delivery)
        self._lanes.finish(batch)

    def _settle_one(self, batch: Batch, result: Result, outcome: Outcome, seconds: float) -> Cause | None:
        delivery = batch.deliveries[0]
        reason = self._attempts.count(
            delivery.tries,
            outcome,
            deliveries=self.deliveries,
            window_full=self._claims.window_full(delivery),
            final_try=delivery.lane.final_try and not self._gate.breaker.is_open,
        )
        if reason is None:
            self._wait(batch, result, outcome, seconds)
            return None
        self._monitor.attempted(Attempt(batch.deliveries, result, outcome, seconds, batch.tries))
        status, answer = (result.status, result.text) if isinstance(result, Answer) else (None, "")
        return self._given_up(batch, Cause(reason, status, describe(result), answer))

    def _given_up(self, batch: Batch, cause: Cause) -> Cause:
        """Give the event up; its lane and its offset stay where they are until the dead letter is written."""
        self._gate.gave_up(batch, self._clock.monotonic())
        return cause

    def _settle_several(self, batch: Batch, result: Result, outcome: Outcome, seconds: float) -> None:
        """Halve a batch if one of its events may be at fault; only the tries of an event sent alone are counted."""
        seen = batch.deliveries[0].tries.deliveries_seen
        for delivery in batch.deliveries:
            delivery.tries.deliveries_seen = self.deliveries
        others = seen is not None and self.deliveries > seen
        patient = outcome is Outcome.THROTTLED and not any(map(self._claims.window_full, batch.deliveries))
        if outcome in {Outcome.REJECTED, Outcome.FAILED} or (others and not patient):
            self._not_delivered(batch, result, outcome)
            now = self._clock.monotonic()
            soonest = self._gate.next_try_s(now, batch)
            self._monitor.attempted(Attempt(batch.deliveries, result, outcome, seconds, batch.tries, soonest))
            self._lanes.split(batch, now)
        else:
            self._wait(batch, result, outcome, seconds)

    def _wait(self, batch: Batch, result: Result, outcome: Outcome, seconds: float) -> None:
        self._not_delivered(batch, result, outcome)
        wait = self._gate.backoff.after(1 if self._blocks_window(batch) else batch.tries)
        soonest = self._gate.next_try_s(self._clock.monotonic(), batch, wait)
        self._monitor.attempted(Attempt(batch.deliveries, result, outcome, seconds, batch.tries, soonest))
        self.put_back(batch, wait)

    def _blocks_window(self, batch: Batch) -> bool:
        """Whether the batch blocks the window of a partition; behind an open breaker that does not count."""
        return not self._gate.breaker.is_open and any(
            self._claims.window_full(delivery) and self._claims.blocks_window(delivery) for delivery in batch.deliveries
        )

    def _not_delivered(self, batch: Batch, result: Result, outcome: Outcome) -> None:
        if self._gate.not_delivered(batch, outcome, self._clock.monotonic()):
            self._monitor.breaker_moved(self._gate.breaker.state, reason=describe(result))
