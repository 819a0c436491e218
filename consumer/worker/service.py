"""`registry-worker deliver`: where this half is put together, and the order in which it stops."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from consumer.dead_letters.writing import Burial
from consumer.delivery.policy.gate import Gate
from consumer.delivery.webhook.sender import sender_of
from consumer.endpoint.courier import Courier
from consumer.endpoint.endpoint import Endpoint
from consumer.endpoint.inspection import facts_of
from consumer.endpoint.metrics import EndpointMetrics, WorkerMetrics
from consumer.endpoint.monitor import Monitor
from consumer.endpoint.reasons import reasons_of
from consumer.filters.endpoint_filter import Filter
from consumer.lanes.screening import Screening
from consumer.log.consumer_settings import ConsumerSettings
from consumer.log.range_reader import RangeReader
from consumer.log.reader_thread import ReaderThreads
from consumer.log.schema_ids import SchemaIds, schema_ids_of
from consumer.log.subscription import Subscription
from consumer.log.succession import Succession
from consumer.offsets.commits import commits_of
from consumer.worker.backlogs import Backlogs
from consumer.worker.caught_up import CaughtUp
from consumer.worker.health import Health
from consumer.worker.pages import page_routes
from consumer.worker.preparation import Preparation, keep_cursors_alive
from consumer.worker.retention import guard_retention
from consumer.worker.topic_identity import TopicIdentity
from runtime.clock import Clock, SystemClock
from runtime.config import EndpointSettings, Settings
from runtime.config.crosschecks import POLL_INTERVAL, poll_interval_ms
from runtime.deadline import CLOSE_GRACE_S, Deadline
from runtime.http.asgi import application
from runtime.http.probes import probe_routes
from runtime.http.server import Server
from runtime.kafka.admin import Admin
from runtime.kafka.group_protocol import GroupProtocols
from runtime.kafka.groups import Groups
from runtime.kafka.pulse import Pulse
from runtime.kafka.settings import ClientSettings
from runtime.kafka.topics import max_dead_letter_bytes, max_event_bytes
from runtime.kafka.writer import AcknowledgedWriter
from runtime.metrics import kafka_up, process_metrics
from runtime.side_threads import beside
from schemas.names import group_of

_log: Final = structlog.get_logger(__name__)

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
    pulse: Pulse
    writer: AcknowledgedWriter
    metrics: WorkerMetrics
    clock: Clock
    schema_ids: SchemaIds | None
    """Of the schema registry, if there is one."""

    def open_ranges(self) -> RangeReader:
        """A client that reads ranges of the events topic."""
        return RangeReader(self.kafka, client_id=CLIENT_ID, max_record_bytes=max_event_bytes(self.settings))


def parts_of(settings: Settings) -> Parts:
    """Make what the endpoints share; the writer's thread runs from here on."""
    kafka = settings.kafka.revealed()
    clock = SystemClock()
    admin = Admin(kafka, client_id=CLIENT_ID)
    return Parts(
        settings=settings,
        kafka=kafka,
        admin=admin,
        groups=Groups(kafka, client_id=CLIENT_ID),
        protocols=GroupProtocols(kafka, client_id=CLIENT_ID, topic=settings.topics.events),
        pulse=Pulse(admin, settings.topics.events, clock),
        writer=AcknowledgedWriter(kafka, client_id=CLIENT_ID, max_record_bytes=max_dead_letter_bytes(settings)),
        metrics=WorkerMetrics(process_metrics("registry_worker")),
        clock=clock,
        schema_ids=schema_ids_of(settings, clock, program=CLIENT_ID),
    )


