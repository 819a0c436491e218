"""The intake's OpenAPI document and its routes say the same: paths, methods, statuses, headers, bodies."""

import json
from dataclasses import replace
from typing import Any, Final

from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from producer.intake.acceptance import Acceptance
from producer.intake.body_budget import BodyTooSlowError
from producer.intake.intake import Intake
from producer.intake.metrics import BridgeMetrics
from producer.intake.routes import event_routes, own_routes
from producer.schema_registration import registration_of
from runtime.config import KafkaSettings, Secret, Settings
from runtime.config.settings import IntakeSettings
from runtime.http.asgi import Application, Request, Response, Route, application
from schemas.catalog import CATALOG
from tests.kit.api_conformance import Ask, Conformance, HttpAnswer, answered
from tests.kit.still_clock import StillClock
from tests.unit.producer.intake.test_acceptance import Log

TOKEN: Final = "Bearer right"
INTAKE: Final = IntakeSettings(path="/hooks", authorization=(Secret(TOKEN),), max_body_bytes=65536)
SETTINGS: Final = Settings(kafka=KafkaSettings(bootstrap_servers="kafka:9092"), intake=INTAKE)
HEAD: Final = {"authorization": TOKEN, "content-type": "application/json"}
BODY: Final = b'{"events": [{"action": "push"}]}'
SUBJECT: Final = "/subjects/registry.events-value/versions"


class Prepared:
    """A log that is ready, or not."""

    def __init__(self, *reasons: str) -> None:
        self._reasons = list(reasons)

    async def reasons(self) -> list[str]:
        """Why not."""
        return self._reasons


def routes_of(log: Log, *reasons: str) -> tuple[list[Route], Intake]:
    """All routes of an intake over this log."""
    metrics = BridgeMetrics(CollectorRegistry())
    intake = Intake(INTAKE, Acceptance("registry.events", log, metrics, StillClock()), metrics, StillClock())
    registration = registration_of(None, "registry.events", StillClock(), program="tests")
    own = own_routes(Prepared(*reasons), None, metrics.registry)
    return [*event_routes(SETTINGS, intake.route(), registration), *own], intake


def app_of(log: Log, *reasons: str) -> Application:
    """An intake over this log."""
    routes, intake = routes_of(log, *reasons)
    return application(routes, intake)


def document(app: Application) -> dict[str, Any]:
    """What the intake serves."""
    found: dict[str, Any] = json.loads(answered(app, Ask("GET", "/openapi.json")).body)
    return found


def broken(routes: list[Route]) -> Application:
    """An application whose every route has a fault of ours."""

    async def fault(_: Request) -> Response:
        raise ZeroDivisionError

    return application([replace(route, respond=fault) for route in routes])


def test_each_route_is_in_the_document() -> None:
    """And nothing else; it is OpenAPI by the validator of its makers."""
    routes, _ = routes_of(Log())
    said = Conformance(document(app_of(Log())))
    assert said.is_valid()
    assert said.differences(routes) == []


def test_a_route_without_a_word_in_the_document_is_found() -> None:
    """A new path, a new method, and a route that names no path; a path that nobody answers."""

    async def nothing(_: Request) -> Response:
        return Response(200)

    routes, _ = routes_of(Log())
    said = Conformance(document(app_of(Log())))
    new = [Route.get("/new", nothing), Route(("DELETE",), "/spool".__eq__, nothing, ("/spool",))]
    unnamed = Route(("GET",), "/x".__eq__, nothing)
    assert said.differences([*routes, *new, unnamed]) == [
        "DELETE /spool",
        "GET /new",
        "GET a route without templates",
    ]
    assert "GET /livez" in said.differences([route for route in routes if "/livez" not in route.templates])


