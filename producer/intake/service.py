"""`registry-bridge serve`: where this half is put together, and the order in which it stops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog
from prometheus_client import CollectorRegistry

from producer.intake.acceptance import Acceptance
from producer.intake.doors import Doors
from producer.intake.duties import Duties
from producer.intake.intake import Intake
from producer.intake.metrics import BridgeMetrics
from producer.intake.outages import Outages, meanwhile
from producer.intake.reload import IntakeReload
from producer.intake.routes import event_routes, own_routes
from producer.intake.tracing import IntakeTracing
from producer.preparation import PreparedLog
from producer.schema_registration import registration_of
from producer.spool.spool import Spool
from runtime.clock import Clock, SystemClock
from runtime.config.settings import Settings
from runtime.deadline import CLOSE_GRACE_S, StopDeadline
from runtime.kafka.admin import Admin
from runtime.kafka.groups import Groups
from runtime.kafka.pulse import Pulse
from runtime.kafka.topics import max_event_bytes
from runtime.kafka.writer import STRAIGHT_LIMIT_S, WRITE_LIMIT_S, AcknowledgedWriter
from runtime.metrics import kafka_up, process_metrics
from runtime.reloading.reloadable import ReloadSource
from runtime.side_threads import beside

_log: Final = structlog.get_logger(__name__)

CLIENT_ID: Final = "registry-bridge"


async def serve(settings: Settings, stop: asyncio.Event, doors: Doors, reloads: ReloadSource) -> int:
    """Run the intake until `stop` is set; then answer what is in flight and close spool and writer. The exit status.

    Raises:
        SchemaRefusedError: the schema registry will not take our schema.
        SpoolError: the spool cannot be used.
    """
    clock, kafka, topic = SystemClock(), settings.kafka.revealed(), settings.topics.events
    tracing = IntakeTracing(settings.tracing, topic, client_id=CLIENT_ID)
    consequence = meanwhile(has_spool=settings.intake.spool is not None)
    registration = registration_of(settings.schema_registry, topic, clock, program=CLIENT_ID)
    writer = AcknowledgedWriter(
        kafka,
        client_id=CLIENT_ID,
        max_record_bytes=max_event_bytes(settings),
        limit_s=WRITE_LIMIT_S if settings.intake.spool is None else STRAIGHT_LIMIT_S,
        meanwhile=consequence,
        clock=clock,
    )
    admin, groups = Admin(kafka, client_id=CLIENT_ID), Groups(kafka, client_id=CLIENT_ID)
    prepared = PreparedLog(admin, groups, settings, registration=registration, writer=writer, clock=clock)
    metrics = BridgeMetrics(process_metrics("registry_bridge"))
    pulse = Pulse(admin, topic, clock, Outages(prepared, meanwhile=consequence))
    kafka_up("registry_bridge_kafka_up", metrics.registry, pulse)
    duties, stopping = Duties(stop), StopDeadline(settings.worker.drain_s + CLOSE_GRACE_S, clock)
    try:
        async with _spool_of(settings, prepared, metrics.registry, clock, stopping) as spool:
            acceptance = Acceptance(topic, tracing.topic(spool.topic if spool else prepared), metrics, clock)
            intake = Intake(settings.intake, acceptance, metrics, clock)
            servers = doors.servers(
                intake,
                event_routes(settings, tracing.route(intake.route()), registration),
                own_routes(prepared, spool.readiness if spool else None, metrics.registry),
                drain_s=settings.worker.drain_s,
            )
            pulse.start()
            for duty in (_begin_with(stop, stopping), intake.run(), prepared.run(), prepared.follow()):
                duties.begin(duty)
            duties.begin(reloads.feed(IntakeReload(settings, intake, prepared, doors.tls), metrics.registry))
            if spool:
                duties.begin(spool.run())
            await asyncio.gather(*(server.serve(stop) for server in servers))
    finally:
        await duties.end()
        pulse.stop()
        await beside(writer.close, stopping.begun().left_s)
        await tracing.close(stopping.begun().left_s)
    _log.info("stopped")
    duties.raise_fault()
    return 0


async def _begin_with(stop: asyncio.Event, stopping: StopDeadline) -> None:
    """Let the deadline begin when the stop is asked for, not when the first step has ended that takes time."""
    await stop.wait()
    stopping.begun()


@asynccontextmanager
async def _spool_of(
    settings: Settings, prepared: PreparedLog, metrics: CollectorRegistry, clock: Clock, stopping: StopDeadline
) -> AsyncIterator[Spool | None]:
    """The open spool, if one is configured."""
    if settings.intake.spool is None:
        yield None
        return
    spool = Spool(
        settings,
        settings.intake.spool,
        prepared,
        client_id=CLIENT_ID,
        metrics=metrics,
        clock=clock,
        stopping=stopping,
    )
    async with spool:
        yield spool
