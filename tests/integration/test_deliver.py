"""`registry-worker deliver` on a real Kafka: filters, isolation, catching up, and what it says when it cannot."""

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from broker import LocalKafka
from tests.kit import Answer, Receiver, eventually
from tests.kit.bridge import Installation, endpoint
from tests.kit.notifications import Poster, delivered, envelope, envelopes, event_json, ids, wait_for_ids
from tests.kit.topics import committed, make_topic, read
from tests.kit.waiting import waiting_reasons

pytestmark = pytest.mark.kafka

OCI = "application/vnd.oci.image.manifest.v1+json"


def events() -> list[bytes]:
    """One event for each thing that a filter looks at; the id says which."""
    push = event_json("library/app", 1)
    layer = {"mediaType": "application/octet-stream"}
    head = {**push["request"], "method": "HEAD"}
    named: dict[str, dict[str, object]] = {
        "push": {},
        "pull": {"action": "pull"},
        "head": {"action": "pull", "request": head},
        "layer": {"target": {**push["target"], **layer, "tag": None}},
        "delete": {"action": "delete", "target": {"repository": "library/app", "tag": "v1"}},
        "nested": {"target": {**push["target"], "repository": "library/app/deep"}},
        "tmp": {"target": {**push["target"], "repository": "library/tmp-1"}},
        "rc": {"target": {**push["target"], "tag": "v1-rc1"}},
        "v2": {"target": {**push["target"], "tag": "v2"}},
        "nowhere": {"target": {"mediaType": OCI, "tag": "v3"}},
        "robot": {"actor": {"name": "robot$ci/build"}},
        "scanner": {"action": "pull", "request": {**push["request"], "useragent": "Go-http-client/1.1 scanner/2"}},
        "nobody": {"actor": {}, "request": {**push["request"], "useragent": ""}},
    }
    return [envelope({**push, **members, "id": name}) for name, members in named.items()]


ALL = {
    *("push", "pull", "head", "layer", "delete", "nested", "tmp", "rc", "v2", "nowhere"),
    *("robot", "scanner", "nobody"),
}


