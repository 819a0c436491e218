"""Answers: whether Kafka answers each consumer. One that it does not answer is given up, if it answers others.

A client can lose all that it knew of its cluster and never ask again (see `AdminClients`), or wait for ever for a
coordinator. While Kafka is away no consumer is at fault, and each goes on by itself when it is back.
"""

import asyncio
from collections.abc import Iterable
from typing import Final, Protocol
from weakref import WeakKeyDictionary

import structlog

from consumer.endpoint.endpoint import Endpoint
from consumer.log.succession import SILENCE_LIMIT_S
from runtime.clock import Clock

_log: Final = structlog.get_logger(__name__)

SILENT_AFTER_S: Final = 15.0
"""Without an answer; it asks every two seconds, and waits a second."""
_LOOK_EVERY_S: Final = 5.0


class KnowsKafka(Protocol):
    """Knows whether Kafka answers this process."""

    @property
    def is_up(self) -> bool | None:
        """Whether it does; None before anything is known."""
        ...


class Answers:
    """Watches the consumers of the endpoints that this worker serves."""

    def __init__(self, endpoints: Iterable[Endpoint], kafka: KnowsKafka, clock: Clock) -> None:
        """Nothing was looked at yet; `endpoints` are asked for at each turn."""
        self._endpoints: Final = endpoints
        self._kafka: Final = kafka
        self._clock: Final = clock
        self._fine_at: Final[WeakKeyDictionary[Endpoint, float]] = WeakKeyDictionary()
        """When each was a member of its group and answered last, or Kafka was away, or it was seen first."""

    async def watch(self) -> None:
        """Look for ever."""
        self._note_new(self._clock.monotonic())
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            now = self._clock.monotonic()
            self._note_new(now)
            for endpoint in self._endpoints:
                self._look(endpoint, now)

    def _note_new(self, now: float) -> None:
        for endpoint in self._endpoints:
            self._fine_at.setdefault(endpoint, now)

    def _look(self, endpoint: Endpoint, now: float) -> None:
        if self._kafka.is_up is not True or not _fault(endpoint, now):
            self._fine_at[endpoint] = now
        if now - self._fine_at[endpoint] < endpoint.log.drain_s + SILENCE_LIMIT_S:
            return
        self._fine_at[endpoint] = now
        facts = {"endpoint": endpoint.settings.name, "reason": _fault(endpoint, now)}
        _log.warning("endpoint.consumer_replaced", consequence="another consumer is made in its place", **facts)
        endpoint.log.give_up(_fault(endpoint, now))


def _fault(endpoint: Endpoint, now: float) -> str:
    return endpoint.consumer_fault or silence_of(endpoint, now)


def silence_of(endpoint: Endpoint, now: float) -> str:
    """Why nothing is known of its partitions, if Kafka does not answer its consumer; `now` monotonic.

    While requests in flight are waited for it is not asked.
    """
    drains = any(partition.draining for partition in endpoint.partitions.values())
    limit_s = SILENT_AFTER_S + (endpoint.log.drain_s if drains else 0.0)
    return "Kafka does not answer its consumer" if now - endpoint.log.answered_at >= limit_s else ""
