"""Putting a worker together: its endpoints, and who watches them."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass

from consumer.dead_letters.writing import Burial
from consumer.delivery.event_sender import EventSender
from consumer.delivery.policy.gate import Gate
from consumer.endpoint.courier import Courier
from consumer.endpoint.endpoint import Endpoint
from consumer.endpoint.metrics import EndpointMetrics
from consumer.endpoint.monitor import Monitor
from consumer.filters.endpoint_filter import Filter
from consumer.lanes.screening import Screening
from consumer.log.advertised import with_pages
from consumer.log.consumer_settings import ConsumerSettings
from consumer.log.reader_thread import ReaderThreads
from consumer.log.subscription import Subscription
from consumer.log.succession import Succession
from consumer.offsets.commits import commits_of
from consumer.worker.answers import Answers
from consumer.worker.backlogs import Backlogs
from consumer.worker.cursor_renewal import CursorRenewal
from consumer.worker.health import Health
from consumer.worker.ownership import Ownership
from consumer.worker.paces import sample_paces
from consumer.worker.parts import CLIENT_ID, Parts
from consumer.worker.pauses import Pauses
from consumer.worker.preparation import Preparation
from consumer.worker.retention import guard_retention
from consumer.worker.senders import sender_maker
from consumer.worker.served import Served
from consumer.worker.topic_identity import TopicIdentity
from runtime.config import EndpointSettings, Settings
from runtime.config.crosschecks import POLL_INTERVAL, poll_interval_ms
from runtime.kafka.topics import max_event_bytes
from runtime.metrics import kafka_up
from schemas.names import group_of


@dataclass(frozen=True, slots=True)
class Watches:
    """Whatever watches over a worker while it runs."""

    preparation: Preparation
    identity: TopicIdentity
    ownership: Ownership
    answers: Answers
    health: Health
    pauses: Pauses
    renewal: CursorRenewal

    async def run(self, parts: Parts, served: Served) -> None:
        """Watch for ever."""
        async with asyncio.TaskGroup() as watches:
            watches.create_task(self.health.watch())
            watches.create_task(self.ownership.watch())
            watches.create_task(self.answers.watch())
            watches.create_task(self.identity.watch())
            watches.create_task(self.pauses.watch())
            watches.create_task(sample_paces(served, parts.clock))
            watches.create_task(self.renewal.watch())
            watches.create_task(guard_retention(served, parts.settings.topics.retention_s, parts.clock))


def watches_of(parts: Parts, served: Served) -> Watches:
    """The watches over these endpoints; none has begun."""
    preparation = preparation_of(parts, served.settings, [endpoint.settings for endpoint in served])
    identity = TopicIdentity(parts.admin, parts.settings.topics.events, served)
    ownership = Ownership(served, parts, clock=parts.clock, jitter=random.random)
    health = Health(served, preparation, parts.pulse, identity, ownership=ownership, clock=parts.clock)
    pauses = Pauses(parts.control, parts.writer, served)
    renewal = CursorRenewal(parts, parts.groups, parts.visits, served)
    answers = Answers(served, parts.pulse, parts.clock)
    return Watches(preparation, identity, ownership, answers, health, pauses, renewal)


def preparation_of(parts: Parts, settings: Settings, endpoints: Sequence[EndpointSettings]) -> Preparation:
    """The preparation for these endpoints."""
    return Preparation(
        parts.admin,
        parts.groups,
        parts.protocols,
        settings,
        endpoints=endpoints,
        control=parts.control,
        clock=parts.clock,
    )


def enabled_groups(settings: Settings) -> dict[str, str]:
    """The consumer groups of all enabled endpoints, by their names."""
    prefix = settings.worker.group_prefix
    return {one.name: group_of(prefix, one.name) for one in settings.endpoints if not one.disabled}


def backlogs_of(parts: Parts, served: Served) -> Backlogs:
    """The backlogs of all enabled endpoints, and the gauges that ask for them."""
    made = Backlogs(
        parts.settings.topics.events,
        enabled_groups(served.settings),
        served,
        log=parts.admin,
        offsets=parts.groups,
        sources=parts,
        pulse=parts.pulse,
        clock=parts.clock,
    )
    parts.metrics.ask_for_backlogs(made, [endpoint.settings.name for endpoint in served])
    parts.metrics.retention.ask(value=lambda: parts.settings.topics.retention_s)
    kafka_up("registry_worker_kafka_up", parts.metrics.registry, parts.pulse)
    return made


def endpoint_of(parts: Parts, endpoint: EndpointSettings, sender: EventSender | None = None) -> Endpoint:
    """An endpoint with all it is made of; with this sender, if there is one already.

    Raises:
        ClientSettingsError, SinkSettingsError: no sender can be made of its settings.
    """
    sender = sender or sender_maker(parts).sender(endpoint)
    topics = parts.settings.topics
    group = group_of(parts.settings.worker.group_prefix, endpoint.name)
    metrics = EndpointMetrics(parts.metrics, endpoint.name)
    attempts = parts.attempts.of(endpoint.name, parts.clock.wall())
    monitor = Monitor(endpoint.name, metrics, attempts, parts.clock, parts.attempt_log)
    largest = max_event_bytes(parts.settings)
    burial = Burial(endpoint.name, topics.dead_letters, parts.writer, largest=largest, jitter=random.random)
    made = Endpoint(
        endpoint,
        commits_of(group, topics.events, endpoint),
        _log_of(parts, endpoint, group),
        screening=Screening(
            Filter(endpoint),
            parts.schema_ids,
            unknown_schema=parts.settings.worker.unknown_schema,
            outlines=parts.outlines,
        ),
        gate=Gate(endpoint, random.random),
        courier=Courier(sender, burial, monitor),
        monitor=monitor,
        clock=parts.clock,
    )
    _watch(made, metrics)
    made.acts.hold(parts.control.known.get(group))
    return made


def _log_of(parts: Parts, endpoint: EndpointSettings, group: str) -> Succession:
    settings = parts.settings
    consumer = ConsumerSettings(
        {POLL_INTERVAL: str(poll_interval_ms(settings.worker, endpoint)), **parts.kafka},
        client_id=with_pages(f"{CLIENT_ID}-{endpoint.name}", parts.pages),
        group=group,
        max_record_bytes=max_event_bytes(settings),
        protocols=parts.protocols,
    )
    name, drain_s = endpoint.name, settings.worker.drain_of(endpoint)
    readers = ReaderThreads(Subscription(), consumer, parts.records, name, parts.clock)
    return Succession(readers, name=name, drain_s=drain_s, clock=parts.clock)


def _watch(endpoint: Endpoint, metrics: EndpointMetrics) -> None:
    """Gauges that are asked when somebody looks."""
    metrics.in_flight.set_function(lambda: endpoint.dispatcher.in_flight.requests)
    metrics.limit.set_function(lambda: endpoint.gate.limit.value)
    metrics.partitions.set_function(lambda: len(endpoint.partitions))
    metrics.uncommitted.set_function(lambda: endpoint.repeats_possible)
    metrics.breaker.set(0)
