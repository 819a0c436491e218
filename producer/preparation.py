"""What must be true before the bridge takes events: topics, new endpoints and schema in place, Kafka within reach."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from producer.schema_registration import Registration
from runtime.clock import Clock
from runtime.config.settings import Settings
from runtime.errors import BridgeError
from runtime.kafka.admin import Admin
from runtime.kafka.connection_faults import because
from runtime.kafka.errors import KafkaRefusedError
from runtime.kafka.groups import Groups
from runtime.kafka.initial_offsets import register_new
from runtime.kafka.records import OutgoingRecord
from runtime.kafka.topics import ensure_topics
from runtime.kafka.writer import AcknowledgedWriter
from runtime.news import News
from runtime.schema_registry import SchemaRefusedError
from runtime.side_threads import beside, beside_within

_log: Final = structlog.get_logger(__name__)

_AGAIN_S: Final = 1.0
_GONE_AFTER: Final = 2
"""Looks in a row."""
_REACH_LIMIT_S: Final = 1.0
_ANSWER_LIMIT_S: Final = 60.0
_PREPARE_LIMIT_S: Final = 600.0
"""For all questions of one try together, each of which has its own limit."""
_REACH_VALID_S: Final = 2.0
"""How long an answer to "is Kafka there" holds, so that probes do not become load."""


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why events cannot be written now."""

    text: str
    is_refusal: bool = False
    """Whether somebody must change something first: else it may be over by itself."""


_UNREGISTERED: Final = Hindrance("the schema is not registered yet")


class NotPreparedError(BridgeError):
    """Nothing can be written yet; the text says what is missing."""

    def __init__(self, hindrance: Hindrance) -> None:
        super().__init__(hindrance.text)
        self.hindrance = hindrance


def prepare(admin: Admin, groups: Groups, settings: Settings, registration: Registration, news: News) -> int:
    """Create missing topics, register endpoints that are new, and the schema; the partitions of the events topic.

    Whoever tries again and again keeps the `news`: what falls short is logged once.

    Raises:
        KafkaUnavailableError, KafkaRefusedError: it could not be done.
        SchemaRegistryUnavailableError, SchemaRefusedError: the schema registry does not have the schema.
    """
    partitions = ensure_topics(admin, settings, news)
    register_new(admin, groups, settings, partitions)
    registration.complete()
    return partitions


class TopicGoneError(BridgeError):
    """The events topic was deleted."""


