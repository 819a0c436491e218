"""The monitor of an endpoint: its metrics, and one log line for each thing that an operator would act on.

Each attempt is a line for whoever debugs; one that failed is also a warning, with all that an operator needs.
"""

import logging
from collections import Counter
from collections.abc import Collection
from typing import Final

import structlog
from msgspec.structs import asdict

from consumer.attempts.event_attempt import EventAttempt
from consumer.attempts.kept_attempt import event_attempts_of
from consumer.attempts.recent import RecentAttempts
from consumer.attempts.writing import AttemptLog, NoAttemptLog
from consumer.delivery.owner import Attempt
from consumer.delivery.policy.attempts import Cause
from consumer.delivery.policy.breaker import BreakerState
from consumer.delivery.policy.outcome import Answer, Outcome, describe
from consumer.endpoint.latency import Latency
from consumer.endpoint.metrics import EndpointMetrics
from consumer.endpoint.pace import Pace
from consumer.lanes.delivery import Delivery, Told
from consumer.offsets.commits import Assigned
from consumer.offsets.partition import Partition
from runtime.clock import Clock
from runtime.news import News
from runtime.pauses import Pause
from schemas import names
from schemas.headers import text_header

_log: Final = structlog.get_logger(__name__)

DEDUPE: Final = "dedupe"
"""The rule against an event that repeats another."""


