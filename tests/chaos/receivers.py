"""The receivers of a run: webhook endpoints that note each request and answer as they are told at that moment."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Self
from zlib import crc32

from broker.ports import LOOPBACK
from tests.chaos.facts import Evidence, Place, Request
from tests.chaos.plan import EndpointPlan, Kind
from tests.chaos.stopwatch import Stopwatch
from tests.kit.connection import Connection
from tests.kit.exchange import Answer, Captured

OK: Final = Answer()
REFUSED: Final = Answer(status=422)
RETRY_AFTER: Final = (("Retry-After", "1"),)
NEVER_S: Final = 600.0


class Receiver:
    """One endpoint's server, on the loop of the run; `mode` is the fault that it has now.

    Args:
        plan: of the endpoint.
        evidence: where it writes what it sees.
        watch: the time of the run.
    """

    def __init__(self, plan: EndpointPlan, evidence: Evidence, watch: Stopwatch) -> None:
        self.mode: Kind | None = None
        self._plan = plan
        self._evidence = evidence
        self._watch = watch
        self._noted: dict[int, Request] = {}
        self._open: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self.delivered: set[str] = set()
        """The ids of the events that were answered 2xx."""

    async def listen(self, port: int) -> Self:
        """Accept connections."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), LOOPBACK, port, backlog=256)
        return self

    async def close(self) -> None:
        """Reset all connections."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._open):
            connection.abort()
        await asyncio.gather(*(connection.lost for connection in list(self._open)))

    # What a connection calls.

    def opened(self, connection: Connection) -> int:
        """Takes a new connection."""
        self._open.add(connection)
        return 0

    def closed(self, connection: Connection) -> None:
        """Forgets a connection."""
        self._open.discard(connection)

    def captured(self, request: Captured) -> Answer:
        """Notes a request and says what to answer."""
        noted = _request(self._plan, request, self._evidence, self._watch.of(request.arrived))
        self._evidence.requests.append(noted)
        self._noted[id(request)] = noted
        if any(is_poison(self._plan, name) for name in noted.ids):
            return REFUSED
        noted.acted = self.mode is Kind.ENDPOINT_ACTS_LATE
        return _answer(self.mode, self._plan)

    def answered(self, request: Captured, status: int) -> None:
        """Notes what was answered."""
        noted = self._noted.pop(id(request))
        noted.status, noted.answered = status, self._watch.now()
        if noted.succeeded:
            noted.acted = True
            self.delivered.update(noted.ids)


def is_poison(plan: EndpointPlan, name: str) -> bool:
    """Whether an endpoint always refuses this event."""
    return plan.poison > 0 and crc32(name.encode()) % plan.poison == 0


def _answer(mode: Kind | None, plan: EndpointPlan) -> Answer:
    usual = replace(OK, delay=plan.delay)
    answers: Mapping[Kind, Answer] = {
        Kind.ENDPOINT_FAILS: Answer(status=500),
        Kind.ENDPOINT_UNAVAILABLE: Answer(status=503),
        Kind.ENDPOINT_THROTTLES: Answer(status=429, headers=RETRY_AFTER),
        Kind.ENDPOINT_DRIPS: Answer(drip=plan.timeout / 20),
        Kind.ENDPOINT_HANGS: Answer(delay=NEVER_S),
        Kind.ENDPOINT_RESETS: Answer(abort=True),
        Kind.ENDPOINT_ACTS_LATE: Answer(delay=plan.timeout + 0.5),
    }
    return usual if mode is None else answers[mode]


def _request(plan: EndpointPlan, captured: Captured, evidence: Evidence, at: float) -> Request:
    events = json.loads(captured.body)["events"]
    ids = tuple(event["id"] for event in events)
    webhook_id = captured.header("webhook-id") or ""
    return Request(
        endpoint=plan.name,
        worker=captured.header("chaos-worker") or "",
        arrived=at,
        ids=ids,
        places=_places(captured.header("registry-event") or ""),
        webhook_id=webhook_id,
        digest=hashlib.sha256(captured.body).digest(),
        odd=_odd(captured.body, events, webhook_id, evidence),
    )


def _places(header: str) -> tuple[Place, ...]:
    """`TOPIC/PARTITION/OFFSET`, several with commas between."""
    parts = (one.split("/") for one in header.replace(" ", "").split(","))
    return tuple((int(partition), int(offset)) for _, partition, offset in parts)


def _odd(body: bytes, events: list[dict[str, Any]], webhook_id: str, evidence: Evidence) -> str:
    """What is wrong with a request by itself (docs/delivery.md); empty if nothing is."""
    sent = [evidence.sent.get(event["id"]) for event in events]
    if any(one is None or one.members != event for one, event in zip(sent, events, strict=True)):
        return "an event is not as it was sent"
    ids = [event["id"] for event in events]
    if len(ids) == 1:
        alone = sent[0].alone if sent[0] is not None else None
        if alone is not None and alone != body:
            return "the bytes are not those of the registry"
        return "" if webhook_id == ids[0] else f"webhook-id {webhook_id}"
    expected = "batch_" + hashlib.sha256("\n".join(ids).encode()).hexdigest()[:32]
    return "" if webhook_id == expected else f"webhook-id {webhook_id} of a batch"
