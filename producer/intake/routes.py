"""All routes of an intake's address: each is in the document that it serves."""

from prometheus_client import CollectorRegistry

from producer.intake.api import intake_api
from producer.intake.schema_routes import schema_routes
from producer.schema_registration import Registration
from producer.spool.readiness import SpoolReadiness
from runtime.asyncapi import asyncapi
from runtime.config import Settings
from runtime.http.api_routes import api_routes
from runtime.http.asgi import Request, Response, Route
from runtime.http.probes import ReadinessProbe, probe_routes
from runtime.spool_status import PATH as SPOOL_PATH


def event_routes(settings: Settings, posts: Route, registration: Registration) -> list[Route]:
    """For registries and readers of the topic: any process of an intake answers them alike."""
    documents = api_routes(intake_api(settings.intake.path), asyncapi(settings))
    topics = settings.topics
    schemas = schema_routes(topics.events, registration, attempts=settings.worker.attempts, tags=topics.tags)
    return [posts, *schemas, *documents]


def own_routes(prepared: ReadinessProbe, spool: SpoolReadiness | None, metrics: CollectorRegistry) -> list[Route]:
    """About this process: probes, metrics, and what the spool holds."""

    async def spool_status(_: Request) -> Response:
        return Response.json(200, spool.status() if spool else None)

    probes = probe_routes(spool, metrics, spool) if spool else probe_routes(prepared, metrics)
    return [*probes, Route.get(SPOOL_PATH, spool_status)]
