"""What the intake answers as soon as it has the head of a POST."""

import asyncio
import hmac
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from producer.intake.acceptance import Acceptance
from producer.intake.intake import Intake
from producer.intake.metrics import BridgeMetrics
from runtime.config import Secret
from runtime.config.settings import IntakeSettings
from runtime.config.source_settings import HMACSettings, SourceSettings
from runtime.http.asgi import Request, Response
from schemas.event import MEDIA_TYPE_V2
from tests.kit.still_clock import StillClock
from tests.unit.producer.intake.test_acceptance import Log

TOKEN = "Bearer right"
SETTINGS = IntakeSettings(authorization=(Secret(TOKEN),), max_body_bytes=65536)
HEAD = {"authorization": TOKEN, "content-type": MEDIA_TYPE_V2, "content-length": "10"}


async def unread() -> Any:
    """The body, which is not to be asked for."""
    raise AssertionError("the body was asked for")


async def _of(response: Awaitable[Response]) -> Response:
    return await response


def answered(
    head: dict[str, str], path: str = "/events", settings: IntakeSettings = SETTINGS
) -> tuple[Response, dict[str, Any]]:
    """The answer to a POST whose body never comes, and its log line."""
    metrics = BridgeMetrics(CollectorRegistry())
    intake = Intake(settings, Acceptance("events", Log(), metrics, StillClock()), metrics, StillClock())
    headers = [(name.encode(), value.encode()) for name, value in head.items()]
    request = Request({"method": "POST", "path": path, "headers": headers}, unread)
    with capture_logs() as lines:
        response = asyncio.run(_of(intake.route().respond(request)))
    [line] = lines
    return response, dict(line)


@pytest.mark.parametrize(
    ("head", "status", "reason", "says"),
    [
        ({"authorization": "Bearer wrong"}, 401, "unauthorized", "the Authorization header is not"),
        ({"content-type": "text/plain"}, 415, "content-type", "Content-Type 'text/plain' is not one of"),
        ({"content-encoding": "gzip"}, 415, "content-encoding", "Content-Encoding 'gzip' is not accepted"),
        ({"content-length": "65537"}, 413, "too-large", "larger than intake.max_body (64 KiB)"),
    ],
)
def test_what_the_head_decides_waits_for_no_body(head: dict[str, str], status: int, reason: str, says: str) -> None:
    """The refusal is answered and logged, with the size where that is what is wrong."""
    response, line = answered({**HEAD, **head})
    assert (status, reason) == (response.status, line["reason"])
    assert says in msgspec.json.decode(response.body)["error"]
    assert (65537 if status == 413 else None) == line.get("body_bytes")


@pytest.mark.parametrize(
    ("head", "status", "answer"), [({"content-type": "text/plain"}, 415, "no source is named zott, so"), ({}, 401, "")]
)
def test_a_mistyped_source_is_named(head: dict[str, str], status: int, answer: str) -> None:
    """In the log, with the sources that there are; in the answer only to those that are let in, and without."""
    sources = (SourceSettings(name="zot", format="zot", registry="zot"),)
    sent = {**HEAD, **head} if head else {}
    response, line = answered(sent, "/events/zott", replace(SETTINGS, sources=sources))
    error = msgspec.json.decode(response.body)["error"]
    assert (status, True) == (response.status, "no source is named zott (sources: zot), so an env" in line["error"])
    assert answer in error
    assert "sources" not in error
    assert answer or "source" not in error


@pytest.mark.parametrize(("signed", "status"), [(b"{}", 401), (b'{"action":"ping"}', 200)])
@pytest.mark.parametrize("padding", [0, 300 * 1024])
def test_a_signature_is_of_the_body_as_it_came(signed: bytes, status: int, padding: int) -> None:
    """Nothing of a body that is not signed is read as anything; a large one is checked beside the event loop."""
    body, space = b'{"action":"ping"}', b" " * padding
    secret = HMACSettings(secret=(Secret("s"),), header="x-signature")
    source = SourceSettings(name="acr", format="acr", registry="acr", hmac=secret)
    metrics = BridgeMetrics(CollectorRegistry())
    settings = IntakeSettings(sources=(source,))
    intake = Intake(settings, Acceptance("events", Log(), metrics, StillClock()), metrics, StillClock())
    signature = hmac.digest(b"s", space + signed, "sha256").hex().encode()
    headers = [(b"content-type", b"application/json"), (b"x-signature", signature)]

    async def sent() -> Any:
        return {"type": "http.request", "body": space + body}

    request = Request({"method": "POST", "path": "/events/acr", "headers": headers}, sent)
    with capture_logs():
        response = asyncio.run(_of(intake.route().respond(request)))
    assert response.status == status
    counted = {"source": "acr", "kind": "ping"}
    assert metrics.registry.get_sample_value("registry_bridge_source_events_total", counted) == (status == 200)
