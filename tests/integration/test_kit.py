"""The test kit: an endpoint, a registry and a process that behave as the tests that rely on them believe."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.kit import (
    Answer,
    Captured,
    DockerRegistry,
    Layout,
    NotificationEndpoint,
    Process,
    Receiver,
    eventually,
)
from tests.kit.images import INDEX, MANIFEST, ODD_ANNOTATIONS
from tests.kit.paths import ROOT
from tests.kit.programs import need
from tests.kit.registry import skopeo_copy
from tests.kit.registry_client import digest_of

SERVICE = """
import argparse, http.server, json, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
parser = argparse.ArgumentParser()
parser.add_argument("mode")
parser.add_argument("-c")
parser.add_argument("--log-format")
given = parser.parse_args()
if given.mode == "fail":
    sys.exit("bridge.yaml: topics.partitions: -1 is not positive")
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Ready)
print("not json", file=sys.stderr)
listening = {"event": "listening", "address": f"127.0.0.1:{server.server_port}", "config": open(given.c).read()}
print(json.dumps(listening), file=sys.stderr, flush=True)
server.serve_forever()
"""


def service(folder: Path, *arguments: str) -> Process:
    """A small service that logs and answers as ours do."""
    folder.mkdir(exist_ok=True)
    (folder / "small_service.py").write_text(SERVICE)
    environment = {"PYTHONPATH": str(folder)}
    config = {"intake": {"listen": "127.0.0.1:0"}}
    return Process("small_service", *arguments, folder=folder / "run", config=config, environment=environment)


def post(connection: http.client.HTTPConnection, body: bytes, path: str = "/hook") -> tuple[int, bytes]:
    """One request on a connection."""
    connection.request("POST", path, body=body, headers={"X-Odd-Case": "Kept"})
    answer = connection.getresponse()
    return answer.status, answer.read()


def connect(receiver: Receiver, timeout: float = 10.0) -> http.client.HTTPConnection:
    """A connection to the receiver."""
    return http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=timeout)


def test_captures_requests_as_they_were_sent(receiver: Receiver) -> None:
    """Method, path with query, header order and case, and body come out as they went in, on one connection."""
    connection = connect(receiver)
    assert (200, b"") == post(connection, b"one", "/hook?a=1")
    assert (200, b"") == post(connection, b"\x00two")
    connection.close()
    first, second = receiver.wait_for(2)
    assert ("POST", "/hook?a=1", b"one", 200) == (first.method, first.path, first.body, first.status)
    assert ["Host", "Accept-Encoding", "Content-Length", "X-Odd-Case"] == [name for name, _ in first.headers]
    assert "Kept" == first.header("x-odd-case")
    assert [b"one", b"\x00two"] == receiver.bodies()
    assert (1, first.connection) == (receiver.connections, second.connection)
    assert first.answered is not None
    assert first.arrived <= first.answered <= second.arrived


def test_answers_by_script(receiver: Receiver) -> None:
    """A callable sees each request and decides status, headers and body; a fixed answer takes over from then on."""
    receiver.answer_by(lambda request: Answer(status=503, headers=[("Retry-After", "7")], body=request.body[::-1]))
    connection = connect(receiver)
    connection.request("POST", "/", body=b"abc")
    answer = connection.getresponse()
    assert (503, "7", b"cba") == (answer.status, answer.getheader("Retry-After"), answer.read())
    receiver.answer(204)
    assert (204, b"") == post(connection, b"abc")
    receiver.answer(201, body=b"made")
    assert (201, b"made") == post(connection, b"abc")
    connection.close()
    assert [503, 204, 201] == [request.status for request in receiver.wait_for(3)]


def test_delays_headers_or_body(receiver: Receiver) -> None:
    """A delay holds the headers back, a body delay only the body."""
    connection = connect(receiver)
    receiver.answer(200, delay=0.3)
    begun = time.monotonic()
    post(connection, b"")
    assert time.monotonic() - begun >= 0.3
    receiver.answer_by(Answer(body=b"late", body_delay=0.3))
    begun = time.monotonic()
    connection.request("GET", "/")
    assert b"late" == connection.getresponse().read()
    assert time.monotonic() - begun >= 0.3
    receiver.answer_by(Answer(body=b"never", body_delay=3600))
    connection.request("GET", "/")
    assert 200 == connection.getresponse().status
    connection.close()


def test_aborts_or_talks_nonsense(receiver: Receiver) -> None:
    """A scripted abort resets the connection, raw bytes go out as they are, and neither counts as answered."""
    receiver.answer_by(Answer(abort=True))
    with pytest.raises(ConnectionError):
        post(connect(receiver), b"lost")
    receiver.answer_by(Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Le"))
    with socket.create_connection(("127.0.0.1", receiver.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b"".join(iter(lambda: client.recv(1000), b""))
    assert b"HTTP/1.1 200 OK\r\nContent-Le" == received
    assert [None, None] == [request.status for request in receiver.requests]


def test_answers_pipelined_and_chunked_requests_in_turn(receiver: Receiver) -> None:
    """Requests that arrive in one packet are answered one after the other, in order, chunking removed."""
    chunked = b"POST /1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    receiver.answer_by(lambda request: Answer(body=request.path.encode(), delay=0.1 if request.path == "/1" else 0))
    with socket.create_connection(("127.0.0.1", receiver.port)) as client:
        client.sendall(chunked + b"GET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = b"".join(iter(lambda: client.recv(1000), b""))
    assert 0 < received.index(b"/1") < received.index(b"/2")
    assert [b"abc", b""] == receiver.bodies()


def test_goes_down_and_comes_back_on_its_port(receiver: Receiver) -> None:
    """While it is stopped connections are refused, open ones are reset, and afterwards it is where it was."""
    url = receiver.url
    connection = connect(receiver)
    post(connection, b"before")
    receiver.stop()
    receiver.stop()
    with pytest.raises(ConnectionRefusedError):
        connect(receiver).connect()
    with pytest.raises((ConnectionError, http.client.BadStatusLine)):
        post(connection, b"on the old connection")
    connection.close()
    receiver.start()
    again = connect(receiver)
    assert (200, b"") == post(again, b"after")
    again.close()
    assert url == receiver.url
    assert [b"before", b"after"] == receiver.bodies()


def test_stop_leaves_waiting_requests_unanswered(receiver: Receiver) -> None:
    """A stop does not wait for a delayed answer: the request stays captured and unanswered."""
    receiver.answer(200, delay=60)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(post, connect(receiver), b"waits")
        receiver.wait_until(lambda found: len(found) == 1)
        receiver.stop()
        with pytest.raises((ConnectionError, http.client.BadStatusLine)):
            waiting.result(10)
    assert [None] == [request.status for request in receiver.requests]


def test_waiting_fails_with_what_was_seen(receiver: Receiver) -> None:
    """A wait that ends in vain tells how many requests came and which were the last."""
    connection = connect(receiver)
    post(connection, b"12345")
    connection.close()
    expected = r"^not within 0.1 s: 1 requests, 1 answered; the last: POST /hook -> 200 \(5 bytes\)$"
    with pytest.raises(AssertionError, match=expected):
        receiver.wait_for(2, timeout=0.1)


def test_a_fault_in_a_script_fails_the_test(receiver: Receiver) -> None:
    """A script that raises does not pass for an endpoint that is down."""

    def broken(request: Captured) -> Answer:
        raise ValueError(request.path)

    receiver.answer_by(broken)
    with pytest.raises(ConnectionError):
        post(connect(receiver), b"")
    with pytest.raises(ValueError, match="/hook"):
        receiver.wait_for(1)


def test_takes_many_connections_at_once(receiver: Receiver) -> None:
    """Hundreds of requests over many connections are all captured, none twice."""

    def send(worker: int) -> None:
        connection = connect(receiver)
        for number in range(50):
            assert (200, b"") == post(connection, f"{worker}/{number}".encode())
        connection.close()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(send, range(16)))
    found = receiver.wait_for(800)
    assert {f"{worker}/{number}".encode() for worker in range(16) for number in range(50)} == {
        one.body for one in found
    }
    assert (800, 16) == (len(found), receiver.connections)


@pytest.mark.registry
def test_every_endpoint_of_the_registry_is_notified(tmp_path: Path) -> None:
    """A push by skopeo reaches both endpoints as envelopes of one event, with the headers configured for each."""
    with Receiver() as one, Receiver() as two:
        endpoints = [
            NotificationEndpoint("one", f"{one.url}/events", headers={"Authorization": ["Bearer abc"]}),
            NotificationEndpoint("two", f"{two.url}/other"),
        ]
        with DockerRegistry(tmp_path / "registry", endpoints) as registry:
            layout = Layout(tmp_path / "layout")
            digest = layout.image("v1", layers=[b"a", b"b"], annotations=ODD_ANNOTATIONS)
            skopeo_copy(layout.source("v1"), registry.reference("library/app", "v1"))
            for receiver in (one, two):
                receiver.wait_until(lambda found: any(b'"tag": "v1"' in request.body for request in found))
    for request in one.requests + two.requests:
        assert request.body.startswith(b'{\n   "events": [\n      {\n')
        assert "application/vnd.docker.distribution.events.v1+json" == request.header("Content-Type")
    assert {"Bearer abc"} == {request.header("Authorization") for request in one.requests}
    assert {("/other", None)} == {(request.path, request.header("Authorization")) for request in two.requests}
    assert one.bodies() == two.bodies()
    tagged = [event for body in one.bodies() for event in json.loads(body)["events"] if "tag" in event["target"]]
    assert [("push", digest, 3)] == [
        (event["action"], event["target"]["digest"], len(event["target"]["references"])) for event in tagged
    ]


@pytest.mark.registry
def test_an_index_with_odd_annotations_is_pushed_whole(
    tmp_path: Path, registry: DockerRegistry, receiver: Receiver
) -> None:
    """A multi-platform index keeps its digest, and its annotations come back in the event's references."""
    layout = Layout(tmp_path / "layout")
    digest = layout.index("multi", annotations=ODD_ANNOTATIONS)
    skopeo_copy(layout.source("multi"), registry.reference("library/multi", "latest"), all_platforms=True)
    found = receiver.wait_until(lambda found: any(b'"tag": "latest"' in request.body for request in found))
    body = next(request.body for request in found if b'"tag": "latest"' in request.body)
    target = json.loads(body)["events"][0]["target"]
    assert (INDEX, digest) == (target["mediaType"], target["digest"])
    assert [dict(ODD_ANNOTATIONS)] * 2 == [reference["annotations"] for reference in target["references"]]
    # As Go spells it, which is what makes these characters worth having.
    assert rb"\u003ca href=" in body
    assert rb"line\u2028paragraph\u2029end" in body