OF_SEVERAL_PROCESSES: Final = ["GET /livez 503", "GET /metrics 503", "GET /spool 503"]
"""Statuses that `tests/integration/test_api_documents.py` sees: there a process asks another one."""
POSTS: Final[list[tuple[Log, tuple[bytes | Exception, ...], dict[str, str], int]]] = [
    (Log(), (BODY,), {}, 200),
    (Log(), (b"[]",), {}, 400),
    (Log(), (b'{"events": [7]}',), {}, 400),
    (Log(), (BODY,), {"authorization": "Bearer wrong"}, 401),
    (Log(), (BODY[:9], BodyTooSlowError()), {}, 408),
    (Log(), (b"x" * 65537,), {}, 413),
    (Log(), (BODY,), {"content-length": "65537"}, 413),
    (Log(), (BODY,), {"content-type": "text/plain"}, 415),
    (Log(), (BODY,), {"content-encoding": "gzip"}, 415),
    (Log(takes=0), (BODY,), {}, 503),
]
CONTENT: Final = "/apis/registry/v2/ids/contentIds/{id}"
GETS: Final = [
    ("/schemas/ids/{id}", f"/schemas/ids/{CATALOG.latest.id}", 200),
    ("/schemas/ids/{id}", "/schemas/ids/1", 404),
    ("/schemas/ids/{id}/schema", f"/schemas/ids/{CATALOG.latest.id}/schema", 200),
    ("/schemas/ids/{id}/schema", "/schemas/ids/1/schema", 404),
    (CONTENT, CONTENT.format(id=CATALOG.latest.id), 200),
    (CONTENT, CONTENT.format(id=1), 404),
    (f"{CONTENT}/references", f"{CONTENT}/references".format(id=CATALOG.latest.id), 200),
    (f"{CONTENT}/references", f"{CONTENT}/references".format(id=1), 404),
    ("/subjects", "/subjects", 200),
    ("/subjects/{subject}/versions", SUBJECT, 200),
    ("/subjects/{subject}/versions", "/subjects/other/versions", 404),
    ("/subjects/{subject}/versions/{version}", f"{SUBJECT}/latest", 200),
    ("/subjects/{subject}/versions/{version}", f"{SUBJECT}/99", 404),
    ("/subjects/{subject}/versions/{version}", f"{SUBJECT}/x", 422),
    ("/subjects/{subject}/versions/{version}/schema", f"{SUBJECT}/1/schema", 200),
    ("/subjects/{subject}/versions/{version}/schema", f"{SUBJECT}/99/schema", 404),
    ("/subjects/{subject}/versions/{version}/schema", f"{SUBJECT}/x/schema", 422),
    *((path, path, 200) for path in ("/livez", "/readyz", "/metrics", "/spool", "/openapi.json", "/asyncapi.json")),
]


def test_each_answer_is_as_the_document_says() -> None:
    """Of every operation each status, with its headers and its body; the document says no status that never comes."""
    routes, _ = routes_of(Log())
    said = Conformance(document(app_of(Log())))
    for log, pieces, head, status in POSTS:
        for template, path in (("/hooks", "/hooks"), ("/hooks/{registry}", "/hooks/eu")):
            with capture_logs():
                answer = answered(app_of(log), Ask("POST", path, pieces, {**HEAD, **head}))
            assert answer.status == status
            said.saw(template, "POST", answer)
    for template, path, status in GETS:
        answer = answered(app_of(Log()), Ask("GET", path))
        assert answer.status == status
        said.saw(template, "GET", answer)
    said.saw("/readyz", "GET", answered(app_of(Log(), "Kafka does not answer"), Ask("GET", "/readyz")))
    for template, item in said.document["paths"].items():
        for method in item:
            path = template.replace("{registry}", "eu").replace("{id}", "1").replace("{", "").replace("}", "")
            with capture_logs():
                said.saw(template, method, answered(broken(routes), Ask(method.upper(), path)))
    assert said.unseen() == OF_SEVERAL_PROCESSES


def test_what_is_not_there() -> None:
    """404 and 405 are said once, for all paths."""
    app = app_of(Log())
    found: HttpAnswer = answered(app, Ask("GET", "/nothing"))
    assert (found.status, found.headers["x-frame-options"]) == (404, "DENY")
    wrong = answered(app, Ask("GET", "/hooks"))
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")


def test_a_head_has_no_body() -> None:
    """But its length."""
    app = app_of(Log())
    bare, whole = answered(app, Ask("HEAD", "/openapi.json")), answered(app, Ask("GET", "/openapi.json"))
    assert (bare.body, bare.headers) == (b"", whole.headers)
