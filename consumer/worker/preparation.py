"""Preparation of a worker: Kafka answers, the events topic is there, every endpoint has a cursor."""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

import structlog

from runtime.clock import Clock
from runtime.config import EndpointSettings, Settings
from runtime.errors import BridgeError
from runtime.kafka.admin import Admin
from runtime.kafka.control_topic import ControlTopic
from runtime.kafka.errors import KafkaRefusedError, KafkaUnavailableError
from runtime.kafka.group_protocol import GroupProtocols
from runtime.kafka.groups import Groups
from runtime.kafka.initial_offsets import begin, register_new
from runtime.kafka.topics import ensure_attempts, ensure_dead_letters, offsets_shortfall
from runtime.news import News
from runtime.side_threads import beside_within
from schemas.names import group_of

_log: Final = structlog.get_logger(__name__)

_AGAIN_S: Final = 1.0
_REACH_LIMIT_S: Final = 1.0
_PREPARE_LIMIT_S: Final = 600.0
"""For all questions of one try together, each of which has its own limit."""


class Configured(Protocol):
    """Knows the settings in force."""

    @property
    def settings(self) -> Settings:
        """Now."""
        ...


class Preparation:
    """Prepares until it succeeds; `waits_for` is why it has not yet."""

    def __init__(
        self,
        admin: Admin,
        groups: Groups,
        protocols: GroupProtocols,
        settings: Settings,
        *,
        endpoints: Sequence[EndpointSettings],
        control: ControlTopic,
        clock: Clock,
    ) -> None:
        """Nothing is prepared; `endpoints` are those to be served."""
        self._admin = admin
        self._groups = groups
        self._protocols = protocols
        self._settings = settings
        self._endpoints = endpoints
        self._control = control
        self._clock = clock
        self._news = News()
        self.waits_for = "Kafka has not been asked for the events topic yet"
        """Empty when all is prepared."""

    def change(self, settings: Settings, endpoints: Sequence[EndpointSettings]) -> None:
        """Prepare for these instead, if it is not done yet."""
        self._settings, self._endpoints = settings, endpoints

    def other(self, settings: Settings, endpoints: Sequence[EndpointSettings]) -> "Preparation":
        """Another one, for these; what this one has warned of it does not say again."""
        made = Preparation(
            self._admin,
            self._groups,
            self._protocols,
            settings,
            endpoints=endpoints,
            control=self._control,
            clock=self._clock,
        )
        made._news = self._news
        return made

    async def run(self) -> None:
        """Try until it succeeds."""
        while True:
            tried = self._settings
            try:
                await beside_within(_PREPARE_LIMIT_S, self._prepare)
            except BridgeError as error:
                self.waits_for = str(error)
                if self._news.is_news("preparation", str(error)):
                    _log.warning("deliver.waiting", reason=str(error))
                await asyncio.sleep(_AGAIN_S)
            else:
                if tried is self._settings:  # else it was another configuration that is prepared now
                    self.waits_for = ""
                    return

    def _prepare(self) -> None:
        settings = self._settings
        _log.debug("deliver.preparing")
        self._admin.ping(settings.topics.events, _REACH_LIMIT_S)  # so that no call hangs while it is away
        topic = self._admin.topic(settings.topics.events)
        if topic is None:
            raise KafkaUnavailableError(f"topic {settings.topics.events} does not exist yet")
        ensure_dead_letters(self._admin, settings, topic.partitions, self._news)
        self._ensure_attempts(settings)
        self._warn_of_short_offsets(settings)
        for endpoint in self._endpoints[:1]:  # what holds for the group of one holds for all
            self._protocols.choose(group_of(settings.worker.group_prefix, endpoint.name))
        register_new(self._admin, self._groups, settings, topic.partitions)
        begin(self._admin, self._groups, settings, self._endpoints, topic.partitions, now=self._clock.wall())
        self._control.look()  # before anything is delivered to an endpoint that is paused

    def _warn_of_short_offsets(self, settings: Settings) -> None:
        """Whoever may not read the settings of a broker can deliver all the same."""
        try:
            shortfall = offsets_shortfall(self._admin, settings)
        except KafkaRefusedError as error:
            minutes = int(settings.topics.retention_s // 60)
            shortfall = f"whether the brokers keep offsets for {minutes} minutes cannot be known: {error}"
        if shortfall and self._news.is_news("cursors", shortfall):
            _log.warning("deliver.cursors_at_risk", reason=shortfall)

    def _ensure_attempts(self, settings: Settings) -> None:
        """Delivery does not wait for the topic of attempts: what cannot be written there is counted."""
        try:
            ensure_attempts(self._admin, settings)
        except KafkaRefusedError as error:
            if self._news.is_news("attempts", str(error)):
                consequence = "attempts are only in the worker's memory"
                _log.warning("attempts.no_topic", reason=str(error), consequence=consequence)
