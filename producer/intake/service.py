"""`registry-bridge serve`: where this half is put together, and the order in which it stops."""

import asyncio
from typing import Final

import structlog

from producer.intake.intake import Intake
from producer.intake.metrics import BridgeMetrics
from producer.intake.outages import Outages
from producer.intake.schema_routes import schema_routes
from producer.preparation import PreparedLog
from producer.schema_registration import registration_of
from runtime.clock import SystemClock
from runtime.config.settings import Settings
from runtime.deadline import CLOSE_GRACE_S
from runtime.http.asgi import application
from runtime.http.probes import probe_routes
from runtime.http.server import Server
from runtime.kafka.admin import Admin
from runtime.kafka.groups import Groups
from runtime.kafka.pulse import Pulse
from runtime.kafka.topics import max_event_bytes
from runtime.kafka.writer import AcknowledgedWriter
from runtime.metrics import kafka_up, process_metrics
from runtime.side_threads import beside

_log: Final = structlog.get_logger(__name__)

CLIENT_ID: Final = "registry-bridge"


async def serve(settings: Settings, stop: asyncio.Event) -> int:
    """Run the intake until `stop` is set; then answer what is in flight and close the writer. The exit status.

    Raises:
        SchemaRefusedError: the schema registry will not take our schema.
    """
    clock = SystemClock()
    kafka = settings.kafka.revealed()
    topic = settings.topics.events
    registration = registration_of(settings.schema_registry, topic, clock, program=CLIENT_ID)
    writer = AcknowledgedWriter(kafka, client_id=CLIENT_ID, max_record_bytes=max_event_bytes(settings), clock=clock)
    admin, groups = Admin(kafka, client_id=CLIENT_ID), Groups(kafka, client_id=CLIENT_ID)
    prepared = PreparedLog(admin, groups, settings, registration=registration, writer=writer, clock=clock)
    metrics = BridgeMetrics(process_metrics("registry_bridge"))
    intake = Intake(settings.intake, topic=topic, events=prepared, metrics=metrics, clock=clock)
    routes = [intake.route(), *probe_routes(prepared, metrics.registry)]
    app = application([*routes, *schema_routes(topic, registration)], intake)
    server = Server(app, settings.intake.listen, drain_s=settings.worker.drain_s, observer=intake)
    pulse = Pulse(admin, settings.topics.events, clock, Outages(writer))
    kafka_up("registry_bridge_kafka_up", metrics.registry, pulse)
    pulse.start()
    preparing = asyncio.create_task(prepared.run())
    preparing.add_done_callback(lambda task: stop.set() if _failed(task) else None)
    try:
        await server.serve(stop)
    finally:
        preparing.cancel()
        pulse.stop()
        await beside(writer.close, CLOSE_GRACE_S)
    _log.info("stopped")
    if _failed(preparing):
        await preparing
    return 0


def _failed(task: "asyncio.Task[None]") -> bool:
    return task.done() and not task.cancelled() and task.exception() is not None
