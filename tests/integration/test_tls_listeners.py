"""Both commands with TLS at their addresses, as processes: a registry's POST comes in, and our own commands can ask."""

import http.client
import json
import re
import ssl
from pathlib import Path
from typing import Any

import pytest

from broker import LocalKafka
from broker.ports import free_port
from tests.kit import DockerRegistry, NotificationEndpoint, Process, Receiver, eventually
from tests.kit.authority import Authority, authority
from tests.kit.bridge import Installation, endpoint
from tests.kit.eventually import LIMIT_S
from tests.kit.notifications import envelope, event_json, ids, wait_for_ids

pytestmark = pytest.mark.kafka

TRIES = 50
"""Of a POST: Kafka can be late each time."""
V2 = "application/vnd.docker.distribution.events.v2+json"


@pytest.fixture
def known(tmp_path: Path) -> Authority:
    """An authority."""
    return authority(tmp_path)


@pytest.fixture
def setup(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver, known: Authority) -> Installation:
    """An intake that anybody may POST to over TLS, and a worker that asks for certificates."""
    files = known.listener(tmp_path)
    sections: dict[str, Any] = {
        "intake": {"tls": files},
        "worker": {"listen": f"127.0.0.1:{free_port()}", "tls": {**files, "client_ca": str(known.file)}},
    }
    ends = [endpoint("ci", receiver.url, start="beginning")]
    return Installation(kafka.bootstrap, topic, tmp_path, endpoints=ends, sections=sections)


def request(process: Process, known: Authority, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    """One request over TLS, without a certificate; the server's must be the authority's."""
    context = ssl.create_default_context(cafile=str(known.file))
    connection = http.client.HTTPSConnection(process.address, timeout=LIMIT_S, context=context)
    try:
        connection.request(method, path, body, {"Content-Type": V2})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def taken(bridge: Process, known: Authority, body: bytes) -> int:
    """How often a POST was answered 503, because Kafka was late, before it was answered 200."""
    for again in range(TRIES):
        status, answer = request(bridge, known, "POST", "/events", body)
        if status == 200:
            return again
        assert status == 503, answer
        assert b"Kafka" in answer
    pytest.fail(f"Kafka was late {TRIES} times")


def refused(bridge: Process, known: Authority) -> int:
    """How many POSTs the intake has refused so far: it may have written their events all the same."""
    metrics = request(bridge, known, "GET", "/metrics")[1].decode()
    return sum(
        int(float(one)) for one in re.findall(r"^registry_bridge_refused_total\{.*\} (\S+)$", metrics, re.MULTILINE)
    )


def said(setup: Installation, *arguments: str) -> str:
    """What a command of the worker prints."""
    done = setup.run_worker(*arguments)
    assert 0 == done.code, done.stderr
    return done.stdout


@pytest.mark.parametrize("processes", ["1", "2"])
def test_an_event_from_https_to_an_endpoint(
    setup: Installation, receiver: Receiver, known: Authority, processes: str
) -> None:
    """The intake takes it, the worker delivers it, and `status` shows the worker its own certificate."""
    body = envelope(event_json("team/app", 1))
    with setup.bridge("--processes", processes) as bridge, setup.worker("--processes", processes) as worker:
        eventually(lambda: request(bridge, known, "GET", "/readyz")[0] == 200)
        again = taken(bridge, known, body)
        assert 1 <= len(wait_for_ids(receiver, ids([body]))) <= 1 + again
        worker.wait_for_log("deliver.ready")
        with pytest.raises(OSError, match=r"(?i)certificate.required|EOF|reset|closed|broken pipe"):
            request(worker, known, "GET", "/status")
        assert "peer did not return a certificate" == worker.wait_for_log("tls.handshake_failed")["error"]
        eventually(lambda: "closed" == json.loads(said(setup, "status", "--json"))[0]["breaker"])  # as the worker says
        eventually(lambda: "200" in said(setup, "attempts", "--json"))


@pytest.mark.registry
def test_a_real_registry_posts_over_https(
    setup: Installation, receiver: Receiver, known: Authority, tmp_path: Path
) -> None:
    """Go's client offers HTTP/2, and trusts what the registry's machine trusts; a stranger's certificate waits."""
    with setup.bridge() as bridge, setup.worker():
        eventually(lambda: request(bridge, known, "GET", "/readyz")[0] == 200)
        told = [NotificationEndpoint(name="bridge", url=f"https://{bridge.address}/events")]
        with DockerRegistry(tmp_path / "registry", told, trusted=known.file) as registry:
            registry.client().push_blob("library/app", b"some octets")
            receiver.wait_for(1)
            (event,) = ids(receiver.bodies())
        (tmp_path / "stranger").mkdir()
        stranger = authority(tmp_path / "stranger")
        with DockerRegistry(tmp_path / "other", told, trusted=stranger.file) as registry:
            registry.client().push_blob("library/app", b"others")
            error = bridge.wait_for_log("tls.handshake_failed")["error"]
        assert "bad certificate" in error
        assert {event} == ids(receiver.bodies())
        assert 1 <= len(receiver.requests) <= 1 + refused(bridge, known)


def test_a_file_that_cannot_be_used_is_named(setup: Installation, tmp_path: Path) -> None:
    """By `check --offline` and at the start: exit 2."""
    (tmp_path / "listener.key").write_text("-----BEGIN nothing-----\n")
    for done in (setup.run_bridge("check", "--offline"), setup.run_bridge("serve"), setup.run_worker("deliver")):
        assert 2 == done.code
        assert "intake.tls.key: holds no private key that can be read (PEM)" in done.stderr