async def deliver(settings: Settings, endpoints: Sequence[EndpointSettings], stop: asyncio.Event) -> int:
    """Serve these endpoints until `stop` is set; then let what is in flight end, and commit. The exit status."""
    parts = parts_of(settings)
    served = [_endpoint(parts, endpoint) for endpoint in endpoints]
    ready = asyncio.Event()
    preparation = _preparation(parts, endpoints)
    identity = TopicIdentity(parts.admin, settings.topics.events, served)
    health = Health(served, preparation, parts.pulse, identity, parts.clock)
    backlogs = _backlogs(parts, served)
    pages = page_routes(served, parts.metrics, parts.clock, parts.pulse)
    routes = [*probe_routes(health, parts.metrics.registry), *pages]
    server = Server(application(routes), settings.worker.listen, drain_s=1.0)
    backlogs.start()
    running = asyncio.create_task(_run(parts, served, preparation, health, identity=identity, ready=ready))
    running.add_done_callback(lambda task: None if task.cancelled() else _stop_if_failed(task, stop))
    serving = asyncio.create_task(server.serve(stop))
    await _until_stopped(stop, serving)
    deadline = _closing_deadline(parts, endpoints)
    backlogs.stop()
    try:
        return await _stop(parts, served, running, deadline)
    finally:
        await serving


async def deliver_until_caught_up(
    settings: Settings, endpoints: Sequence[EndpointSettings], stop: asyncio.Event, *, timeout_s: float | None
) -> int:
    """Serve these endpoints until all that the log has now is finished and committed: 0; or 1 at the timeout."""
    parts = parts_of(settings)
    served = [_endpoint(parts, endpoint) for endpoint in endpoints]
    ready = asyncio.Event()
    preparation = _preparation(parts, endpoints)
    identity = TopicIdentity(parts.admin, settings.topics.events, served)
    health = Health(served, preparation, parts.pulse, identity, parts.clock)
    running = asyncio.create_task(_run(parts, served, preparation, health, identity=identity, ready=ready))
    stopping = asyncio.create_task(stop.wait())
    target = CaughtUp(parts.admin, parts.groups, settings.topics.events, [endpoint.group for endpoint in served])
    waiting = asyncio.create_task(_wait_for(target, ready, timeout_s))
    await asyncio.wait((running, stopping, waiting), return_when=asyncio.FIRST_COMPLETED)
    deadline = _closing_deadline(parts, endpoints)
    stopping.cancel()
    finished = waiting.done() and waiting.result()
    waiting.cancel()
    if not finished and not running.done():
        await target.look_once_more()
        finished = not target.owed
        _log_late(target, served, parts.clock)
    failed = await _stop(parts, served, running, deadline)
    return failed or (0 if finished else 1)


async def _wait_for(target: CaughtUp, ready: asyncio.Event, timeout_s: float | None) -> bool:
    try:
        async with asyncio.timeout(timeout_s):
            await ready.wait()
            await target.wait()
    except TimeoutError:
        return False
    return True


def _log_late(target: CaughtUp, served: list[Endpoint], clock: Clock) -> None:
    for endpoint in served:
        if endpoint.group in target.owed:
            _log.error(
                "deliver.not_caught_up",
                endpoint=endpoint.settings.name,
                lag=target.owed[endpoint.group],
                waits_because=reasons_of(facts_of(endpoint, clock.monotonic())) or ["its last commit is not finished"],
            )


def _backlogs(parts: Parts, served: Sequence[Endpoint]) -> Backlogs:
    """The backlogs of all enabled endpoints, and the gauges that ask for them."""
    settings = parts.settings
    enabled = [endpoint.name for endpoint in settings.endpoints if not endpoint.disabled]
    made = Backlogs(
        settings.topics.events,
        {name: group_of(settings.worker.group_prefix, name) for name in enabled},
        served,
        log=parts.admin,
        offsets=parts.groups,
        sources=parts,
        pulse=parts.pulse,
        clock=parts.clock,
    )
    parts.metrics.ask_for_backlogs(made, [endpoint.settings.name for endpoint in served])
    kafka_up("registry_worker_kafka_up", parts.metrics.registry, parts.pulse)
    return made


def _preparation(parts: Parts, endpoints: Sequence[EndpointSettings]) -> Preparation:
    return Preparation(
        parts.admin, parts.groups, parts.protocols, parts.settings, endpoints=endpoints, clock=parts.clock
    )


