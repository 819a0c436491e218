"""Health: whether this worker does its work, looked at every second; each change is one log line with the cause."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from consumer.endpoint.endpoint import Endpoint
from consumer.endpoint.live_status import lag_of
from consumer.worker.preparation import Preparation
from consumer.worker.readiness import Kind, Readiness, Reason, Seen
from consumer.worker.topic_identity import TopicIdentity
from runtime.clock import Clock
from runtime.kafka.pulse import Pulse

_log: Final = structlog.get_logger(__name__)

_EVERY_S: Final = 1.0
_DEAD_AFTER_S: Final = 12.0
"""A consumer's thread turns ten times a second, unless it waits for Kafka or for requests in flight to end."""
_SAID_ELSEWHERE: Final = frozenset({Kind.PREPARING, Kind.JOINING, Kind.OBSTACLE})
"""Reasons with a log line of their own, or none yet."""


class Health:
    """The judgement over all endpoints of a process."""

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        preparation: Preparation,
        pulse: Pulse,
        identity: TopicIdentity,
        clock: Clock,
    ) -> None:
        """Nothing was looked at yet."""
        self._endpoints = [(endpoint, Readiness(endpoint.settings.name)) for endpoint in endpoints]
        self._preparation = preparation
        self._pulse = pulse
        self._identity = identity
        self._clock = clock
        self._said: frozenset[tuple[Kind, str]] | None = None
        """What the last line was about; None before there was one."""

    async def reasons(self) -> list[str]:
        """Why this worker does not do its work, a sentence each; empty if it does."""
        return [str(reason) for reason in self._look()]

    async def watch(self) -> None:
        """Look every second, for ever."""
        while True:
            self._say(self._look())
            await asyncio.sleep(_EVERY_S)

    def _look(self) -> list[Reason]:
        if self._preparation.obstacle:
            return [Reason(Kind.PREPARING, self._preparation.obstacle)]
        now = self._clock.monotonic()
        found = [
            reason for endpoint, readiness in self._endpoints for reason in readiness.look(seen(endpoint, now), now)
        ]
        if self._pulse.silence:  # whatever else there is follows from it
            return [Reason(Kind.KAFKA, f"Kafka does not answer: {self._pulse.silence}")]
        if self._identity.missing:
            return [Reason(Kind.TOPIC, self._identity.missing)]
        return found

    def _say(self, reasons: list[Reason]) -> None:
        about = frozenset((reason.kind, reason.endpoint) for reason in reasons if reason.kind not in _SAID_ELSEWHERE)
        if about and about != self._said:
            _log.warning("deliver.not_ready", reasons=[str(reason) for reason in reasons])
            self._said = about
        elif not reasons and self._said != frozenset():
            _log.info("deliver.ready")
            self._said = frozenset()


def seen(endpoint: Endpoint, now: float) -> Seen:
    """What is seen of an endpoint; `now` monotonic."""
    partitions = [endpoint.partitions[number] for number in sorted(endpoint.partitions)]
    return Seen(
        trouble=endpoint.consumer_fault or _silence(endpoint, now),
        obstacles=(*(at.upgrade_needed for at in partitions if at.upgrade_needed), *endpoint.schema_troubles),
        lag=lag_of(endpoint),
        waits_on_purpose=_waits_on_purpose(endpoint, now),
        finished=tuple((at.number, at.epoch, at.ledger.next - at.ledger.unfinished) for at in partitions),
    )


def _waits_on_purpose(endpoint: Endpoint, now: float) -> bool:
    """Whether nothing of ours is in the way: what waits, waits for its time or for the endpoint.

    A dead letter that is being written, or a commit without which no attempt may start, is ours.
    """
    gate, lanes = endpoint.gate, endpoint.lanes
    if gate.breaker.is_open or endpoint.dispatcher.in_flight.requests or gate.earliest(now) > now:
        return True
    return not lanes.has_due(now) and lanes.next_due(now, fresh_only=False) is not None


def _silence(endpoint: Endpoint, now: float) -> str:
    silent_s = now - endpoint.log.turned_at
    if silent_s < _DEAD_AFTER_S or any(partition.draining for partition in endpoint.partitions.values()):
        return ""
    return "its consumer's thread does not answer"
