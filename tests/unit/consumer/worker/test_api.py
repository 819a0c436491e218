"""The worker's OpenAPI document and its routes say the same: paths, methods, statuses, headers, bodies."""

import ast
import asyncio
import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any, Final

import pytest
from msgspec import to_builtins
from prometheus_client import CollectorRegistry, Metric
from structlog.testing import capture_logs

from consumer.attempts.found import FoundAttempts
from consumer.attempts.question import AttemptQuestion
from consumer.delivery.policy.outcome import Outcome
from consumer.delivery.webhook.exchange import WebhookExchange
from consumer.endpoint.live_status import LiveStatus
from consumer.worker import processes, service
from consumer.worker.act_routes import ActRequest
from consumer.worker.difference_route import difference_route
from consumer.worker.page.facts import WorkerFacts
from consumer.worker.page.live import LivePages
from consumer.worker.page.routes import FACTS, facts_route, live_routes
from consumer.worker.page.settings import page_settings
from consumer.worker.pages import page_routes
from consumer.worker.routes import worker_routes
from runtime.config import Address, EndpointSettings, KafkaSettings, Secret, Settings
from runtime.config.difference import SHORTEST_SALT, compared
from runtime.http.act_guard import ActGuard
from runtime.http.asgi import Application, Request, Response, Route, application
from runtime.http.probes import probe_routes
from runtime.kafka.errors import KafkaUnavailableError
from runtime.pauses import Pause
from runtime.processes.pages import ChildAnswer, ChildPages
from runtime.processes.parent_metrics import FamilyMetrics
from runtime.processes.probes import family_probes
from tests.kit.api_conformance import Ask, Conformance, answered
from tests.kit.page_facts import some_facts
from tests.kit.still_clock import StillClock

TOKEN: Final = "Bearer right"
SETTINGS: Final = Settings(kafka=KafkaSettings(bootstrap_servers="kafka:9092"))
JSON: Final = {"content-type": "application/json", "host": "127.0.0.1:5051"}
PAUSED: Final = Pause(1_767_323_045_000, "their release").as_json()
STATUS: Final = LiveStatus(
    endpoint="ci",
    url="https://ci.example.com/",
    partitions=[0],
    lag=7,
    oldest_age_s=1.5,
    in_flight=1,
    limit=64,
    breaker="open",
    waits_because=["breaker open"],
    group="registry-worker.ci",
    cursors=[{"partition": 0, "offset": 5, "metadata": ""}],
    paused=PAUSED,
    members=["m"],
)
EXCHANGE: Final = WebhookExchange(
    endpoint="ci",
    url="https://ci.example.com/",
    proxy="",
    request_line="POST / HTTP/1.1",
    request_headers=[("host", "ci.example.com")],
    body="{}",
    status=None,
    answer_headers=[],
    answer_text="",
    outcome=Outcome.UNAVAILABLE,
    said="timeout: no answer",
    head_s=None,
    total_s=1.0,
)
OTHER: Final = compared(
    replace(SETTINGS, endpoints=(EndpointSettings(name="ci", url="https://b/"), EndpointSettings(name="new", url="x"))),
    b"x" * SHORTEST_SALT,
)
UNKNOWN: Final = replace(STATUS, lag=None, oldest_age_s=None, breaker=None, paused=None)


class Worker:
    """A view of two endpoints, and what acts on them."""

    endpoints: Final = [EndpointSettings(name="ci", url="https://ci.example.com/", headers=(("a", Secret("b")),))]

    def __init__(self, *reasons: str, is_away: bool = False) -> None:
        self._reasons = list(reasons)
        self._is_away = is_away

    async def reasons(self) -> list[str]:
        """Why it is not ready."""
        return self._reasons

    async def statuses(self) -> list[LiveStatus]:
        """One that is known, and one of which little is."""
        return [STATUS, UNKNOWN]

    async def attempts(self, question: AttemptQuestion) -> FoundAttempts:
        """None."""
        return FoundAttempts(unknown_because=[question.query])

    async def counted(self) -> Sequence[Metric]:
        """Nothing."""
        return []

    async def look(self) -> WorkerFacts:
        """What the page shows."""
        return some_facts()

    async def act(self, asked: ActRequest) -> tuple[int, Mapping[str, Any]]:
        """Everything but what is nowhere."""
        if self._is_away:
            raise KafkaUnavailableError("no answer")
        if asked.endpoint != "ci":
            return 404, {"error": "no endpoint is named so"}
        done = {"endpoint": "ci", "members": ["m"], "changed": True}
        if asked.act == "test":
            return 200, to_builtins(EXCHANGE)
        if asked.act == "pause":
            return 200, {**done, "paused": PAUSED, "in_flight": 1}
        return 200, {**done, "paused": None, "tries": False, "failed": {"process 2": "x"}}


class InForce:
    """The settings of this worker."""

    settings: Final = replace(SETTINGS, endpoints=tuple(Worker.endpoints))


class Silent(ChildPages):
    """A process that does not answer."""

    async def put(self, path: str) -> list[ChildAnswer]:
        """Why not."""
        return [ChildAnswer(1, 1, trouble=f"no {path}", is_silent=True)]


def routes_of(worker: Worker, *, listen: str = "127.0.0.1", token: str = "") -> list[Route]:
    """All routes of this worker."""
    tokens = (Secret(token),) if token else ()
    guard = ActGuard(Address(listen, 5051), tokens, is_open=False, key="worker.authorization")
    shown = [*probe_routes(worker, CollectorRegistry()), *pages_of(worker), difference_route(guard, InForce(), ())]
    return worker_routes(SETTINGS, shown, guard, worker, private=[facts_route(worker)])