async def _run(
    parts: Parts,
    served: list[Endpoint],
    preparation: Preparation,
    health: Health,
    *,
    identity: TopicIdentity,
    ready: asyncio.Event,
) -> None:
    partitions = await preparation.run()
    parts.pulse.start()
    for endpoint in served:
        endpoint.start()
    ready.set()
    async with asyncio.TaskGroup() as watches:
        watches.create_task(health.watch())
        watches.create_task(keep_cursors_alive(parts.groups, parts.settings, partitions))
        watches.create_task(identity.watch())
        watches.create_task(guard_retention(served, parts.settings.topics.retention_s, parts.clock))


def _stop_if_failed(task: asyncio.Task[None], stop: asyncio.Event) -> None:
    if task.exception() is not None:
        stop.set()


async def _until_stopped(stop: asyncio.Event, serving: "asyncio.Task[None]") -> None:
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((stopping, serving), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    stop.set()


def _closing_deadline(parts: Parts, endpoints: Sequence[EndpointSettings]) -> Deadline:
    """When all is closed that is closed from now on: each step gets what is left of the time."""
    drain_s = max(parts.settings.worker.drain_of(endpoint) for endpoint in endpoints)
    return Deadline.after(drain_s + CLOSE_GRACE_S, parts.clock)


async def _stop(parts: Parts, served: list[Endpoint], running: "asyncio.Task[None]", deadline: Deadline) -> int:
    running.cancel()
    parts.pulse.stop()
    await asyncio.gather(*(endpoint.close(deadline) for endpoint in served))
    await beside(parts.writer.close, deadline.left_s)
    _log.info("stopped")
    (failure,) = await asyncio.gather(running, return_exceptions=True)
    if isinstance(failure, Exception):
        raise failure
    return 0


def _endpoint(parts: Parts, endpoint: EndpointSettings) -> Endpoint:
    """An endpoint with all it is made of."""
    topics = parts.settings.topics
    group = group_of(parts.settings.worker.group_prefix, endpoint.name)
    metrics = EndpointMetrics(parts.metrics, endpoint.name)
    monitor = Monitor(endpoint.name, metrics, parts.clock)
    burial = Burial(endpoint.name, topic=topics.dead_letters, writer=parts.writer, jitter=random.random)
    made = Endpoint(
        endpoint,
        commits_of(group, topics.events, endpoint),
        _log_of(parts, endpoint, group),
        screening=Screening(Filter(endpoint), parts.schema_ids, unknown_schema=parts.settings.worker.unknown_schema),
        gate=Gate(endpoint, random.random),
        courier=Courier(sender_of(endpoint, parts.clock), burial, monitor),
        monitor=monitor,
        clock=parts.clock,
    )
    _watch(made, metrics)
    return made


def _log_of(parts: Parts, endpoint: EndpointSettings, group: str) -> Succession:
    settings = parts.settings
    consumer = ConsumerSettings(
        {POLL_INTERVAL: str(poll_interval_ms(settings.worker, endpoint)), **parts.kafka},
        client_id=f"{CLIENT_ID}-{endpoint.name}",
        group=group,
        max_record_bytes=max_event_bytes(settings),
        protocols=parts.protocols,
    )
    name, drain_s = endpoint.name, settings.worker.drain_of(endpoint)
    readers = ReaderThreads(Subscription(), consumer, settings.topics.events, name, parts.clock)
    return Succession(readers, name=name, drain_s=drain_s, clock=parts.clock)


def _watch(endpoint: Endpoint, metrics: EndpointMetrics) -> None:
    """Gauges that are asked when somebody looks."""
    metrics.in_flight.set_function(lambda: endpoint.dispatcher.in_flight.requests)
    metrics.limit.set_function(lambda: endpoint.gate.limit.value)
    metrics.partitions.set_function(lambda: len(endpoint.partitions))
    metrics.uncommitted.set_function(lambda: endpoint.repeats_possible)
