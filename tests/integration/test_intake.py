"""The intake over HTTP on a real Kafka: statuses, errors that name a path, labels, tokens, limits, the records.

One bridge serves most tests; they tell their records apart by repository.
"""

import gzip
import json
import socket
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from broker import LocalKafka
from schemas.avro import decode
from schemas.catalog import CATALOG
from schemas.event import MEDIA_TYPE_V1, MEDIA_TYPE_V2
from tests.kit import eventually
from tests.kit.bridge import Installation
from tests.kit.eventually import LIMIT_S
from tests.kit.notifications import Poster, Reply, envelope, event_json
from tests.kit.paths import FAULTS
from tests.kit.process import Process
from tests.kit.topics import Found, delete_topic, make_topic, read

pytestmark = pytest.mark.kafka

TOPIC = "test-intake"
GUARDED = "test-intake-guarded"
FIRST, SECOND = "Bearer first-only-for-tests", "Basic c2Vjb25k"
MAX_BODY = 64 * 1024


@pytest.fixture(scope="module")
def bridge(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """An intake without authorization that takes bodies of 64 KiB."""
    sections = {"intake": {"max_body": "64KiB"}}
    setup = Installation(kafka.bootstrap, TOPIC, tmp_path_factory.mktemp("intake"), sections=sections)
    with setup.bridge() as running:
        running.wait_ready()
        yield running
        assert "Traceback" not in running.stderr


@pytest.fixture
def poster(bridge: Process) -> Iterator[Poster]:
    """A client of it."""
    with Poster(f"http://{bridge.address}/events") as made:
        yield made


@pytest.fixture(scope="module")
def guarded(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """An intake that takes either of two tokens."""
    sections = {"intake": {"authorization": [FIRST, SECOND]}}
    setup = Installation(kafka.bootstrap, GUARDED, tmp_path_factory.mktemp("guarded"), sections=sections)
    with setup.bridge() as running:
        running.wait_ready()
        yield running
        assert "Traceback" not in running.stderr
        assert not any(word in running.stderr + running.stdout for word in ("first-only", "c2Vjb25k", "wrong-token"))


def records(kafka: LocalKafka, repository: str, topic: str = TOPIC) -> list[Found]:
    """The records of a repository."""
    return [record for record in read(kafka, topic) if record.key == repository.encode()]


def only(found: list[Found], poster: Poster) -> Found:
    """The only one of these records; each POST that was answered 503 may have written it too, and the same."""
    assert 1 <= len(found) <= 1 + poster.again
    assert 1 == len({(record.key, record.value, record.headers) for record in found})
    return found[0]


def originals(kafka: LocalKafka) -> Counter[str]:
    """The texts of events that records keep, and how often each is there."""
    return Counter(decode(record.value, record.header("schema-fingerprint")).original for record in read(kafka, TOPIC))


def event_ids(kafka: LocalKafka) -> Counter[str]:
    """The ids of events, and how often each is there."""
    return Counter(record.header("ce_id") or "" for record in read(kafka, TOPIC))


def assert_added(one: str, before: Mapping[str, int], after: Mapping[str, int], again: int) -> None:
    """Once, or as often as POSTs of it were answered 503 before; and nothing that was not there."""
    assert after.keys() - before.keys() <= {one}
    assert 1 <= after.get(one, 0) - before.get(one, 0) <= 1 + again


def metric(poster: Poster, line: str) -> float:
    """The value of a series of /metrics, 0 if it is not there."""
    text = poster.request("GET", "/metrics").body.decode()
    return next((float(row.rsplit(" ", 1)[1]) for row in text.splitlines() if row.startswith(line + " ")), 0.0)


def refused_line(bridge: Process, status: int, **facts: Any) -> dict[str, Any]:
    """The last log line of a refusal with this status, when it has come."""

    def found() -> dict[str, Any]:
        lines = [line for line in bridge.log() if line.get("event") == "intake.refused" and line["status"] == status]
        matching = [line for line in lines if facts.items() <= line.items()]
        assert matching, f"no refusal {status} {facts} in {lines}"
        return matching[-1]

    return eventually(found)


@pytest.mark.parametrize(
    "content_type",
    [
        MEDIA_TYPE_V1,
        MEDIA_TYPE_V2,
        "application/json",
        "application/json; charset=utf-8",
        'Application/VND.docker.distribution.events.v1+JSON ; profile="a;b"',
        f"{MEDIA_TYPE_V1} \t",
    ],
)
def test_takes_the_registry_media_types(poster: Poster, kafka: LocalKafka, content_type: str) -> None:
    """The three media types are taken, in any case and with any parameter, and kept exactly as they came."""
    repository = f"types/t{abs(hash(content_type))}"
    reply = poster.insist(envelope(event_json(repository, 1)), {"Content-Type": content_type})
    assert (200, {"accepted": 1}) == (reply.status, reply.json)
    record = only(records(kafka, repository), poster)
    assert content_type.strip() == decode(record.value, record.header("schema-fingerprint")).content_type


@pytest.mark.parametrize("content_type", ["text/plain", "application/jsonp", "application/xml", ""])
def test_refuses_other_media_types(poster: Poster, bridge: Process, content_type: str) -> None:
    """Any other Content-Type is 415 with a JSON error that says what is taken."""
    reply = poster.insist(envelope(event_json("types/none", 1)), {"Content-Type": content_type})
    assert 415 == reply.status
    assert MEDIA_TYPE_V2 in reply.json["error"]
    refused_line(bridge, 415, reason="content-type")


@pytest.mark.parametrize("coding", ["gzip", "br, gzip"])
def test_refuses_compressed_bodies(poster: Poster, bridge: Process, coding: str) -> None:
    """Whatever they hold: 415, and the error names the coding and not the bytes; `identity` is no coding."""
    body = envelope(event_json("types/coded", 1))
    headers = {"Content-Type": MEDIA_TYPE_V2}
    reply = poster.post(gzip.compress(body), {**headers, "Content-Encoding": coding})
    assert (415, True) == (reply.status, f"Content-Encoding '{coding}' is not accepted" in reply.json["error"])
    refused_line(bridge, 415, reason="content-encoding")
    assert 200 == poster.insist(body, {**headers, "Content-Encoding": "Identity"}).status


def test_a_deleted_topic_is_not_ready(kafka: LocalKafka, topic: str, tmp_path: Path) -> None:
    """Without a POST that would have found it out: 503 with what to do, and 200 again when the topic is there."""
    setup = Installation(kafka.bootstrap, topic, tmp_path)
    with setup.bridge() as running, Poster(f"http://{running.address}/events") as client:
        running.wait_ready()
        delete_topic(kafka, topic)
        reason = f"topic {topic} does not exist any more (registry-bridge init creates it)"

        def says(status: int) -> Any:
            reply = client.request("GET", "/readyz")
            assert status == reply.status
            return reply.json

        assert {"status": "not ready", "reasons": [reason]} == eventually(lambda: says(503))
        make_topic(kafka, topic, 1)
        eventually(lambda: says(200))


@pytest.mark.parametrize(
    ("body", "path", "says"),
    [
        (b'{"events":[{"id":"a"},7]}', "events[1]", "object"),
        (b'{"events":{}}', "events", "list"),
        (b'{"event":[]}', "events", "no `events`"),
        (b'{"events":[{"id":"a"}],"events":[]}', "events", "more than once"),
        (b"[]", None, "object"),
        (b'"text"', None, "object"),
        (b"", "line 1 column 1", "not JSON"),
        (b'{"events":[{"id":"a"}', "line 1", "not JSON"),
        (b'{"events":[{"id":NaN}]}', "line 1 column 18", "NaN"),
        (b'{"events":[{"id":-Infinity}]}', "line 1", "Infinity"),
        (b'{"events":[{"id":"\xff"}]}', None, "UTF-8"),
        ('{"events":[]}'.encode("utf-16"), None, "UTF-16"),
        ('{"events":[]}'.encode("utf-16-be"), None, "UTF-16"),
        ('{"events":[]}'.encode("utf-32-le"), None, "UTF-32"),
        (b'{"events":[' + b'{"a":' * 600 + b"1" + b"}" * 600 + b"]}", "line 1", "deeper"),
    ],
)
def test_refuses_what_is_no_envelope(poster: Poster, bridge: Process, body: bytes, path: str | None, says: str) -> None:
    """A body that is no envelope is 400 with a JSON error naming the place, logged with its sender and counted."""
    before = metric(poster, 'registry_bridge_refused_total{reason="malformed"}')
    reply = poster.insist(body)
    assert 400 == reply.status
    assert "application/json" == reply.headers["content-type"]
    assert says in reply.json["error"]
    assert (path is None) == ("path" not in reply.json)
    assert path is None or reply.json["path"].startswith(path)
    assert refused_line(bridge, 400, error=reply.json["error"])["sender"].startswith("127.0.0.1:")
    assert before + 1 == metric(poster, 'registry_bridge_refused_total{reason="malformed"}')


def test_takes_a_byte_order_mark(poster: Poster, kafka: LocalKafka) -> None:
    """UTF-8's byte order mark before an envelope is ignored, as RFC 8259 allows; the events are as ever."""
    body = (FAULTS / "byte-order-mark.json").read_bytes()
    before = event_ids(kafka)
    assert (200, {"accepted": 1}) == ((reply := poster.insist(body)).status, reply.json)
    assert_added("00000000-0000-7000-8000-000000000001", before, event_ids(kafka), poster.again)


@pytest.mark.parametrize("body", [b"{}", b'{"events":null}', b'{"events":[]}', b' {\n "events" : [ ] }\n'])
def test_takes_empty_envelopes(poster: Poster, body: bytes) -> None:
    """An envelope without events is taken: nothing is to be kept of it."""
    reply = poster.insist(body)
    assert (200, {"accepted": 0}) == (reply.status, reply.json)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"id": 7, "action": "explode", "unknown": {"deep": [1, 2.5, None]}},
        {"target": {"repository": "odd/one", "digest": "no digest at all", "size": "large"}, "timestamp": "yesterday"},
        {"target": "text", "actor": [], "request": None},
    ],
)
def test_judges_nothing_else(poster: Poster, kafka: LocalKafka, event: dict[str, Any]) -> None:
    """Whatever an event contains is accepted and kept whole: any 4xx would come back for ever."""
    before = originals(kafka)
    reply = poster.insist(json.dumps({"events": [event], "beside": 1}).encode())
    assert (200, {"accepted": 1}) == (reply.status, reply.json)
    assert_added(json.dumps(event), before, originals(kafka), poster.again)


