"""Sources at a real intake over a real Kafka: how they prove themselves, what is dropped, counted and told."""

import hmac
import json
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from broker import LocalKafka
from consumer.delivery.webhook.request import WebhookRequest
from consumer.delivery.webhook.signing import Signer
from schemas.avro import decode
from schemas.event import Event
from tests.integration.test_reload import reloaded, write
from tests.kit import eventually
from tests.kit.bridge import NONE, Installation
from tests.kit.notifications import Poster, Reply, envelope, event_json
from tests.kit.paths import FIXTURES
from tests.kit.process import Process
from tests.kit.topics import read
from tests.unit.runtime.test_standard_webhooks import NEW, OLD

pytestmark = pytest.mark.kafka

TOPIC = "test-source-proofs"
TOKENS = ("old-tok-only-for-tests", "new-tok-only-for-tests")
WRONG = "wrong-tok-only-for-tests"
KEY = "key-only-for-tests"
JWT = "jwt-only-for-tests"
SOURCES: list[dict[str, Any]] = [
    {"name": "hub", "format": "docker-hub", "authorization": "none", "token": list(TOKENS)},
    {"name": "ghcr", "format": "github", "registry": "cloud", "authorization": "none", "hmac": {"secret": KEY}},
    {"name": "gitlab", "format": "gitlab"},
    {"name": "bridge", "format": "distribution", "hmac": {"scheme": "standard-webhooks", "secret": [OLD, NEW]}},
    {"name": "harbor", "format": "harbor", "keep": "all", "drop": ["event_data.resources.resource_url"]},
    {"name": "azure", "format": "acr"},
]
AUTHORIZED = {"authorization": "Bearer all-only-for-tests"}


