"""The routes that act: which paths are theirs, and what a body may say."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from consumer.worker.act_routes import ActRequest, act_routes
from runtime.http.asgi import Message, application
from runtime.kafka.errors import KafkaUnavailableError


class Acts:
    """Remembers what was asked, and does it unless Kafka is away."""

    def __init__(self) -> None:
        self.asked: list[ActRequest] = []
        self.is_away = False

    async def act(self, asked: ActRequest) -> tuple[int, Mapping[str, Any]]:
        """One act."""
        if self.is_away:
            raise KafkaUnavailableError("Kafka does not answer")
        self.asked.append(asked)
        return 200, {"endpoint": asked.endpoint}


def answered(acts: Acts, path: str, body: bytes = b"", method: str = "POST") -> tuple[int, Any]:
    """Status and JSON of an answer."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [], "client": ("127.0.0.1", 9)}

    async def run() -> None:
        await application(act_routes(None, acts))(scope, receive, send)

    asyncio.run(run())
    return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.mark.parametrize("name", ["ci", "a/b", "pause", "x/pause", "\u00e9 \u4e2d"])
def test_the_endpoint_of_a_path(name: str) -> None:
    """Any name, with slashes too, and the words of acts; what one process asks another comes back the same."""
    acts = Acts()
    assert (200, {"endpoint": name}) == answered(acts, f"/endpoints/{name}/pause", b'{"reason": "why"}')
    assert (200, {"endpoint": name}) == answered(acts, f"/endpoints/{name}/resume")
    assert [ActRequest("pause", name, "why"), ActRequest("resume", name)] == acts.asked
    assert ActRequest("pause", "a/b").path == "/endpoints/a%2Fb/pause"


@pytest.mark.parametrize("path", ["/endpoints/pause", "/endpoints//pause", "/endpoints/ci", "/endpoints/ci/stop", "/"])
def test_paths_of_nobody(path: str) -> None:
    """There is nothing to act on."""
    assert 404 == answered(Acts(), path)[0]


def test_a_link_does_not_act() -> None:
    """A GET changes nothing."""
    assert 405 == answered(Acts(), "/endpoints/ci/pause", method="GET")[0]


@pytest.mark.parametrize(
    "body",
    [
        b"x",
        b"[]",
        b'"x"',
        b"[" * 4096,
        b'{"reason": 7}',
        b'{"reason": "\\ud800"}',
        b'{"reason": "\xff"}',
        b'{"reason": "' + b"x" * 201 + b'"}',
        b"x" * 9999,
    ],
)
def test_a_body_that_is_none(body: bytes) -> None:
    """It is refused with what is allowed, and nothing is done."""
    acts = Acts()
    status, answer = answered(acts, "/endpoints/ci/pause", body)
    assert (400, []) == (status, acts.asked)
    assert answer["error"].startswith("the body is ")


def test_kafka_is_away() -> None:
    """Nothing is kept, and whoever asked reads why."""
    acts = Acts()
    acts.is_away = True
    assert (503, {"error": "Kafka does not answer"}) == answered(acts, "/endpoints/ci/pause")