def test_keeps_every_event_of_an_envelope_in_order(poster: Poster, kafka: LocalKafka) -> None:
    """An envelope of many events is one answer, and each repository's events keep their order."""
    events = [event_json(f"many/app{number % 3}", number // 3) for number in range(60)]
    reply = poster.insist(envelope(*events))
    assert (200, {"accepted": 60}) == (reply.status, reply.json)
    for repository in range(3):
        found = [record.header("ce_id") for record in records(kafka, f"many/app{repository}")]
        # What POSTs wrote that were answered 503 stands before it, and may have gaps.
        assert [f"many-app{repository}-{number}" for number in range(20)] == found[-20:]
        assert len(found) <= 20 * (1 + poster.again)


def test_labels_events_by_path(poster: Poster, kafka: LocalKafka) -> None:
    """The last level of the path is the registry's label: in the record, in the CloudEvents source, not in the body."""
    assert 200 == poster.insist(envelope(event_json("label/eu", 0)), path="/events/eu-1.prod_a").status
    record = only(records(kafka, "label/eu"), poster)
    event = decode(record.value, record.header("schema-fingerprint"))
    assert ("eu-1.prod_a", "//eu-1.prod_a") == (event.registry, record.header("ce_source"))
    assert "" == event.original or "eu-1" not in event.original


@pytest.mark.parametrize("path", ["/events/EU", "/events/a/b", "/events/" + "a" * 64, "/eventsx", "/other", "/events/"])
def test_answers_404_elsewhere(poster: Poster, bridge: Process, path: str) -> None:
    """A POST anywhere else is 404 with a JSON error, logged: never 200, never a redirect."""
    reply = poster.insist(envelope(event_json("astray/app", 0)), path=path)
    assert 404 == reply.status
    assert path in reply.json["error"]
    line = refused_line(bridge, 404, url_path=path, reason="path")
    assert "registries POST to /events or /events/NAME, where NAME is 1 to 63 of a-z 0-9 . _ -" == line["error"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_answers_405_to_other_methods(poster: Poster, method: str) -> None:
    """Another method on the intake's path is 405 and names POST."""
    reply = poster.request(method, "/events")
    assert (405, "POST") == (reply.status, reply.headers["allow"])


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size", [MAX_BODY + 1, 3 * MAX_BODY, 8 * 1024 * 1024])
def test_refuses_too_large_bodies(poster: Poster, bridge: Process, size: int, *, chunked: bool) -> None:
    """Whoever sends all of it first reads the 413 too; the size is logged if it is known; the connection serves on."""
    body = b'{"events":[]}'.ljust(size)
    pieces = (body[at : at + 50_000] for at in range(0, size, 50_000))
    reply = poster.post(pieces if chunked else body)
    assert 413 == reply.status
    assert "larger than intake.max_body (64 KiB)" in reply.json["error"]
    assert chunked or refused_line(bridge, 413, body_bytes=size)
    assert 200 == poster.post(b"{}").status


def test_takes_a_body_of_exactly_the_limit(poster: Poster) -> None:
    """A body of intake.max_body bytes is taken, chunked too."""
    body = b"{}".ljust(MAX_BODY)
    assert 200 == poster.insist(body).status
    assert 200 == poster.post(body[at : at + 1000] for at in range(0, MAX_BODY, 1000)).status


def test_takes_a_name_as_long_as_a_body(poster: Poster, kafka: LocalKafka) -> None:
    """Kafka takes the record of an event that is nothing but a repository: its key and headers are none the longer."""
    event = {"id": "long", "action": "push", "target": {"repository": "long/" + "r" * (MAX_BODY - 400)}}
    assert 200 == poster.insist(envelope(event)).status
    record = only([record for record in read(kafka, TOPIC) if record.header("ce_id") == "long"], poster)
    assert (b"long/".ljust(1024, b"r"), None) == (record.key, record.header("ce_subject"))


def test_takes_chunked_bodies(poster: Poster, kafka: LocalKafka) -> None:
    """A body in chunks, cut anywhere, is the same as one with a length."""
    body = envelope(event_json("chunked/ü", 0))
    assert 200 == poster.insist([body[at : at + 7] for at in range(0, len(body), 7)]).status
    only(records(kafka, "chunked/ü"), poster)


def test_client_that_goes_away_leaves_nothing(poster: Poster, bridge: Process, kafka: LocalKafka) -> None:
    """Half a body and a closed connection write nothing and harm nobody."""
    host, port = bridge.address.rsplit(":", 1)
    body = envelope(event_json("half/app", 0))
    with socket.create_connection((host, int(port))) as connection:
        head = (
            f"POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: {MEDIA_TYPE_V2}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        connection.sendall(head.encode() + body[: len(body) // 2])
    assert 200 == poster.insist(envelope(event_json("half/other", 0))).status
    assert [] == records(kafka, "half/app")


def test_records_in_kafka(poster: Poster, kafka: LocalKafka) -> None:
    """Key, CloudEvents headers, fingerprint, framing, trace and acceptance time stand in the record."""
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    begun = int(time.time() * 1000)
    assert (
        200
        == poster.insist(
            envelope(event_json("kept/äpp", 5)), {"traceparent": trace, "tracestate": "rojo=1 , us=2"}
        ).status
    )
    record = only(records(kafka, "kept/äpp"), poster)
    assert begun <= record.timestamp_ms <= int(time.time() * 1000)
    wanted = [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"kept-\xc3\xa4pp-5"),
        ("ce_type", b"registry.notifications.push"),
        ("ce_source", b"//registry:5000"),
        ("ce_time", b"2026-01-02T03:04:05.678901234Z"),
        ("ce_subject", "kept/äpp".encode()),
        ("content-type", b"application/avro"),
        ("schema-fingerprint", CATALOG.latest.fingerprint.encode()),
        ("traceparent", trace.encode()),
        ("tracestate", b"rojo=1,us=2"),
    ]
    assert {**dict(wanted), "ce_id": record.header("ce_id")} == {
        **dict(record.headers),
        "ce_id": record.header("ce_id"),
    }
    assert [name for name, _ in wanted] == [name for name, _ in record.headers]
    assert str(record.header("ce_id")).startswith("sha256-"), "an id with ä cannot stand in a header"
    assert record.value is not None
    assert b"\x00" + CATALOG.latest.id.to_bytes(4, "big") == record.value[:5]


@pytest.mark.parametrize("trace", ["", "nonsense", "00-" + "0" * 32 + "-00f067aa0ba902b7-01"])
def test_ignores_bad_traceparents(poster: Poster, kafka: LocalKafka, trace: str) -> None:
    """A traceparent that is none is left out, and its tracestate with it; the event is taken all the same."""
    repository = f"trace/t{len(trace)}"
    assert (
        200 == poster.insist(envelope(event_json(repository, 0)), {"traceparent": trace, "tracestate": "rojo=1"}).status
    )
    record = only(records(kafka, repository), poster)
    assert record.header("traceparent") is record.header("tracestate") is None


def test_event_without_repository_has_no_key(poster: Poster, kafka: LocalKafka) -> None:
    """Without a repository the record has a null key, and no subject."""
    event = event_json("x", 0)
    del event["target"]["repository"]
    assert 200 == poster.insist(envelope({**event, "id": "keyless"})).status
    record = only([record for record in read(kafka, TOPIC) if record.header("ce_id") == "keyless"], poster)
    assert (None, None) == (record.key, record.header("ce_subject"))


@pytest.mark.parametrize("given", [FIRST, SECOND, f"{FIRST} ", f"{FIRST}\t \t", f"  {SECOND}  "])
def test_either_token_is_taken(guarded: Process, given: str) -> None:
    """While tokens are rotated, POSTs with either are taken; white space around a header's value is no part of it."""
    with Poster(f"http://{guarded.address}/events") as poster:
        assert 200 == poster.post(b"{}", {"Authorization": given}).status


@pytest.mark.parametrize("given", [None, "", "Bearer wrong-token", FIRST.lower(), FIRST + "x", "Bearer \xff"])
def test_other_tokens_are_refused(guarded: Process, kafka: LocalKafka, given: str | None) -> None:
    """Without a token a POST is 401, nothing is written, the value is never logged, the connection serves on."""
    with Poster(f"http://{guarded.address}/events") as poster:
        headers = {} if given is None else {"Authorization": given}
        reply = poster.insist(envelope(event_json("secret/app", 0)), headers)
        assert (401, True) == (reply.status, "www-authenticate" in reply.headers)
        assert 200 == poster.request("GET", "/readyz").status
        assert 200 == poster.request("GET", "/subjects").status
    refused_line(guarded, 401)
    assert [] == records(kafka, "secret/app", GUARDED)


def test_probes_and_metrics(poster: Poster) -> None:
    """Liveness, readiness and metrics answer; accepted events are counted by action."""
    assert {"status": "alive"} == poster.request("GET", "/livez").json
    assert {"status": "ready"} == poster.request("GET", "/readyz").json
    series = 'registry_bridge_events_accepted_total{action="mount"}'
    before = metric(poster, series)
    assert 200 == poster.insist(envelope(event_json("metrics/app", 0, action="mount"))).status
    assert before + 1 == metric(poster, series)
    assert metric(poster, "registry_bridge_ack_seconds_count") > 0


def test_stays_off_a_taken_address(bridge: Process, kafka: LocalKafka, topic: str, tmp_path: Path) -> None:
    """A second bridge on the same address ends with one line and exit 1; --listen goes over the file."""
    done = Installation(kafka.bootstrap, topic, tmp_path).run_bridge("serve", "--listen", bridge.address)
    assert (1, 1) == (done.code, len(done.stderr.splitlines()))
    assert f"cannot listen on {bridge.address}" in done.stderr


def post_raw(bridge: Process, text: bytes) -> Reply:
    """Sends bytes as they are and reads the status line."""
    host, port = bridge.address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=LIMIT_S) as connection:
        connection.sendall(text)
        answer = connection.recv(4096)
    return Reply(int(answer.split()[1]), {}, answer, 0.0)


def test_takes_a_post_that_offers_http2(poster: Poster, bridge: Process, kafka: LocalKafka) -> None:
    """The JDK's client and Ktor offer h2c with every POST: the offer is ignored, the event taken."""
    before, late = event_ids(kafka), []

    def answered() -> Reply | None:
        reply = post_raw(bridge, (FAULTS / "h2c-post.http").read_bytes())
        if reply.status != 503:
            return reply
        late.append(reply)
        return None

    assert 200 == eventually(answered).status
    assert_added("00000000-0000-7000-8000-000000000001", before, event_ids(kafka), len(late))
    assert 200 == poster.post(b"{}").status


@pytest.mark.parametrize(
    ("sent", "reason", "says"),
    [
        (b"\x00\x01 nonsense\r\n\r\n", "protocol", "Invalid method"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "protocol", "HTTP/2"),
        (b"POST /events HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", "protocol", "Content-Length"),
        (b"POST /events HTTP/1.1\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\n{}", "protocol", "whitespace"),
        (b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03", "tls", "looks like TLS"),
    ],
)
def test_what_is_no_http_is_logged_and_counted(
    poster: Poster, bridge: Process, sent: bytes, reason: str, says: str
) -> None:
    """Bytes that are no request are answered 400, logged with their sender and counted; the next client is served."""
    series = f'registry_bridge_refused_total{{reason="{reason}"}}'
    before = metric(poster, series)
    assert 400 == post_raw(bridge, sent).status
    line = refused_line(bridge, 400, reason=reason)
    assert says in line["error"]
    assert line["sender"].startswith("127.0.0.1:")
    assert before + 1 == metric(poster, series)
    assert 200 == poster.post(b"{}").status