@pytest.fixture(scope="module")
def bridge(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """An intake that logs all that it can; at its end no secret is in what it has logged."""
    sections = {"intake": {**AUTHORIZED, "sources": SOURCES}}
    setup = Installation(kafka.bootstrap, TOPIC, tmp_path_factory.mktemp("proofs"), sections=sections)
    with setup.bridge("--log-level", "debug") as running:
        running.wait_ready()
        yield running
        assert "Traceback" not in running.stderr
        logged = running.stderr + running.stdout
        assert not [secret for secret in (*TOKENS, WRONG, KEY, JWT, OLD, NEW) if secret in logged]


def sample(source_format: str, name: str) -> bytes:
    """A body of a format."""
    return (FIXTURES / "sources" / source_format / f"{name}.json").read_bytes()


@dataclass
class Sender:
    """POSTs JSON to an intake, each time on a new connection; `again` is as a `Poster` has it, of all."""

    bridge: Process
    again: int = 0

    def post(self, path: str, body: bytes, headers: Mapping[str, str] = NONE) -> Reply:
        """The answer; a 503 is none."""
        with Poster(f"http://{self.bridge.address}/", {"Content-Type": "application/json"}) as poster:
            reply = poster.insist(body, headers, path=f"/events/{path}")
            self.again += poster.again
            return reply


@pytest.fixture
def sender(bridge: Process) -> Sender:
    """One for the test."""
    return Sender(bridge)


def stored(kafka: LocalKafka, label: str) -> list[Event]:
    """The events of a source."""
    events = [decode(record.value, record.header("schema-fingerprint")) for record in read(kafka, TOPIC)]
    return [event for event in events if event.registry == label]


def refusals(bridge: Process, path: str) -> list[dict[str, Any]]:
    """The lines of refused POSTs to a path."""
    return [line for line in bridge.log() if line["event"] == "intake.refused" and line.get("url_path") == path]


def test_a_token_in_the_url(bridge: Process, sender: Sender, kafka: LocalKafka) -> None:
    """Any of those that are configured; it is in no line of the log, whatever else is wrong with the request."""
    body = sample("docker-hub", "push")
    for token in TOKENS:
        assert sender.post(f"hub?token={token}", body).json == {"accepted": 1}
    for query in ("", "?token=", f"?token={WRONG}", f"?x={TOKENS[0]}", f"?token={TOKENS[0]}x"):
        refused = sender.post(f"hub{query}", body)
        assert refused.status == 401
        assert not [token for token in (*TOKENS, WRONG) if token.encode() in refused.body]
    assert sender.post(f"hub?token={TOKENS[0]}", b"[]").status == 400
    assert sender.post(f"hub/lost?token={TOKENS[0]}", body).status == 404
    assert sender.post(f"hub%3Ftoken={TOKENS[0]}", body).status == 404
    with Poster(f"http://{bridge.address}/") as poster:
        assert poster.request("GET", f"/events/hub?token={TOKENS[0]}").status == 405
    host, _, port = bridge.address.rpartition(":")
    for line in (f"POST /events/hub?token={TOKENS[0]} HTTP/9.9", f"P(ST /events/hub?token={TOKENS[0]} HTTP/1.1"):
        with socket.create_connection((host, int(port))) as client:
            client.sendall(f"{line}\r\nHost: x\r\n\r\n".encode())
            assert client.recv(65536).startswith(b"HTTP/1.1 4")
    eventually(lambda: len(refusals(bridge, "/events/hub")) >= 5)
    names = [event.actor.name for event in stored(kafka, "hub")]
    assert {"ann"} == set(names)
    assert 2 <= len(names) <= 2 + sender.again


def test_a_signature_of_the_body(sender: Sender, kafka: LocalKafka) -> None:
    """Without it nothing is stored, whatever other proof is given."""
    body = sample("github", "published")
    headers = {"x-github-event": "package", "x-github-delivery": "72d3162e-cc78-11f0-81ab-4c9367dc0901"}
    signed = f"sha256={hmac.digest(KEY.encode(), body, 'sha256').hex()}"
    for wrong in ({}, {"X-Hub-Signature-256": signed[:-1] + "x"}, AUTHORIZED):
        assert sender.post("ghcr", body, headers | wrong).status == 401
    headers |= {"X-Hub-Signature-256": signed}
    assert sender.post("ghcr", body + b" ", headers).status == 401
    assert sender.post("ghcr", body, headers).json == {"accepted": 1}
    event, *more = stored(kafka, "cloud")
    assert [event.id] * len(more) == [one.id for one in more]
    assert len(more) <= sender.again
    assert event.source_body == body.decode()
    assert "x-hub-signature-256" not in event.source_headers
    assert event.source_headers["x-github-event"] == "package"


def test_gitlabs_token_is_not_stored(bridge: Process, sender: Sender, kafka: LocalKafka) -> None:
    """And the log says so, once."""
    event = event_json("group/project", 1, actor={"name": "ann", "user_type": "personal", "user": JWT})
    assert sender.post("gitlab", envelope(event, event), AUTHORIZED).json == {"accepted": 2}
    found = stored(kafka, "gitlab")
    assert {JWT in str(one) for one in found} == {False}
    assert 2 <= len(found) <= 2 + 2 * sender.again
    assert {json.loads(one.original)["actor"]["user_type"] for one in found} == {"personal"}
    (told,) = [line for line in bridge.log() if line["event"] == "source.drops"]
    assert (told["source"], told["members"]) == ("gitlab", ["actor.user"])


def test_another_bridges_endpoint_as_a_source(sender: Sender, kafka: LocalKafka) -> None:
    """Its signature after Standard Webhooks is of now; one of ten minutes ago is refused."""
    body = envelope(event_json("team/signed", 1))
    request = WebhookRequest(headers=(), body=body, webhook_id="team-signed-1")
    for age_s, status in ((0, 200), (600, 401)):
        signed = Signer([NEW]).headers(request, time.time() - age_s)
        headers = {**AUTHORIZED, **signed, "webhook-id": "team-signed-1"}
        assert sender.post("bridge", body, headers).status == status
    assert 1 <= len(stored(kafka, "bridge")) <= 1 + sender.again


def test_what_is_dropped_and_what_is_kept(bridge: Process, sender: Sender, kafka: LocalKafka) -> None:
    """A member of each item of a list; what is no image has its kind as action, and each kind is counted."""
    for name in ("push", "scan"):
        assert sender.post("harbor", sample("harbor", name), AUTHORIZED).json == {"accepted": 1}
    found = stored(kafka, "harbor")
    assert list(dict.fromkeys(event.action for event in found)) == ["push", "scan"]
    assert len(found) <= 2 + sender.again
    assert "resource_url" not in str(found)
    assert sender.post("azure", b'{"action":"ping"}', AUTHORIZED).json == {"accepted": 0}
    assert stored(kafka, "azure") == []
    with Poster(f"http://{bridge.address}/") as poster:
        metrics = poster.request("GET", "/metrics").body.decode()
    for source, kind in (("harbor", "image"), ("harbor", "scan"), ("azure", "ping")):
        assert f'registry_bridge_source_events_total{{kind="{kind}",source="{source}"}} 1.0' in metrics
    (told,) = [line for line in bridge.log() if line["event"] == "source.not_kept"]
    assert (told["source"], told["kind"]) == ("azure", "ping")


def test_a_body_of_another_format(bridge: Process, sender: Sender, kafka: LocalKafka) -> None:
    """Is refused with what was expected, and logged; nothing of it is stored."""
    before = len(stored(kafka, "azure"))
    refused = sender.post("azure", envelope(event_json("a/b", 1)), AUTHORIZED)
    shape = "must be one event, an object with `action` and `target`, as Azure sends it"
    expected = f"source azure takes format acr: {shape}"
    assert (refused.status, refused.json) == (400, {"error": expected})
    assert sender.post("azure", b"{}", {**AUTHORIZED, "Content-Type": "text/plain"}).status == 415
    eventually(lambda: len(refusals(bridge, "/events/azure")) >= 2)
    assert len(stored(kafka, "azure")) == before


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_reload_takes_other_sources(kafka: LocalKafka, topic: str, tmp_path: Path, processes: str) -> None:
    """A new one is there, another secret is asked for, one that is gone is any registry's label."""
    kept = {"name": "kept", "format": "acr", "token": TOKENS[0]}
    setup = Installation(kafka.bootstrap, topic, tmp_path, sections={"intake": {"sources": [kept, SOURCES[5]]}})
    with setup.bridge("--processes", processes) as bridge:
        bridge.wait_ready()
        sender = Sender(bridge)
        body = sample("acr", "push")
        assert [sender.post("azure", body).status, sender.post("new", body).status] == [200, 400]
        setup.sections = {"intake": {"sources": [kept | {"token": TOKENS[1]}, {"name": "new", "format": "acr"}]}}
        write(bridge, setup.config())
        bridge.signal(signal.SIGHUP)
        changed = reloaded(bridge)["changed"]
        assert {".".join(key.split(".")[:3]) for key in changed} == {
            f"intake.sources.{name}" for name in ("azure", "kept", "new")
        }
        assert [sender.post(path, body).status for path in ("new", "azure", f"kept?token={TOKENS[0]}")] == [
            200,
            400,
            401,
        ]
        assert sender.post(f"kept?token={TOKENS[1]}", body).status == 200
        assert not [token for token in TOKENS if token in bridge.stderr + bridge.stdout]
