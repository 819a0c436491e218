"""The gate of one endpoint: whether a request may start now, and of which lanes. Pure; time and chance are arguments.

It joins the breaker, the limit of requests in flight, the rate, Retry-After, the one probe of an open breaker, and the
pause of an operator, in which no request starts. It allows batches of all lanes, of those that were not refused, or one
probe; the lanes choose the batch.
"""

import math
from typing import Final

from consumer.delivery.policy.breaker import Breaker, BreakerState
from consumer.delivery.policy.concurrency_limit import ConcurrencyLimit
from consumer.delivery.policy.outcome import Answer, NoAnswer, Outcome, Result, SinkResult, signals_overload
from consumer.delivery.policy.rate_limit import RateLimit
from consumer.delivery.policy.retry_after import MAX_RETRY_AFTER_S, retry_after_s
from consumer.lanes.allowed import Allowed
from consumer.lanes.delivery import Batch
from runtime.backoff import Backoff, Jitter
from runtime.config import EndpointSettings
from runtime.pauses import Pause

_STRETCH: Final = 0.1
"""Of what Retry-After asks for: many lanes do not come back at once."""
_ALLOWED: Final = {BreakerState.REFUSED: Allowed.FRESH, BreakerState.OPEN: Allowed.PROBES}


class Gate:
    """Admits requests to one endpoint."""

    def __init__(self, endpoint: EndpointSettings, jitter: Jitter, *, breaker: type[Breaker] = Breaker) -> None:
        """Open for all: nothing was tried yet.

        Args:
            endpoint: its settings.
            jitter: stretches waits.
            breaker: the kind of breaker.
        """
        self.backoff: Final = Backoff(endpoint.backoff_s, endpoint.max_backoff_s, jitter)
        """Of the endpoint's retries and probes."""
        self.breaker: Final = breaker(endpoint.threshold, self.backoff)
        self.limit: Final = ConcurrencyLimit(endpoint.concurrency)
        self.rate: Final = RateLimit(endpoint.rate_limit)
        self.retry_after_until = 0.0
        """Until when the endpoint asked to be left alone (monotonic)."""
        self.probe: Batch | None = None
        """The probe that is under way, if one is."""
        self._pause: Pause | None = None
        self._paused_until = 0.0
        """Infinity while an operator holds the endpoint (monotonic)."""

    @property
    def pause(self) -> Pause | None:
        """The pause in which an operator holds the endpoint, if one does."""
        return self._pause

    @pause.setter
    def pause(self, pause: Pause | None) -> None:
        self._pause = pause
        self._paused_until = 0.0 if pause is None else math.inf

    @property
    def allowed(self) -> Allowed:
        """Of which lanes batches may start. In a pause none may; the log is read as far as an open breaker has it."""
        if self._pause is not None:
            return Allowed.PROBES
        return _ALLOWED[self.breaker.state] if self.breaker.is_open else Allowed.ALL

    @property
    def next_probe(self) -> float | None:
        """When the next probe may start (monotonic); None while the breaker is closed, or one is under way."""
        return self.breaker.next_probe if self.breaker.is_open and self.probe is None else None

    def admits(self, now: float, *, in_flight: int) -> bool:
        """Whether one more request may start beside so many; `now` monotonic."""
        return in_flight < self.limit.value and self.earliest(now) <= now

    def earliest(self, due: float) -> float:
        """The time from which a request due then may start, by Retry-After, the rate and a pause (monotonic)."""
        return max(due, self.retry_after_until, self._paused_until, self.rate.next_at(due))

    def next_try_s(self, now: float, batch: Batch | None = None, wait_s: float = 0.0) -> float | None:
        """Seconds until what failed is tried again at the soonest, as far as it is known now; a pause has no end.

        None while the breaker is open and a probe is under way: what becomes of that one decides.

        Args:
            now: monotonic.
            batch: that failed, and so is not under way any more; None: any that waits for a probe.
            wait_s: its own backoff; a probe does not wait for it.
        """
        due = now + wait_s
        if self._waits_for_probe(batch):
            if self.probe is not None and self.probe is not batch:
                return None
            due = self.breaker.next_probe
        return max(0.0, due - now, self.retry_after_until - now)

    def is_probe_due(self, now: float) -> bool:
        """Whether a probe should start before anything else."""
        due = self.next_probe
        return due is not None and now >= due

    def probe_now(self, now: float) -> None:
        """Wait no longer for the time of the next probe or of Retry-After: an operator knows more."""
        self.retry_after_until = 0.0
        self.breaker.probe_now(now)

    def probe_missed(self, now: float) -> None:
        """A probe was due and nothing waited for one."""
        self.breaker.probe_missed(now)

    def started(self, now: float) -> None:
        """A request starts."""
        self.rate.take(now)

    def ended(self, batch: Batch) -> None:
        """Nothing of this batch is under way any more."""
        if self.probe is batch:
            self.probe = None

    def delivered(self, events: int) -> bool:
        """A request with so many events was delivered; whether this closed the breaker."""
        if self.breaker.state is BreakerState.OPEN:
            self.limit.start_over()
        closed = self.breaker.delivered()
        self.limit.delivered(events)
        return closed

    def failed(self, result: Result, outcome: Outcome, *, now: float, wall: float) -> None:
        """Note the load and the Retry-After that a failed request shows, whatever becomes of its events.

        Args:
            result: what came back.
            outcome: of it.
            now: monotonic.
            wall: seconds since the epoch, for dates in Retry-After.
        """
        if signals_overload(result):
            self.limit.overloaded()
        if outcome is Outcome.THROTTLED and not isinstance(result, NoAnswer):
            self._hold(result, now, wall)

    def not_delivered(self, batch: Batch, outcome: Outcome, now: float) -> bool:
        """Count a failed request whose events stay; whether this changed the state of the breaker."""
        rejected = outcome is Outcome.REJECTED
        return self.breaker.not_delivered(now, is_probe=self.probe is batch, rejected=rejected)

    def gave_up(self, batch: Batch, now: float) -> None:
        """Note that the event of a batch is given up: a probe that ends so says nothing about the endpoint."""
        if self.probe is batch:
            self.probe = None
            self.breaker.probe_ended(now)

    def _waits_for_probe(self, batch: Batch | None) -> bool:
        """Whether it is tried as a probe alone; all lanes of a batch were refused, or none."""
        if self.breaker.state is BreakerState.REFUSED and batch is not None:
            return batch.lanes[0].refused
        return self.breaker.is_open

    def _hold(self, answer: Answer | SinkResult, now: float, wall: float) -> None:
        wait = retry_after_s(answer.retry_after, now=wall)
        if wait is not None:
            stretched = min(wait * (1.0 + _STRETCH * self.backoff.jitter()), MAX_RETRY_AFTER_S)
            self.retry_after_until = max(self.retry_after_until, now + stretched)
