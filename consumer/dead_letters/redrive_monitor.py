"""The log lines of a redrive, and whether its endpoint is away."""

from typing import Final

import structlog

from consumer.dead_letters.feed import Feed
from consumer.dead_letters.redrive_policy import patience_s
from consumer.delivery.owner import Attempt
from consumer.delivery.policy.breaker import BreakerState
from consumer.delivery.policy.gate import Gate
from consumer.delivery.policy.outcome import Outcome, describe
from consumer.lanes.delivery import Delivery, Told
from runtime.clock import Clock
from runtime.config import EndpointSettings

_log: Final = structlog.get_logger(__name__)


class RedriveMonitor:
    """Logs what fails, and notes when an endpoint delivers nothing any more."""

    def __init__(self, endpoint: EndpointSettings, feed: Feed, gate: Gate, clock: Clock) -> None:
        """No attempt yet.

        Args:
            endpoint: its settings.
            feed: knows which letter is sent.
            gate: knows until when the endpoint asked to wait.
            clock: for how long nothing was delivered.
        """
        self._endpoint = endpoint.name
        self._feed = feed
        self._gate = gate
        self._clock = clock
        self._patience_s = patience_s(endpoint, gate.backoff)
        self._failing_since: float | None = None
        self.away_because = ""
        """The last result of an endpoint that delivered nothing for as long as one letter's tries take; else empty."""

    def attempted(self, attempt: Attempt) -> None:
        """Log a failed attempt; find out whether the endpoint is away."""
        if attempt.outcome is Outcome.DELIVERED:
            self._failing_since = None
            return
        letter = self._feed.letter_of(attempt.deliveries[0])
        _log.warning(
            "redrive.failed",
            endpoint=self._endpoint,
            event_id=letter.name,
            repository=letter.repository,
            outcome=attempt.outcome.value,
            error=describe(attempt.result),
            next_try_s=None if attempt.next_try_s is None else round(attempt.next_try_s, 3),
        )
        if attempt.outcome in {Outcome.UNAVAILABLE, Outcome.THROTTLED}:
            self._note_absence(describe(attempt.result))

    def interrupted(self, attempt: Attempt) -> None:
        """The report of the run has what is still open."""

    def repeated(self, delivery: Delivery, told: Told) -> None:
        """A redrive sends every letter that it is asked for."""

    def breaker_moved(self, state: BreakerState, *, reason: str) -> None:
        """Log that the breaker is open, or closed again."""
        if state is BreakerState.CLOSED:
            _log.info("redrive.breaker_closed", endpoint=self._endpoint, reason=reason)
        else:
            _log.warning("redrive.breaker_open", endpoint=self._endpoint, reason=reason)

    def _note_absence(self, result: str) -> None:
        now = self._clock.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        if max(now, self._gate.retry_after_until) - self._failing_since >= self._patience_s:
            self.away_because = self.away_because or result
