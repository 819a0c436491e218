"""What must be true before a worker delivers: Kafka there, the events topic there, every endpoint with a cursor."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from runtime.clock import Clock
from runtime.config import EndpointSettings, Settings
from runtime.cursors import begin, keep_alive, register_new
from runtime.errors import BridgeError
from runtime.kafka.admin import Admin
from runtime.kafka.errors import KafkaUnavailableError
from runtime.kafka.groups import Groups
from runtime.topics import ensure_dead_letters, offsets_shortfall

_log: Final = structlog.get_logger(__name__)

_AGAIN_S: Final = 1.0
_REACH_LIMIT_S: Final = 1.0
_KEEP_ALIVE_EVERY_S: Final = 3600.0


async def prepare_when_possible(
    admin: Admin, groups: Groups, settings: Settings, endpoints: Sequence[EndpointSettings], clock: Clock
) -> int:
    """Try until it succeeds; the partitions of the events topic."""
    told = ""
    while True:
        try:
            return await asyncio.to_thread(_prepare, admin, groups, settings, endpoints, clock.wall())
        except BridgeError as error:
            if str(error) != told:  # say it once, not every second
                _log.warning("deliver.waiting", reason=str(error))
                told = str(error)
            await asyncio.sleep(_AGAIN_S)


def _prepare(
    admin: Admin, groups: Groups, settings: Settings, endpoints: Sequence[EndpointSettings], now: float
) -> int:
    admin.brokers(_REACH_LIMIT_S)  # so that no call hangs while it is away
    topic = admin.topic(settings.topics.events)
    if topic is None:
        raise KafkaUnavailableError(f"topic {settings.topics.events} does not exist yet")
    ensure_dead_letters(admin, settings, topic.partitions)
    if shortfall := offsets_shortfall(admin, settings):
        _log.warning("deliver.cursors_at_risk", reason=shortfall)
    register_new(admin, groups, settings, topic.partitions)
    begin(admin, groups, settings, endpoints, topic.partitions, now=now)
    return topic.partitions


async def keep_cursors_alive(groups: Groups, settings: Settings, partitions: int) -> None:
    """Renew the cursors of disabled endpoints, now and then for ever."""
    while True:
        try:
            await asyncio.to_thread(keep_alive, groups, settings, partitions)
        except BridgeError as error:
            _log.warning("deliver.cursors_not_renewed", reason=str(error))
        await asyncio.sleep(_KEEP_ALIVE_EVERY_S)