@pytest.fixture(scope="module")
def sample(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A topic with these events, from the registry `eu`, and one from `us`."""
    topic = "test-deliver-filters"
    setup = Installation(kafka.bootstrap, topic, tmp_path_factory.mktemp("filters"))
    setup.publish(*events(), options=["--registry", "eu"])
    setup.publish(envelope({**event_json("library/app", 1), "id": "us"}), options=["--registry", "us"])
    return topic


FILTERS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "everything": ({}, ALL | {"us"}),
    "actions": ({"ignore": {"actions": ["pull", "delete"]}}, ALL - {"pull", "head", "delete", "scanner"} | {"us"}),
    "methods": ({"ignore": {"methods": ["HEAD"]}}, ALL - {"head"} | {"us"}),
    "mediatypes": ({"ignoredmediatypes": ["application/octet-stream"]}, ALL - {"layer"} | {"us"}),
    "no-mediatype": ({"ignore": {"mediatypes": [""]}}, ALL - {"delete"} | {"us"}),
    "registries": ({"registries": ["us"]}, {"us"}),
    "repositories": ({"repositories": ["library/*", "!library/tmp*"]}, ALL - {"nested", "tmp", "nowhere"} | {"us"}),
    "deep": ({"repositories": ["library/**"]}, ALL - {"nowhere"} | {"us"}),
    "negative": ({"repositories": ["!library/app"]}, {"nested", "tmp", "nowhere"}),
    "tags": ({"tags": ["v*", "!*-rc*"]}, {"delete", "v2", "nowhere"}),
    "actors": ({"actors": ["!robot*"]}, ALL - {"robot"} | {"us"}),
    "useragents": ({"useragents": ["*", "!*scanner*"]}, ALL - {"scanner", "nobody"} | {"us"}),
}


def test_filters(kafka: LocalKafka, sample: str, tmp_path: Path) -> None:
    """Twelve endpoints with a filter each get exactly what they asked for; filtered events count as finished."""
    receivers = {name: Receiver() for name in FILTERS}
    try:
        for receiver in receivers.values():
            receiver.start()
        ends = [
            endpoint(name, receivers[name].url, start="beginning", **settings)
            for name, (settings, _) in FILTERS.items()
        ]
        setup = Installation(kafka.bootstrap, sample, tmp_path, endpoints=ends)
        done = setup.run_worker("deliver", "--until-caught-up", "--timeout", "120s")
        assert done.code == 0, done.stderr
        got = {name: {text(body) for body in receiver.bodies()} for name, receiver in receivers.items()}
        assert {name: wanted for name, (_, wanted) in FILTERS.items()} == got
        assert [] == read(kafka, setup.dead_letters)
    finally:
        for receiver in receivers.values():
            receiver.stop()


def text(body: bytes) -> str:
    """The id in an envelope of one event."""
    return body.split(b'"id": "', 1)[1].split(b'"', 1)[0].decode()


def test_a_dead_endpoint_delays_no_other(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """Beside an endpoint that refuses connections and one that never answers, a third gets all at its own pace."""
    hanging = Receiver(Answer(delay=60.0))
    dead = Receiver()
    with hanging:
        ends = [
            endpoint("dead", dead.url),
            endpoint("hanging", hanging.url, timeout="500ms"),
            endpoint("ci", receiver.url),
        ]
        setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=ends)
        assert setup.run_bridge("init").code == 0
        bodies = envelopes(20, 50)
        setup.publish(*bodies)
        with setup.worker() as worker:
            wait_for_ids(receiver, ids(bodies))
            with Poster(f"http://{worker.address}/") as asked:
                wanted = {"dead": ("open", 1000), "hanging": ("open", 1000), "ci": ("closed", 0)}

                def told() -> bool:
                    status = asked.request("GET", "/status").json
                    assert wanted == {one["endpoint"]: (one["breaker"], one["lag"]) for one in status}
                    return True

                eventually(told)
                eventually(lambda: 200 == asked.request("GET", "/readyz").status)  # an outage is no reason to restart
            dead.start()
            wait_for_ids(dead, ids(bodies))
            assert worker.terminate() == 0
        dead.stop()
    assert [] == read(kafka, setup.dead_letters)


def test_a_slow_repository_delays_no_other(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """While one repository's request hangs, a hundred of others' events pass by it; its own wait in order."""
    receiver.answer_by(lambda request: Answer(delay=3600.0 if b"team-slow-0" in request.body else 0.0))
    slow = [envelope(event_json("team/slow", number)) for number in range(2)]
    others = envelopes(20, 5)
    setup = Installation(
        kafka.bootstrap, topic, tmp_path, partitions=1, endpoints=[endpoint("ci", receiver.url, timeout="1h")]
    )
    setup.publish(*slow, *others)
    with setup.worker() as worker:
        wait_for_ids(receiver, ids(others))
        assert not any(arrival.repository == "team/slow" for arrival in delivered(receiver))
        receiver.stop()  # the request that hangs is over, and is tried again
        receiver.answer(200)
        receiver.start()
        found = wait_for_ids(receiver, ids(slow))
        assert ["team-slow-0", "team-slow-1"] == [one.id for one in found if one.repository == "team/slow"]
        assert worker.terminate() == 0


def test_until_caught_up(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """It stops with 0 once all is finished and committed, and with 1 at the timeout, saying who is not, and why."""
    ends = [
        endpoint("ci", receiver.url, start="beginning"),
        endpoint("audit", "http://127.0.0.1:9/", start="beginning"),
    ]
    setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=ends)
    bodies = envelopes(5, 10)
    setup.publish(*bodies)
    with setup.worker("--until-caught-up", "--timeout", "5m", "--log-level", "debug") as waiting:
        wait_for_ids(receiver, ids(bodies))
        eventually(lambda: sum(committed(kafka, setup.group("ci"), topic).values()) == len(bodies))
        assert setup.group("ci") == waiting.wait_for_log("deliver.group_caught_up")["group"]  # what it knows at its end
        waiting.wait_for_log("breaker.open")
        waiting.signal(signal.SIGTERM)
        assert waiting.wait() == 1
        [told] = [entry for entry in waiting.log() if entry["event"] == "deliver.not_caught_up"]
        is_known = not any(entry["event"] == "deliver.progress_unknown" for entry in waiting.log())
    assert "audit" == told["endpoint"]
    assert told["lag"] in ({50} if is_known else {50, None})
    assert told["waits_because"][0].startswith("breaker open: ")
    setup.endpoints = [endpoint("audit", receiver.url, start="beginning")]
    receiver.answer(503)
    done = setup.run_worker("deliver", "--until-caught-up", "--timeout", "2s")
    assert (1, 1) == (done.code, done.stderr.count('"event": "deliver.not_caught_up"'))
    receiver.answer(200)
    assert setup.run_worker("deliver", "--until-caught-up", "--timeout", "120s").code == 0
    assert len(bodies) == sum(committed(kafka, setup.group("audit"), topic).values())


def test_only_the_named_endpoints(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """`--endpoint` serves the named ones alone; what the others are owed waits for them."""
    with Receiver() as other:
        setup = Installation(
            kafka.bootstrap, topic, tmp_path, endpoints=[endpoint("a", receiver.url), endpoint("b", other.url)]
        )
        setup.publish(*envelopes(2, 3))
        assert setup.run_worker("deliver", "--endpoint", "a", "--until-caught-up", "--timeout", "120s").code == 0
        assert (6, 0) == (len(receiver.requests), len(other.requests))
        assert setup.run_worker("deliver", "--endpoint", "b", "--until-caught-up", "--timeout", "120s").code == 0
        assert (6, 6) == (len(receiver.requests), len(other.requests))


def test_waits_for_the_topic(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """Without the events topic the worker waits, unready and saying so once, does not create it, and then goes on."""
    setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=[endpoint("ci", receiver.url)])
    with setup.worker() as worker, Poster(f"http://{worker.address}/") as asked:
        [reason] = eventually(lambda: waiting_reasons(worker))
        assert topic in reason
        reply = asked.request("GET", "/readyz")
        assert (503, True) == (reply.status, bool(reply.json["reasons"]))
        make_topic(kafka, topic, 4)
        worker.wait_ready()
        setup.publish(*envelopes(2, 2))
        receiver.wait_for(4)
        assert [reason] == waiting_reasons(worker)
        assert worker.terminate() == 0
        assert "Traceback" not in worker.stderr


def test_requests(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """Method, path with query, Content-Type, ids, label, place, trace and configured headers of a delivery."""
    url = f"{receiver.url.replace('//', '//user:pass@')}/hook?key=s3cret"
    headers = {"Authorization": "Bearer only-for-tests", "X-Several": ["one", "two"]}
    setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=[endpoint("ci", url, headers=headers)])
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    body = envelope(event_json("library/app", 7))
    with setup.bridge() as bridge, setup.worker() as worker, Poster(f"{bridge.wait_ready()}/events/eu") as poster:
        sent = {"Content-Type": "application/json; charset=utf-8", "traceparent": trace, "tracestate": "rojo=1"}
        assert poster.insist(body, sent).status == 200
        request, *_ = receiver.wait_for(1)
        worker.wait_ready()
        with Poster(f"http://{worker.address}/") as asked:
            told = b"".join(asked.request("GET", path).body for path in ("/", "/status", "/debug/vars", "/metrics"))
        said = told.decode() + worker.stderr + bridge.stderr
        assert worker.terminate() == bridge.terminate() == 0
    assert ("POST", "/hook?key=s3cret") == (request.method, request.path)
    # an event that Kafka was late to take is posted again, and the first copy may be in the log all the same
    assert request.header("registry-event") in {f"{topic}/{one.partition}/{one.offset}" for one in read(kafka, topic)}
    wanted = {
        "content-type": "application/json; charset=utf-8",
        "webhook-id": "library-app-7",
        "registry-name": "eu",
        "traceparent": trace,
        "tracestate": "rojo=1",
        "authorization": "Bearer only-for-tests",
    }
    assert wanted == {name: request.header(name) for name in wanted}
    assert abs(int(request.header("webhook-timestamp") or 0) - time.time()) < 600
    assert ["one", "two"] == [value for name, value in request.headers if name.lower() == "x-several"]
    assert str(request.header("user-agent")).startswith("registry-worker/")
    assert not [secret for secret in ("only-for-tests", "s3cret", "pass@", "user:") if secret in said]


def test_redirects_are_not_followed(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """A 3xx is a failure that is tried again, and nobody is asked at its Location."""
    with Receiver() as elsewhere:
        receiver.answer(302, headers=[("Location", f"{elsewhere.url}/")])
        setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=[endpoint("ci", receiver.url)])
        setup.publish(*envelopes(1, 1))
        with setup.worker() as worker:
            receiver.wait_for(3)
            receiver.answer(200)
            wait_for_ids(receiver, {"team-app0-0"})
            assert worker.terminate() == 0
        assert [] == elsewhere.requests


def test_metrics_count_what_happened(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """The registry's own series and ours count events, successes, failures, statuses and lag of this endpoint."""
    setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=[endpoint("ci", receiver.url)])
    setup.publish(*envelopes(2, 5))
    receiver.answer_by(lambda request: Answer(status=500 if len(receiver.requests) == 1 else 200))
    with setup.worker() as worker:
        wait_for_ids(receiver, ids(envelopes(2, 5)))
        with Poster(f"http://{worker.address}/") as asked:
            series = {
                'registry_notifications_events_total{endpoint="ci",type="Events"}': 10.0,
                'registry_notifications_events_total{endpoint="ci",type="Successes"}': 10.0,
                'registry_notifications_events_total{endpoint="ci",type="Failures"}': 1.0,
                'registry_notifications_status_total{code="200 OK",endpoint="ci"}': 10.0,
                'registry_notifications_status_total{code="500 Internal Server Error",endpoint="ci"}': 1.0,
                'registry_notifications_pending_total{endpoint="ci"}': 0.0,
                'registry_worker_lag{endpoint="ci"}': 0.0,
            }

            def counted() -> bool:
                rows = dict(
                    row.rsplit(" ", 1)
                    for row in asked.request("GET", "/metrics").body.decode().splitlines()
                    if not row.startswith("#")
                )
                assert series == {name: float(rows.get(name, "-1")) for name in series}
                return True

            eventually(counted)
            [variables] = asked.request("GET", "/debug/vars").json["registry"]["notifications"]["endpoints"]
        assert {"Pending": 0, "Events": 10, "Successes": 10, "Failures": 1, "Errors": 0}.items() <= variables[
            "Metrics"
        ].items()
        assert worker.terminate() == 0


