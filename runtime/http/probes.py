"""The routes that every process has: `/livez`, `/readyz`, `/metrics`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from runtime.http.asgi import Request, Response, Route


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

    async def page(_: Request) -> Response:
        return exposition(metrics.collect())

    return [Route.get("/livez", livez), Route.get("/readyz", readyz), Route.get("/metrics", page)]


def readiness(reasons: Sequence[str], facts: ReadinessFacts = _NO_FACTS) -> Response:
    """200 without a reason, else 503 with all of them."""
    status, answer = (503, {"status": "not ready", "reasons": reasons}) if reasons else (200, _READY)
    return Response.json(status, {**answer, **facts.facts()})


def exposition(families: Iterable[Metric]) -> Response:
    """Metrics as Prometheus reads them."""
    return Response(200, generate_latest(_Collected(families)), content_type=CONTENT_TYPE_LATEST)


class _Collected(Collector):
    """Families that were collected already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families