class PreparedLog:
    """Prepares in the background, again and again until it is done; until then nothing is taken."""

    def __init__(
        self,
        admin: Admin,
        groups: Groups,
        settings: Settings,
        *,
        registration: Registration,
        writer: AcknowledgedWriter,
        clock: Clock,
    ) -> None:
        self._admin = admin
        self._groups = groups
        self._settings = settings
        self._registration = registration
        self._writer = writer
        self._clock = clock
        self._news = News()
        self._obstacle: Hindrance | None = Hindrance("topics and schema are not prepared yet")
        self._reach_checked = float("-inf")
        self._reach_fault: Hindrance | None = None
        self._missed = 0
        """Looks in a row that found no events topic; one does not tell: a young broker knows few topics."""
        self._checking = asyncio.Lock()
        self._renewed = asyncio.Event()
        """Set when there are other settings."""

    async def run(self) -> None:
        """Return when all is prepared.

        Raises:
            SchemaRefusedError: the schema registry will not take our schema: no patience helps.
        """
        while self._obstacle is not None:
            try:
                # so that no call hangs while it is away
                await beside(self._admin.ping, self._settings.topics.events, _REACH_LIMIT_S)
                await beside_within(
                    _PREPARE_LIMIT_S, prepare, self._admin, self._groups, self._settings, self._registration, self._news
                )
                self._obstacle = None
            except SchemaRefusedError:
                raise
            except BridgeError as error:
                if self._news.is_news("preparation", str(error)):
                    _log.warning("bridge.not_prepared", reason=str(error))
                self._obstacle = _hindrance(error)
                await asyncio.sleep(_AGAIN_S)
        _log.info("bridge.ready", topic=self._settings.topics.events)

    def register(self, settings: Settings) -> None:
        """Give the endpoints of these settings that are new their cursor, as soon as Kafka lets that be done."""
        self._settings = settings
        self._renewed.set()

    async def follow(self) -> None:
        """Do what `register` asks for, for ever."""
        while True:
            await self._renewed.wait()
            self._renewed.clear()
            if not await self._has_registered():
                self._renewed.set()
                await asyncio.sleep(_AGAIN_S)

    async def _has_registered(self) -> bool:
        try:
            await beside_within(_PREPARE_LIMIT_S, self._register)
        except BridgeError as error:
            if self._news.is_news("endpoints", str(error)):
                _log.warning("bridge.endpoints_not_registered", reason=str(error))
            return False
        self._news.settled("endpoints")
        return True

    def _register(self) -> None:
        self._admin.ping(self._settings.topics.events, _REACH_LIMIT_S)
        if (topic := self._admin.topic(self._settings.topics.events)) is not None:
            register_new(self._admin, self._groups, self._settings, topic.partitions)

    @property
    def ids(self) -> Mapping[int, int]:
        """The schema id of each release, by its version; empty until they are known."""
        return self._registration.ids

    @property
    def under_way_because(self) -> str:
        """Why records are on their way that could still come to the log; empty if there are none."""
        if self._writer.is_idle:
            return ""
        return f"Kafka has not answered yet for events that were sent straight to it{because(self._writer.fault)}"

    @property
    def unprepared(self) -> Hindrance | None:
        """Why topic or schema are not prepared; None if they are."""
        return self._obstacle or (_UNREGISTERED if self._registration.latest is None else None)

    @property
    def obstacle(self) -> Hindrance | None:
        """Why events cannot be written, as far as is known without asking; None if it can be tried."""
        return self.unprepared or (None if self._writer.available else unacknowledged(self._writer))

    def schema_id(self) -> int:
        """The id that values are framed with.

        Raises:
            NotPreparedError: nothing can be written yet.
        """
        found = self._registration.latest
        if found is None or self._obstacle is not None:
            raise NotPreparedError(self.unprepared or _UNREGISTERED)
        return found

    async def write(self, records: Sequence[OutgoingRecord]) -> None:
        """Write; whoever has a `schema_id` may.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: not acknowledged.
        """
        await self._writer.write_soon(records)

    async def reasons(self) -> list[str]:
        """Why a POST would be answered 503 now; empty if it would be taken."""
        found = await self.hindrance()
        return [found.text] if found else []

    async def hindrance(self) -> Hindrance | None:
        """Why events cannot be written now, asking Kafka; None if they can."""
        return self.obstacle or await self._reach()

    async def _reach(self) -> Hindrance | None:
        async with self._checking:
            if self._clock.monotonic() - self._reach_checked >= _REACH_VALID_S:
                self._reach_fault = None
                try:
                    await beside_within(_ANSWER_LIMIT_S, self._look_for_the_topic)
                except BridgeError as error:
                    self._reach_fault = _hindrance(error)
                self._reach_checked = self._clock.monotonic()
            return self._reach_fault

    def _look_for_the_topic(self) -> None:
        """Ask Kafka whether it is there, and has the events topic, which is not made anew while a bridge runs.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: no answer.
            TopicGoneError: it was deleted.
        """
        topic = self._settings.topics.events
        self._admin.ping(topic, _REACH_LIMIT_S)
        self._missed = 0 if self._admin.has_topic(topic) else self._missed + 1
        if self._missed >= _GONE_AFTER:
            raise TopicGoneError(f"topic {topic} does not exist any more (registry-bridge init creates it)")


def unacknowledged(writer: AcknowledgedWriter) -> Hindrance:
    """The hindrance of a writer that is not available."""
    return Hindrance(f"Kafka does not acknowledge writes{because(writer.fault)}")


def _hindrance(error: BridgeError) -> Hindrance:
    return Hindrance(str(error), is_refusal=isinstance(error, KafkaRefusedError | TopicGoneError))