@pytest.mark.registry
def test_the_client_drives_every_operation(registry: DockerRegistry, receiver: Receiver) -> None:
    """Pushes, pulls, mounts and deletes, by tag and digest, make the events that they are to make, headers included."""
    client = registry.client({"User-Agent": "kit/1", "X-Forwarded-For": "192.0.2.7"})
    blob = client.push_blob("library/a", b"content")
    empty = client.push_blob("library/a", b"{}")
    described = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": empty, "size": 2}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": []}).encode()
    pushed = client.push_manifest("library/a", "v1", manifest, MANIFEST)
    assert digest_of(manifest) == pushed
    assert manifest == client.pull_manifest("library/a", "v1", MANIFEST).body
    assert pushed == client.head_manifest("library/a", pushed, MANIFEST).headers["docker-content-digest"]
    assert b"content" == client.pull_blob("library/a", blob).body
    assert "7" == client.head_blob("library/a", blob).headers["content-length"]
    client.mount_blob("library/b", blob, "library/a")
    client.delete_manifest("library/a", pushed)
    client.delete_blob("library/b", blob)
    expected = [
        ("push", "PUT", "library/a", blob),
        ("push", "PUT", "library/a", empty),
        ("push", "PUT", "library/a", pushed),
        ("pull", "GET", "library/a", pushed),
        ("pull", "HEAD", "library/a", pushed),
        ("pull", "GET", "library/a", blob),
        ("pull", "HEAD", "library/a", blob),
        ("mount", "POST", "library/b", blob),
        ("delete", "DELETE", "library/a", pushed),
        ("delete", "DELETE", "library/a", None),
        ("delete", "DELETE", "library/b", blob),
    ]
    events = [json.loads(body)["events"][0] for body in (one.body for one in receiver.wait_for(len(expected)))]
    told = [(e["action"], e["request"]["method"], e["target"]["repository"], e["target"].get("digest")) for e in events]
    assert expected == told
    assert {("kit/1", "192.0.2.7")} == {(e["request"]["useragent"], e["request"]["addr"]) for e in events}