@pytest.mark.parametrize(
    ("endpoints", "arguments", "says"),
    [
        ([], [], "no endpoints"),
        ([endpoint("ci", "http://127.0.0.1:9/")], ["--endpoint", "other"], "no endpoint is named other; endpoints: ci"),
        ([endpoint("ci", "http://127.0.0.1:9/", disabled=True)], ["--endpoint", "ci"], "disabled"),
        ([endpoint("ci", "http://127.0.0.1:9/")], ["--timeout", "5s"], "--until-caught-up"),
        ([endpoint("ci", "http://127.0.0.1:9/")], ["--until-caught-up", "--timeout", "soon"], "soon"),
        ([endpoint("ci", "http://127.0.0.1:9/")], ["--listen", "nowhere"], "nowhere"),
        ([endpoint("ci", "ftp://x/")], [], "endpoints[0].url"),
    ],
)
def test_wrong_use_is_exit_2(
    topic: str, tmp_path: Path, endpoints: list[dict[str, Any]], arguments: list[str], says: str
) -> None:
    """Wrong use and wrong configuration end with exit 2 and one line on stderr, before anything is tried."""
    setup = Installation("127.0.0.1:1", topic, tmp_path, endpoints=endpoints)
    done = setup.run_worker("deliver", *arguments)
    assert (2, "", 1) == (done.code, done.stdout, len(done.stderr.splitlines()))
    assert says in done.stderr


def test_all_disabled_is_nothing_to_do(kafka: LocalKafka, topic: str, tmp_path: Path) -> None:
    """A worker whose endpoints are all disabled runs, keeps their cursors, and stops with exit 0."""
    ends = [endpoint("ci", "http://127.0.0.1:9/", disabled=True)]
    setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=ends)
    setup.publish(*envelopes(1, 1))
    with setup.worker() as worker:
        worker.wait_ready()
        assert worker.terminate() == 0
    assert {0, 1, 2, 3} == set(committed(kafka, setup.group("ci"), topic))


def test_a_delay_is_waited_for(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """Nothing is sent before it is so old, and `--until-caught-up` ends when the last one is delivered."""
    ends = [endpoint("ci", receiver.url, start="beginning", delay="4s")]
    setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=ends)
    assert setup.run_bridge("init").code == 0
    began = time.monotonic()
    setup.publish(*envelopes(3, 2))
    done = setup.run_worker("deliver", "--until-caught-up", "--timeout", "120s")
    assert done.code == 0, done.stderr
    assert 6 == len(delivered(receiver))
    assert min(request.arrived for request in receiver.requests) >= began + 4.0
