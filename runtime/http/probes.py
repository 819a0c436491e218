"""The routes that every process has: `/livez`, `/readyz`, `/metrics`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from prometheus_client import CollectorRegistry

from runtime.http.asgi import Request, Response, Route
from runtime.http.exposition import exposition


class ReadinessProbe(Protocol):
    """Judges whether the process does its work."""

    async def reasons(self) -> list[str]:
        """Why it is not ready, a sentence each; empty when it is."""
        ...


class ReadinessFacts(Protocol):
    """Says more than whether a process is ready."""

    def facts(self) -> Mapping[str, str]:
        """Members for the answer, beside its status and reasons."""


class _NoFacts:
    def facts(self) -> Mapping[str, str]:
        return {}


_NO_FACTS: Final = _NoFacts()
_READY: Final[Mapping[str, Any]] = {"status": "ready"}


def probe_routes(probe: ReadinessProbe, metrics: CollectorRegistry, facts: ReadinessFacts = _NO_FACTS) -> list[Route]:
    """Liveness (the event loop turns), readiness (with reasons and facts) and Prometheus metrics."""

    async def livez(_: Request) -> Response:
        return Response.json(200, {"status": "alive"})

    async def readyz(_: Request) -> Response:
        return readiness(await probe.reasons(), facts)

    async def page(request: Request) -> Response:
        return exposition(metrics.collect(), request.header(b"accept"))

    return [Route.get("/livez", livez), Route.get("/readyz", readyz), Route.get("/metrics", page)]


def readiness(reasons: Sequence[str], facts: ReadinessFacts = _NO_FACTS) -> Response:
    """200 without a reason, else 503 with all of them."""
    status, answer = (503, {"status": "not ready", "reasons": reasons}) if reasons else (200, _READY)
    return Response.json(status, {**answer, **facts.facts()})
