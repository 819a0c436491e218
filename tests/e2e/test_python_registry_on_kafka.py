"""The example registry on the Kafka sink: what skopeo does there is in the log, and at an endpoint in 3.1's bytes."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broker import LocalKafka
from examples.python_registry import app
from producer import KafkaSink
from schemas.avro import decode
from schemas.wire import envelope_json
from tests.kit import Layout, Process, Receiver, RegistryClient
from tests.kit.asgi_server import ASGIServer
from tests.kit.log import read_all
from tests.kit.registry import skopeo_copy

pytestmark = [pytest.mark.kafka, pytest.mark.registry]

V2 = "application/vnd.docker.distribution.events.v2+json"


@pytest.fixture
def config(kafka: LocalKafka, topic: str, receiver: Receiver) -> dict[str, Any]:
    """A configuration with one endpoint, which begins at the beginning."""
    return {
        "kafka": {"bootstrap.servers": kafka.bootstrap},
        "topics": {"events": topic, "dead_letters": f"{topic}.dead", "partitions": 3},
        "worker": {"group_prefix": topic},
        "endpoints": [{"name": "receiver", "url": f"{receiver.url}/hook", "start": "beginning", "timeout": "60s"}],
    }


@pytest.fixture
def example(kafka: LocalKafka, topic: str, config: dict[str, Any], tmp_path: Path) -> Iterator[RegistryClient]:
    """The example, its events going to Kafka under a label."""
    (tmp_path / "init").mkdir()
    with Process("producer.cli", "init", folder=tmp_path / "init", config=config) as init:
        assert init.wait() == 0
    sink = KafkaSink({"bootstrap.servers": kafka.bootstrap}, topic, registry="python", timeout=60.0)
    with ASGIServer(app(sink)) as server:
        yield RegistryClient(server.address)
    sink.close()


def test_events_are_in_the_log_and_at_the_endpoint(  # noqa: PLR0917 - fixtures, passed by name
    kafka: LocalKafka,
    topic: str,
    config: dict[str, Any],
    receiver: Receiver,
    example: RegistryClient,
    tmp_path: Path,
) -> None:
    """Push, pull and delete: every event is in Kafka once, labelled, and arrives as registry 3.1 would send it."""
    layout = Layout(tmp_path / "layout")
    layout.image("v1", layers=[b"one", b"two"])
    skopeo_copy(layout.source("v1"), f"docker://{example.address}/library/app:v1")
    skopeo_copy(f"docker://{example.address}/library/app:v1", f"oci:{tmp_path}/back:v1")
    digest = example.request("HEAD", "/v2/library/app/manifests/v1").headers["docker-content-digest"]
    assert example.request("DELETE", f"/v2/library/app/manifests/{digest}").status == 202
    events = [decode(stored.value, None) for stored in read_all(kafka.bootstrap, topic)]
    assert [("delete", digest, ""), ("delete", "", "v1")] == [
        (event.action, event.target.digest, event.target.tag) for event in events[-2:]
    ]
    assert {("python", "", V2)} == {(event.registry, event.original, event.content_type) for event in events}
    assert {socket.gethostname()} == {event.source.addr for event in events}
    worker = tmp_path / "worker"
    worker.mkdir()
    with Process("consumer.cli", "deliver", "--until-caught-up", folder=worker, config=config) as run:
        assert run.wait() == 0
    assert [envelope_json([event]) for event in events] == receiver.bodies()
    assert {"python"} == {request.header("registry-name") for request in receiver.requests}
    assert [event.id for event in events] == [json.loads(body)["events"][0]["id"] for body in receiver.bodies()]
