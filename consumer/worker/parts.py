"""The parts that all endpoints of a worker share: clients of Kafka, metrics, clock."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from consumer.attempts.recent import AttemptRoom
from consumer.attempts.record import LARGEST_ATTEMPT
from consumer.attempts.writing import WRITE_LIMIT_S, AttemptLog, AttemptTopic, NoAttemptLog
from consumer.delivery.sink.running_writes import RunningWrites
from consumer.delivery.webhook.large_events import LargeEvents
from consumer.endpoint.metrics import WorkerMetrics
from consumer.lanes.outlines import Outlines
from consumer.log.range_reader import RangeReader
from consumer.log.schema_ids import SchemaIds, schema_ids_of
from consumer.log.shared_records import SEVERAL, SharedRecords
from consumer.places import beginnings_of
from runtime.clock import Clock, SystemClock
from runtime.config import Address, Settings
from runtime.kafka.admin import Admin
from runtime.kafka.cluster_state import GroupMembers
from runtime.kafka.control_topic import ControlTopic
from runtime.kafka.group_members import members_of
from runtime.kafka.group_protocol import GroupProtocols
from runtime.kafka.group_visits import GroupVisits
from runtime.kafka.groups import Groups
from runtime.kafka.pulse import Pulse
from runtime.kafka.settings import ClientSettings
from runtime.kafka.topics import max_dead_letter_bytes, max_event_bytes
from runtime.kafka.writer import AcknowledgedWriter
from runtime.metrics import process_metrics
from runtime.tracing.opening import tracing_of
from runtime.tracing.spans import Tracing

CLIENT_ID: Final = "registry-worker"


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts that all endpoints of a worker share."""

    settings: Settings
    kafka: ClientSettings = field(repr=False)
    """librdkafka settings, with their secrets."""
    admin: Admin
    groups: Groups
    protocols: GroupProtocols
    visits: GroupVisits
    pulse: Pulse
    writer: AcknowledgedWriter
    metrics: WorkerMetrics
    clock: Clock
    schema_ids: SchemaIds | None
    """Of the schema registry, if there is one."""
    large_events: LargeEvents
    running_writes: RunningWrites
    """Of sinks in Python."""
    records: SharedRecords
    outlines: Outlines
    attempts: AttemptRoom
    attempt_log: AttemptLog
    control: ControlTopic
    """Which endpoints are paused."""
    pages: Address | None
    """Where the worker's pages are; None if it has none."""
    tracing: Tracing | None
    """None: there are no spans."""

    def widen(self, served: int) -> None:
        """So many endpoints are served now: several share what they read."""
        if served > 1:
            self.records.keep(SEVERAL)
            self.outlines.keep(SEVERAL)

    def open_ranges(self) -> RangeReader:
        """A client that reads ranges of the events topic."""
        return RangeReader(self.kafka, client_id=CLIENT_ID, max_record_bytes=max_event_bytes(self.settings))

    def open_letters(self) -> RangeReader:
        """A client that reads ranges of the dead-letter topic."""
        return RangeReader(self.kafka, client_id=CLIENT_ID, max_record_bytes=max_dead_letter_bytes(self.settings))

    def partitions(self) -> Collection[int]:
        """The partitions of the events topic.

        Raises:
            TopicMissingError: there is no such topic.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        return beginnings_of(self.admin, self.settings.topics.events)

    def members(self, groups: Collection[str]) -> Mapping[str, GroupMembers]:
        """The members of each of these groups; blocks, 20 seconds at most."""
        return members_of(self.kafka, groups, self.settings.topics.events, client_id=CLIENT_ID)


def parts_of(settings: Settings, *, served: int = 1, pages: Address | None = None) -> Parts:
    """Make what so many endpoints share; the writer's thread runs from here on. The worker's pages are at `pages`."""
    tracing = tracing_of(settings.tracing, program=CLIENT_ID)
    kafka = settings.kafka.revealed()
    clock = SystemClock()
    admin = Admin(kafka, client_id=CLIENT_ID)
    protocols = GroupProtocols(kafka, client_id=CLIENT_ID, topic=settings.topics.events)
    metrics = WorkerMetrics(process_metrics("registry_worker"))
    return Parts(
        settings=settings,
        kafka=kafka,
        admin=admin,
        groups=Groups(kafka, client_id=CLIENT_ID),
        protocols=protocols,
        visits=GroupVisits(kafka, protocols, client_id=CLIENT_ID, topic=settings.topics.events),
        pulse=Pulse(admin, settings.topics.events, clock),
        writer=AcknowledgedWriter(
            kafka,
            client_id=CLIENT_ID,
            max_record_bytes=max_dead_letter_bytes(settings),
            meanwhile="events that are to become dead letters wait",
        ),
        metrics=metrics,
        clock=clock,
        schema_ids=schema_ids_of(settings, clock, program=CLIENT_ID),
        large_events=LargeEvents(),
        running_writes=RunningWrites(),
        records=SharedRecords(settings.topics.events, SEVERAL if served > 1 else 0),
        outlines=Outlines(SEVERAL if served > 1 else 1),
        attempts=AttemptRoom(),
        control=ControlTopic(settings, kafka, admin, client_id=CLIENT_ID),
        pages=pages,
        tracing=tracing,
        attempt_log=_attempt_log_of(settings, kafka, metrics),
    )


def _attempt_log_of(settings: Settings, kafka: ClientSettings, metrics: WorkerMetrics) -> AttemptLog:
    """A topic of its own has a client of its own: what is wrong with it must not hold up dead letters."""
    attempts = settings.worker.attempts
    if attempts is None:
        return NoAttemptLog()
    writer = AcknowledgedWriter(
        kafka,
        client_id=CLIENT_ID,
        max_record_bytes=LARGEST_ATTEMPT,
        limit_s=WRITE_LIMIT_S,
        meanwhile="attempts are not written to their topic",
        is_bulk=True,
    )
    return AttemptTopic(attempts, writer, metrics)
