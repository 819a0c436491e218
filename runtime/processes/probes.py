"""The probes of a parent: `/livez`, `/readyz` and `/metrics` of all its children."""

from typing import Final

import msgspec

from runtime.http.asgi import Request, Response, Route
from runtime.http.exposition import exposition
from runtime.http.local_exchange import LocalAnswer
from runtime.http.probes import readiness
from runtime.processes.pages import ChildAnswer, ChildPages
from runtime.processes.parent_metrics import FamilyMetrics

_ALIVE: Final = Response.json(200, {"status": "alive"})


class _Unready(msgspec.Struct):
    """What a child answers that is not ready."""

    reasons: list[str]


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
    return [f"process {one.number}: {reason}" for reason in _told(one.answer)]


def _told(answer: LocalAnswer) -> list[str]:
    if answer.status == 200:
        return []
    unexplained = [f"/readyz answered {answer.status}"]
    try:
        return msgspec.json.decode(answer.body, type=_Unready).reasons or unexplained
    except msgspec.DecodeError:  # of another kind: from a fault in the child, for one
        return unexplained
