"""The probes of a parent: `/livez`, `/readyz` and `/metrics` of all its children."""

import json
from typing import Final

from runtime.http.asgi import Request, Response, Route
from runtime.http.exposition import exposition
from runtime.http.probes import readiness
from runtime.processes.pages import ChildAnswer, ChildPages
from runtime.processes.parent_metrics import FamilyMetrics

_ALIVE: Final = Response.json(200, {"status": "alive"})


def family_probes(pages: ChildPages, metrics: FamilyMetrics) -> list[Route]:
    """Liveness (every child that listens answers), readiness (every child is ready), and the merged metrics."""

    async def livez(_: Request) -> Response:
        silent = [one.named_trouble for one in await pages.ask("/livez") if one.is_silent]
        return Response.json(503, {"status": "not alive", "reasons": silent}) if silent else _ALIVE

    async def readyz(_: Request) -> Response:
        return readiness([reason for one in await pages.ask("/readyz") for reason in _reasons(one)])

    async def metrics_page(request: Request) -> Response:
        return exposition(await metrics.families(), request.header(b"accept"))

    return [Route.get("/livez", livez), Route.get("/readyz", readyz), Route.get("/metrics", metrics_page)]


def _reasons(one: ChildAnswer) -> list[str]:
    """Why this child is not ready, each sentence with its name."""
    if one.answer is None:
        return [one.named_trouble]
    return [f"process {one.number}: {reason}" for reason in json.loads(one.answer.body).get("reasons", [])]