def pages_of(worker: Worker) -> list[Route]:
    """The pages of this worker."""
    clock = StillClock()
    live = LivePages(worker, clock, asyncio.Event())
    return [*page_routes(worker), *live_routes(live, worker, page_settings(SETTINGS), clock)]


def acts_and_documents() -> list[Route]:
    """What is the same with several processes."""
    return worker_routes(SETTINGS, [difference_route(None, InForce(), ())], None, Worker())


def app_of(worker: Worker, *, listen: str = "127.0.0.1", token: str = "") -> Application:
    """A worker's address."""
    return application(routes_of(worker, listen=listen, token=token))


def said() -> Conformance:
    """The document that it serves."""
    return Conformance(json.loads(answered(app_of(Worker()), Ask("GET", "/openapi.json")).body))


def broken(routes: list[Route]) -> Application:
    """An application whose every route has a fault of ours."""

    async def fault(_: Request) -> Response:
        raise ZeroDivisionError

    return application([replace(route, respond=fault) for route in routes])


def test_each_route_is_in_the_document() -> None:
    """And nothing else, with one process or several; it is OpenAPI by the validator of its makers."""
    found = said()
    assert found.is_valid()
    assert found.differences(routes_of(Worker())) == []
    children = Silent([])
    probes = family_probes(children, FamilyMetrics("registry_worker", [], children, {}))
    assert found.differences([*probes, *pages_of(Worker()), *acts_and_documents()]) == []


def test_what_is_private_is_not_at_the_address() -> None:
    """Only at the socket of one of several processes, which has no guard."""
    ours = worker_routes(SETTINGS, [], None, Worker(), private=[facts_route(Worker())])
    assert [route for route in ours if route.matches(FACTS)]
    assert not [route for route in routes_of(Worker()) if route.matches(FACTS)]


GETS: Final = [
    *(("/attempts", query, 200) for query in ("", "endpoint=ci&failed=true&limit=5&after=1.5&id=x", "endpoint=z")),
    ("/attempts", "limit=0", 400),
    *((path, "", 200) for path in ("/", "/status", "/debug/vars", "/livez", "/readyz", "/metrics")),
    *((path, "", 200) for path in ("/openapi.json", "/asyncapi.json")),
]
ACTS: Final[list[tuple[Application, str, bytes, Mapping[str, str], int]]] = [
    (app_of(Worker()), "ci", b'{"reason": "x"}', JSON, 200),
    (app_of(Worker()), "ci", b"[]", JSON, 400),
    (app_of(Worker(), token=TOKEN), "ci", b"", JSON, 401),
    (app_of(Worker()), "ci", b"", {**JSON, "host": "evil.example"}, 403),
    (app_of(Worker(), listen="0.0.0.0"), "ci", b"", JSON, 403),
    (app_of(Worker()), "other", b"", JSON, 404),
    (app_of(Worker()), "ci", b"", {"host": "127.0.0.1"}, 415),
    (app_of(Worker(is_away=True)), "ci", b"", JSON, 503),
]


def test_each_answer_is_as_the_document_says() -> None:
    """Of every operation each status, with its headers and its body; the document says no status that never comes."""
    found = said()
    for path, query, status in GETS:
        answer = answered(app_of(Worker()), Ask("GET", path, query=query))
        assert answer.status == status
        found.saw(path, "GET", answer)
    found.saw("/live/{version}", "GET", answered(app_of(Worker()), Ask("HEAD", "/live/0.0")))
    for name, status in (("ci", 200), ("other", 404)):
        answer = answered(app_of(Worker()), Ask("GET", f"/attempt-rows/{name}"))
        assert answer.status == status
        found.saw("/attempt-rows/{endpoint}", "GET", answer)
    found.saw("/readyz", "GET", answered(app_of(Worker("no Kafka")), Ask("GET", "/readyz")))
    for app, endpoint, body, head, status in ACTS:
        for act in ("pause", "resume", "test"):
            with capture_logs():
                answer = answered(app, Ask("POST", f"/endpoints/{endpoint}/{act}", [body], head))
            assert answer.status == status
            found.saw(f"/endpoints/{{endpoint}}/{act}", "POST", answer)
    for app, _, body, head, status in ACTS:
        if status not in {404, 503}:
            sent = json.dumps(to_builtins(OTHER)).encode() if status == 200 else body
            answer = answered(app, Ask("POST", "/configuration/difference", [sent], head))
            assert answer.status == status
            found.saw("/configuration/difference", "POST", answer)
    children = Silent([])
    probes = application(family_probes(children, FamilyMetrics("registry_worker", [], children, {})))
    found.saw("/livez", "GET", answered(probes, Ask("GET", "/livez")))
    for template, item in found.document["paths"].items():
        for method in item:
            path = template.replace("{endpoint}", "ci")
            with capture_logs():
                found.saw(template, method, answered(broken(routes_of(Worker())), Ask(method.upper(), path)))
    assert found.unseen() == []


def test_every_page_may_do_only_what_it_must() -> None:
    """No type is guessed, no page of others frames it or is told where somebody came from; scripts only by hash."""
    for path, query, _ in GETS:
        headers = answered(app_of(Worker()), Ask("GET", path, query=query)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
        assert not [source for source in ("unsafe", "*", "http:", "https:") if source in str(policy)]


@pytest.mark.parametrize("module", [service, processes])
def test_nobody_serves_other_routes(module: ModuleType) -> None:
    """What is served is what this test looks at."""
    tree = ast.parse(inspect.getsource(module))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert [ast.unparse(one.args[0]) for one in calls if ast.unparse(one.func) == "application"] == ["routes"]
    named = [
        node for node in ast.walk(tree) if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "routes"
    ]
    assert [ast.unparse(one.value).partition("(")[0] for one in named] == ["worker_routes"]
