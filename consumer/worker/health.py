"""Health: whether this worker does its work, looked at every second; each change is one log line with the cause."""

import asyncio
from collections.abc import Iterable
from typing import Final
from weakref import WeakKeyDictionary

import structlog

from consumer.endpoint.endpoint import Endpoint
from consumer.endpoint.inspection import lag_of
from consumer.worker.answers import silence_of
from consumer.worker.ownership import Ownership
from consumer.worker.preparation import Preparation
from consumer.worker.readiness import EndpointSnapshot, NotReady, NotReadyKind, Readiness
from consumer.worker.topic_identity import TopicIdentity
from runtime.clock import Clock
from runtime.kafka.pulse import Pulse

_log: Final = structlog.get_logger(__name__)

_EVERY_S: Final = 1.0
_DEAD_AFTER_S: Final = 12.0
"""A consumer's thread turns ten times a second, unless it waits for Kafka or for requests in flight to end."""
_LOGGED_ELSEWHERE: Final = frozenset({NotReadyKind.PREPARING, NotReadyKind.JOINING, NotReadyKind.OBSTACLE})
"""Reasons with a log line of their own, or none yet."""


class Health:
    """The health of a process: its preparation, Kafka, the topic, and the readiness of each endpoint."""

    def __init__(
        self,
        endpoints: Iterable[Endpoint],
        preparation: Preparation,
        pulse: Pulse,
        identity: TopicIdentity,
        *,
        ownership: Ownership,
        clock: Clock,
    ) -> None:
        """Nothing was looked at yet; `endpoints` are asked for at each look."""
        self._endpoints = endpoints
        self._known: WeakKeyDictionary[Endpoint, Readiness] = WeakKeyDictionary()
        self._preparation = preparation
        self._pulse = pulse
        self._identity = identity
        self._ownership = ownership
        self._clock = clock
        self._logged: frozenset[tuple[NotReadyKind, str]] | None = None
        """The reasons of the last line; None before there was one."""

    async def reasons(self) -> list[str]:
        """Why this worker does not do its work, a sentence each; empty if it does."""
        return [str(reason) for reason in self._look()]

    async def watch(self) -> None:
        """Look every second, for ever."""
        while True:
            self._log_change(self._look())
            await asyncio.sleep(_EVERY_S)

    def _look(self) -> list[NotReady]:
        if self._preparation.waits_for:
            return [NotReady(NotReadyKind.PREPARING, self._preparation.waits_for)]
        now = self._clock.monotonic()
        found = [
            reason
            for endpoint in self._endpoints
            for reason in self._readiness(endpoint).look(endpoint_snapshot(endpoint, now), now)
        ]
        found += [
            NotReady(NotReadyKind.OWNERLESS, trouble, endpoint.settings.name)
            for endpoint in self._endpoints
            if (trouble := self._ownership.trouble(endpoint))
        ]
        if self._pulse.unreachable_because:  # whatever else there is follows from it
            return [NotReady(NotReadyKind.KAFKA, f"Kafka does not answer: {self._pulse.unreachable_because}")]
        if self._identity.missing:
            return [NotReady(NotReadyKind.TOPIC, self._identity.missing)]
        return found

    def _readiness(self, endpoint: Endpoint) -> Readiness:
        """One that a reload begins while the worker is ready has some seconds to join its group."""
        if endpoint not in self._known:
            self._known[endpoint] = Readiness(endpoint.settings.name, joins_late=self._logged == frozenset())
        return self._known[endpoint]

    def _log_change(self, reasons: list[NotReady]) -> None:
        about = frozenset((reason.kind, reason.endpoint) for reason in reasons if reason.kind not in _LOGGED_ELSEWHERE)
        if about and about != self._logged:
            _log.warning("deliver.not_ready", reasons=[str(reason) for reason in reasons])
            self._logged = about
        elif not reasons and self._logged != frozenset():
            _log.info("deliver.ready")
            self._logged = frozenset()


def endpoint_snapshot(endpoint: Endpoint, now: float) -> EndpointSnapshot:
    """An endpoint at this moment; `now` monotonic."""
    partitions = [endpoint.partitions[number] for number in sorted(endpoint.partitions)]
    return EndpointSnapshot(
        consumer_fault=endpoint.consumer_fault or _own_fault(endpoint, now),
        blocked_because=(*(at.upgrade_needed for at in partitions if at.upgrade_needed), *endpoint.schema_troubles),
        lag=lag_of(endpoint),
        waits_on_purpose=_waits_on_purpose(endpoint, now),
        finished=tuple((at.number, at.epoch, at.ledger.next - at.ledger.unfinished) for at in partitions),
    )


def _waits_on_purpose(endpoint: Endpoint, now: float) -> bool:
    """Whether nothing of ours is in the way: what waits, waits for its time or for the endpoint.

    What `delay` holds back waits for its time. A dead letter that is being written is ours, and so is a commit without
    which no attempt may start.
    """
    if any(partition.is_held(now) for partition in endpoint.partitions.values()):
        return True
    gate, lanes = endpoint.gate, endpoint.lanes
    if gate.breaker.is_open or endpoint.dispatcher.in_flight.requests or gate.earliest(now) > now:
        return True
    return not lanes.has_due(now) and lanes.next_due(now, fresh_only=False) is not None


def _own_fault(endpoint: Endpoint, now: float) -> str:
    return _thread_fault(endpoint, now) or silence_of(endpoint, now) or _predecessor_fault(endpoint)


def _thread_fault(endpoint: Endpoint, now: float) -> str:
    drains = any(partition.draining for partition in endpoint.partitions.values())
    limit_s = _DEAD_AFTER_S + (endpoint.log.drain_s if drains else 0.0)
    return "its consumer's thread does not answer" if now - endpoint.log.turned_at >= limit_s else ""


def _predecessor_fault(endpoint: Endpoint) -> str:
    """Whether a consumer that was given up, and does not close, may have the partitions that this one lacks."""
    if not endpoint.log.abandoned or endpoint.partitions:
        return ""
    return "a consumer that was given up does not close, and may have its partitions until its session ends"