@pytest.mark.registry
def test_a_refused_operation_fails_the_test(registry: DockerRegistry) -> None:
    """What the registry refuses is an assertion with its answer, not a silent return."""
    with pytest.raises(AssertionError, match=r"GET /v2/no/such/manifests/x answered 404: .*MANIFEST_UNKNOWN"):
        registry.client().pull_manifest("no/such", "x", MANIFEST)


def test_a_missing_program_fails_the_test(tmp_path: Path) -> None:
    """Without skopeo or docker-registry a test fails with the Debian packages to install; it is never skipped."""
    test = "from tests.kit.programs import need\ndef test_it(): need('docker-registry')\n"
    (tmp_path / "test_missing.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", str(tmp_path / "test_missing.py")]
    root = ROOT
    environment = {"PATH": str(tmp_path), "PYTHONPATH": str(root)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert 1 == done.returncode
    assert "1 failed" in done.stdout
    assert "docker-registry is missing: the tests need the Debian packages docker-registry skopeo" in done.stdout
    assert need("sh")


def test_a_process_is_found_by_its_log_line(tmp_path: Path) -> None:
    """The address comes from the log line `listening`, readiness from HTTP, the configuration reaches the process."""
    with service(tmp_path, "serve") as process:
        assert f"http://{process.address}" == process.wait_ready()
        assert "intake:\n  listen: 127.0.0.1:0\n" == process.wait_for_log("listening")["config"]
        assert "not json\n" in process.stderr
        assert process.returncode is None
        assert 0 == process.terminate()
    assert 0 == process.returncode


def test_a_process_can_be_killed_and_started_again(tmp_path: Path) -> None:
    """SIGKILL ends it with its signal as exit status; a new start has a log of its own."""
    with service(tmp_path, "serve") as process:
        first = process.address
        assert -signal.SIGKILL == process.kill()
        process.start()
        assert first != process.address
        process.wait_ready()


def test_a_failed_process_tells_its_last_lines(tmp_path: Path) -> None:
    """Waiting for a process that has ended fails at once, with its exit status and what it said."""
    with service(tmp_path, "fail") as process:
        with pytest.raises(
            AssertionError,
            match=r"(?s)^it ended.*exit status: 1\n.*topics.partitions: -1 is not positive",
        ):
            process.wait_ready()
        assert 1 == process.wait()


def test_eventually_gives_the_value_or_the_last_reason() -> None:
    """It returns the first truthy value; in vain it tells the last value or assertion; others come out at once."""
    values = iter([None, 0, "", "there"])
    assert "there" == eventually(lambda: next(values), every=0)
    with pytest.raises(AssertionError, match=r"^not within 0.05 s: the check returned 0$"):
        eventually(lambda: 0, 0.05)

    def refuse() -> bool:
        raise AssertionError("lag is 3")

    with pytest.raises(AssertionError, match=r"^not within 0.05 s: lag is 3$"):
        eventually(refuse, 0.05)
    with pytest.raises(ZeroDivisionError):
        eventually(lambda: 1 / 0, 5)
