"""The routes that every process has: `/livez`, `/readyz`, `/metrics`."""

from typing import Protocol

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from runtime.http.asgi import Request, Response, Route


class ReadinessProbe(Protocol):
    """Judges whether the process does its work."""

    async def reasons(self) -> list[str]:
        """Why it is not ready, a sentence each; empty when it is."""
        ...


def probe_routes(probe: ReadinessProbe, metrics: CollectorRegistry) -> list[Route]:
    """Liveness (the event loop turns), readiness (with reasons) and Prometheus metrics."""

    async def livez(_: Request) -> Response:
        return Response.json(200, {"status": "alive"})

    async def readyz(_: Request) -> Response:
        reasons = await probe.reasons()
        return Response.json(503, {"status": "not ready", "reasons": reasons}) if reasons else _READY

    async def exposition(_: Request) -> Response:
        return Response(200, generate_latest(metrics), content_type=CONTENT_TYPE_LATEST)

    return [Route.get("/livez", livez), Route.get("/readyz", readyz), Route.get("/metrics", exposition)]


_READY = Response.json(200, {"status": "ready"})