class Monitor:
    """Counts and logs what one endpoint does."""

    def __init__(
        self,
        endpoint: str,
        metrics: EndpointMetrics,
        attempts: RecentAttempts,
        clock: Clock,
        attempt_log: AttemptLog | None = None,
    ) -> None:
        self._endpoint: Final = endpoint
        self.attempts: Final = attempts
        """The last ones."""
        self.metrics: Final = metrics
        self._attempt_log: Final[AttemptLog] = attempt_log or NoAttemptLog()
        self._clock = clock
        self._log = _log.bind(endpoint=endpoint)
        self._news = News()
        self._assigned: list[int] | None = None
        self.breaker_reason = ""
        """Why the breaker is open; empty while it is closed."""
        self.latency: Final = Latency()
        self.pace: Final = Pace()
        self.filtered_at = float("-inf")
        """When the last event was passed over by a filter, on the monotonic clock."""
        self.letters: Final[Counter[str]] = Counter()
        """Dead letters that were written, by reason."""
        self.last_failure: EventAttempt | None = None
        """The last attempt that was not delivered, however long ago."""
        self._not_committed = 0
        """Events that are delivered again, at most, since partitions went without a last commit."""

    def assigned(self, partitions: list[int]) -> None:
        """The partitions that are this worker's now; logged when they are others than before."""
        self._not_committed = 0 if partitions else self._not_committed
        if partitions != self._assigned:
            self._assigned = partitions
            self._log.info("endpoint.assigned", partitions=partitions)

    def out_of_range(self, at: Assigned, expired: int) -> None:
        """The log no longer has the group's offset: retention or an unclean election was faster than delivery."""
        self.metrics.expired.inc(expired)
        self._log.error(
            "endpoint.offset_out_of_range",
            partition=at.partition,
            committed=at.committed,
            goes_on_at=at.start,
            events_lost=expired,
        )

    def expired(self, partition: int, lost: range) -> None:
        """Retention removed what had not been read yet, while reading stood still."""
        self.metrics.expired.inc(len(lost))
        self._log.error(
            "endpoint.events_expired",
            partition=partition,
            first=lost.start,
            last=lost.stop - 1,
            events_lost=len(lost),
        )

    def log_begins_anew(self, partition: int, offset: int, *, read_before: int) -> None:
        """The topic was deleted and made anew, or lost its end: what comes now is delivered, read before or not."""
        self._log.warning(
            "endpoint.log_begins_anew",
            partition=partition,
            offset=offset,
            read_before=read_before,
            reason="the topic was deleted and created again, or its log was truncated",
            consequence="all events from this offset on are delivered; undelivered events of the old log are lost",
        )

    def foreign_metadata(self, partition: int, reason: str) -> None:
        """A commit's metadata could not be used: finished events above the offset are sent again."""
        self.metrics.foreign_metadata.inc()
        self._log.warning("endpoint.metadata_ignored", partition=partition, reason=reason)

    def admitted(self) -> None:
        """An event is to be delivered."""
        self.metrics.events.count += 1

    def filtered(self, rule: str, events: int) -> None:
        """The endpoint did not ask for these events."""
        self.metrics.filtered(rule, events)
        self.filtered_at = self._clock.monotonic()

    def upgrade_needed(self, partition: Partition) -> None:
        """A newer release wrote into this partition."""
        self._log.error(
            "endpoint.upgrade_needed",
            partition=partition.number,
            reason=partition.upgrade_needed,
            consequence="this partition waits; upgrade the workers before the bridges",
        )

    def attempted(self, attempt: Attempt) -> None:
        """An attempt ended."""
        self.metrics.attempted(attempt, self._clock.wall())
        self.latency.observe(attempt.seconds)
        self._keep(attempt)
        if attempt.outcome is Outcome.DELIVERED:
            return
        self.last_failure = next(iter(self.attempts.last(1)), None)
        for delivery in attempt.deliveries:
            self._log.warning(
                "delivery.failed",
                event_id=text_header(delivery.record.headers, names.CE_ID),
                repository=text_header(delivery.record.headers, names.CE_SUBJECT),
                record=delivery.record.place,
                attempt=attempt.number,
                outcome=attempt.outcome.value,
                status=attempt.result.status if isinstance(attempt.result, Answer) else None,
                error=describe(attempt.result),
                next_try_s=None if attempt.next_try_s is None else round(attempt.next_try_s, 3),
            )

    def interrupted(self, attempt: Attempt) -> None:
        """An attempt was broken off: it is no failure of the endpoint, but it may have got the events."""
        self._keep(attempt)

    def repeated(self, delivery: Delivery, told: Told) -> None:
        """An event is not sent, as the endpoint was told the same of late."""
        self.filtered(DEDUPE, 1)
        self.attempts.add_repeat(delivery.record, told.place, self._clock.wall())

    def _keep(self, attempt: Attempt) -> None:
        self.attempts.add(attempt)
        is_logged, is_written = self._log.is_enabled_for(logging.DEBUG), self._attempt_log.wants(attempt.outcome)
        for one in event_attempts_of(self._endpoint, attempt) if is_logged or is_written else ():
            if is_logged:
                self._log.debug("delivery.attempted", **asdict(one))
            if is_written:
                self._attempt_log.add(one)

    def buried(self, delivery: Delivery, cause: Cause) -> None:
        """A dead letter is written."""
        self.metrics.buried(cause.reason.value)
        self.letters[cause.reason.value] += 1
        self._log.error(
            "delivery.dead_letter",
            event_id=text_header(delivery.record.headers, names.CE_ID),
            repository=text_header(delivery.record.headers, names.CE_SUBJECT),
            record=delivery.record.place,
            reason=cause.reason.value,
            error=cause.error,
            answer=cause.answer,
            attempts=delivery.tries.made,
        )

    def breaker_moved(self, state: BreakerState, *, reason: str) -> None:
        """The breaker is in another state."""
        self.metrics.breaker.set(int(state is not BreakerState.CLOSED))
        match state:
            case BreakerState.CLOSED:
                self.breaker_reason = ""
                self._log.info("breaker.closed", reason=reason)
            case BreakerState.REFUSED:
                self.breaker_reason = f"{reason}; only repositories that it refused wait"
                consequence = "the refused repositories wait and get one probe at a time; others are delivered"
                self._log.warning("breaker.open", reason=reason, consequence=consequence)
            case BreakerState.OPEN:
                self.breaker_reason = reason
                consequence = "the endpoint gets one probe at a time; all other events wait in Kafka"
                self._log.warning("breaker.open", reason=reason, consequence=consequence)

    def paused(self, pause: Pause) -> None:
        """An operator holds the endpoint."""
        self.metrics.paused.set(1)
        consequence = "no request starts; events wait in Kafka, as long as its retention keeps them"
        self._log.warning("endpoint.paused", pause=str(pause), consequence=consequence)

    def resumed(self) -> None:
        """Nobody holds it any more."""
        self.metrics.paused.set(0)
        self._log.info("endpoint.resumed")

    def broken_off(self, requests: int, *, letters: int) -> None:
        """Partitions are given back, and not all that was under way for them has ended in time."""
        consequence = "these events are tried again by the next worker; what the endpoint got of them comes twice"
        self._log.warning("endpoint.broken_off", requests=requests, dead_letters=letters, consequence=consequence)

    def not_committed(self, partitions: Collection[int], events: int) -> None:
        """Partitions are gone without a last commit that succeeded; told once for each time that they are assigned."""
        if events and not self._not_committed:
            self._not_committed = events
            facts = {"partitions": sorted(partitions), "events_at_most": events}
            consequence = "what was finished and not committed is delivered again"
            self._log.warning("endpoint.not_committed", consequence=consequence, **facts)

    def given_up(self, reason: str) -> None:
        """The consumer was given up: told if events are delivered again for that; health tells the rest."""
        if self._not_committed:
            self._log.warning("endpoint.given_up", reason=reason, consequence="another consumer is made in its place")

    def left_open(self, uncommitted: int) -> None:
        """The consumer could not be closed in time."""
        self._log.warning(
            "endpoint.not_closed",
            reason="Kafka did not answer the last commit, or the leaving of the group, in time",
            consequence="its partitions wait until its session ends",
            events_delivered_again=uncommitted or self._not_committed,
        )

    def committed(self, error: str) -> None:
        """A commit ended."""
        self.metrics.committed(succeeded=not error)
        if not error:
            self._news.settled("commits")
        elif self._news.is_news("commits", error):
            consequence = "it is tried again; a crash would repeat more events"
            self._log.warning("endpoint.commit_failed", error=error, consequence=consequence)
