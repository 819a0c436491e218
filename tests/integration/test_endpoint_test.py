"""`registry-worker test`: one real exchange, shown as it was on the wire, without a secret."""

import json
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from broker import LocalKafka
from broker.ports import free_port
from runtime.config.secrets import MASK
from tests.kit import Captured, Receiver
from tests.kit.authority import self_signed
from tests.kit.bridge import Finished, Installation, endpoint
from tests.kit.notifications import envelopes
from tests.kit.topics import committed

KEY = "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"
SECRETS = ("tok3n-of-the-endpoint", "pa55word", "qu3ry", "c2VjcmV0c2VjcmV0")
GUARDED: dict[str, Any] = {
    "headers": {"Authorization": f"Bearer {SECRETS[0]}", "X-Team": ["registry"]},
    "signing": {"secrets": [KEY]},
}


def installed(tmp_path: Path, url: str, bootstrap: str = "127.0.0.1:9", topic: str = "t", **keys: Any) -> Installation:
    """One endpoint; without a Kafka unless one is given."""
    return Installation(bootstrap, topic, tmp_path, endpoints=[endpoint("ci", url, **keys)])


def tried(setup: Installation, *arguments: str) -> Finished:
    """What the command did; no secret is in its output."""
    done = setup.run_worker("test", "--endpoint", "ci", *arguments)
    assert not [secret for secret in SECRETS if secret in done.stdout + done.stderr]
    return done


def as_sent(request: Captured, *, masked: set[str]) -> set[tuple[str, str]]:
    """The header lines that arrived, with those values masked that are secrets."""
    return {(name.lower(), MASK if name.lower() in masked else value) for name, value in request.headers}


def test_what_is_shown_is_what_was_sent(receiver: Receiver, tmp_path: Path) -> None:
    """Request line, each header line and the body; the answer's head and body; a signature that verifies."""
    receiver.answer(202, headers=(("X-Trace", "7"), ("Set-Cookie", "a=b")), body=f"got {SECRETS[0]}".encode())
    url = receiver.url.replace("//", f"//user:{SECRETS[1]}@") + f"/hooks?key={SECRETS[2]}"
    done = tried(installed(tmp_path, url, signing=GUARDED["signing"], headers={"X-Team": SECRETS[0]}), "--json")
    assert 0 == done.code, done.stderr
    shown, (request,) = json.loads(done.stdout), receiver.requests
    assert f"POST /hooks?{MASK} HTTP/1.1" == shown["request_line"]
    headers = {(name, value) for name, value in shown["request_headers"]}
    assert as_sent(request, masked={"authorization", "x-team"}) == headers
    assert request.body.decode() == shown["body"]
    assert ("registry-test", "sample") in headers
    assert None is request.header("registry-event")
    assert (202, "got ***") == (shown["status"], shown["answer_text"])
    assert {("x-trace", "7"), ("set-cookie", MASK)} <= {tuple(line) for line in shown["answer_headers"]}
    assert "delivered" == shown["outcome"]
    Webhook(KEY).verify(request.body, dict(request.headers))


def test_for_a_person(receiver: Receiver, tmp_path: Path) -> None:
    """The exchange in the manner of curl; the exit status is 1 unless the outcome is delivered, whatever the answer."""
    setup = installed(tmp_path, receiver.url, **GUARDED)
    receiver.answer(503, body=f"no {SECRETS[0]} today".encode())
    done = tried(setup)
    assert 1 == done.code
    lines = done.stdout.splitlines()
    assert f"> authorization: {MASK}" in lines
    assert "< 503 Service Unavailable" in lines
    assert f"no {MASK} today" in lines
    assert lines[-1].startswith("* outcome: throttled (status 503; head after ")
    assert '"repository": "registry-event-bridge/test"' in done.stdout
    assert 1 == len(receiver.requests), "it is not tried again"


def test_a_token_in_a_template_is_not_shown(receiver: Receiver, tmp_path: Path) -> None:
    """It is in the body that arrives, and *** in what is shown of the body and of an answer that repeats it."""
    (tmp_path / "token").write_text(f"{SECRETS[0]}\n")
    template = {"key": "${file:token}", "text": "{action} {repository}"}
    setup = installed(tmp_path, receiver.url, format="template", template=template)
    receiver.answer(400, body=f"bad {SECRETS[0]}".encode())

    shown = json.loads(tried(setup, "--json").stdout)

    (request,) = receiver.requests
    text = "push registry-event-bridge/test"
    assert {"key": SECRETS[0], "text": text} == json.loads(request.body)
    assert {"key": MASK, "text": text} == json.loads(shown["body"])
    assert f"bad {MASK}" == shown["answer_text"]


def test_a_secret_in_the_path_is_not_shown(receiver: Receiver, tmp_path: Path) -> None:
    """What a reference puts there is in what arrives; the lines show the reference, and the answer is masked."""
    (tmp_path / "path").write_text(f"T000/{SECRETS[0]}\n")
    receiver.answer(404, body=f"cannot POST /services/T000/{SECRETS[0]}: no {SECRETS[0]}".encode())
    setup = installed(tmp_path, receiver.url + "/services/${file:path}")

    said, told = tried(setup).stdout, json.loads(tried(setup, "--json").stdout)

    assert {f"/services/T000/{SECRETS[0]}"} == {request.path for request in receiver.requests}
    assert "> POST /services/${file:path} HTTP/1.1" in said.splitlines()
    assert "POST /services/${file:path} HTTP/1.1" == told["request_line"]
    assert f"cannot POST /services/{MASK}: no {MASK}" == told["answer_text"]


def test_there_is_no_answer(tmp_path: Path) -> None:
    """The reason stands where an answer would."""
    done = tried(installed(tmp_path, f"http://127.0.0.1:{free_port()}/"))
    assert 1 == done.code
    assert "* no answer after " in done.stdout
    assert "* outcome: unavailable (connect: " in done.stdout


def test_a_self_signed_certificate(tmp_path: Path) -> None:
    """The second client is asked where live delivery asks it, and shows what it sends."""
    certificate, context = self_signed(tmp_path)
    with Receiver(tls=context) as receiver:
        url = receiver.url.replace("127.0.0.1", "localhost")
        done = tried(installed(tmp_path, url, tls={"ca": str(certificate)}, **GUARDED), "--json")
        assert 0 == done.code, done.stdout + done.stderr
        (request,) = receiver.requests
        headers = {(name, value) for name, value in json.loads(done.stdout)["request_headers"]}
        assert as_sent(request, masked={"authorization", "x-team"}) == headers


@pytest.mark.kafka
def test_an_event_of_the_log(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """By its id or its place, as it would be delivered; filters do not count, and the cursor stays."""
    setup = installed(tmp_path, receiver.url, kafka.bootstrap, topic, ignore={"actions": ["push"]})
    setup.partitions = 1
    bodies = envelopes(1, 1)
    setup.publish(*bodies)
    event = json.loads(bodies[0])["events"][0]["id"]
    for name in (event, "0:0"):
        assert 0 == tried(setup, "--id", name).code
    assert 1 == tried(setup, "--id", "nobody").code
    sent = receiver.requests
    assert [event] == list({request.header("webhook-id") for request in sent})
    assert {("event", f"{topic}/0/0")} == {
        (request.header("registry-test"), request.header("registry-event")) for request in sent
    }
    assert {0: 0} == committed(kafka, setup.group("ci"), topic, 1), "as `publish` registered it"
