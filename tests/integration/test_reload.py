"""A reload of the configuration by the commands as processes, on a real Kafka."""

import signal
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from broker import LocalKafka
from tests.kit import Process, Receiver, eventually
from tests.kit.bridge import Installation, endpoint
from tests.kit.notifications import Poster, delivered, envelope, envelopes, event_json, ids, wait_for_ids

pytestmark = pytest.mark.kafka

RELOADS = "registry_worker_config_reloads_total"
SUCCESSFUL = "registry_worker_config_last_reload_successful"
NEEDS_RESTART = "registry_worker_config_needs_restart"


@pytest.fixture
def setup(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> Installation:
    """Three endpoints at one receiver that begin at the beginning of the log."""
    ends = [end(receiver, name) for name in ("kept", "changed", "removed")]
    return Installation(kafka.bootstrap, topic, tmp_path, endpoints=ends)


def end(receiver: Receiver, name: str, **settings: Any) -> dict[str, Any]:
    """An entry of `endpoints`, slow enough to have something in flight."""
    return endpoint(name, f"{receiver.url}/{name}", start="beginning", concurrency=4, **settings)


def write(process: Process, config: dict[str, Any]) -> None:
    """Put another configuration in place of a process's own, as tools do: whole."""
    made = process.folder / "new.yaml"
    made.write_text(yaml.safe_dump(config))
    made.replace(process.folder / "bridge.yaml")


def reloaded(process: Process, event: str = "config.reloaded", times: int = 1) -> dict[str, Any]:
    """The log line of a reload."""

    def found() -> dict[str, Any]:
        lines = [line for line in process.log() if line["event"] == event]
        assert len(lines) >= times, f"{len(lines)} lines {event!r}: {process.tail()}"
        return lines[times - 1]

    return eventually(found)


def samples(url: str) -> dict[tuple[str, str], float]:
    """By name, and the label `endpoint` or `result`."""
    with Poster(f"{url}/") as asked:
        text = asked.request("GET", "/metrics").body.decode()
    return {
        (sample.name, sample.labels.get("endpoint") or sample.labels.get("result", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(receiver: Receiver, name: str) -> list[str]:
    """The ids of the events that an endpoint took, in order."""
    return [one.id for one in delivered(receiver) if one.request.path == f"/{name}"]


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_worker_takes_other_endpoints(setup: Installation, receiver: Receiver, processes: str) -> None:
    """In the middle of deliveries: all but the removed one get each event once."""
    bodies = envelopes(12, 20)
    setup.publish(*bodies)
    receiver.answer(200, delay=0.1)
    with setup.worker("--processes", processes) as worker:
        url = worker.wait_ready()
        receiver.wait_for(60)
        config = setup.config()
        config["endpoints"] = [
            end(receiver, "kept"),
            {**end(receiver, "changed"), "concurrency": 8},
            end(receiver, "new"),
        ]
        write(worker, config)
        worker.signal(signal.SIGHUP)
        line = reloaded(worker)
        assert (["new"], ["removed"], {"changed": ["concurrency"]}) == tuple(
            line[key] for key in ("added", "removed", "changed")
        )
        taken = len(of(receiver, "removed"))
        found = samples(url)
        assert not [key for key in found if key[1] == "removed"]
        assert (1, 0, 1, 0) == tuple(
            found[key] for key in ((RELOADS, "success"), (RELOADS, "failure"), (SUCCESSFUL, ""), (NEEDS_RESTART, ""))
        )
        receiver.answer(200)
        bodies.append(envelope(event_json("team/late", 1)))
        setup.publish(bodies[-1])
        others = ("kept", "changed", "new")
        eventually(lambda: all(set(of(receiver, name)) == ids(bodies) for name in others))
        assert {name: len(ids(bodies)) for name in others} == {name: len(of(receiver, name)) for name in others}
        assert taken == len(of(receiver, "removed")) < len(ids(bodies))


def test_a_faulty_file_changes_nothing(setup: Installation, receiver: Receiver) -> None:
    """Each fault is a line, and counted; a later file is taken, and what needs a restart is named."""
    setup.publish(*envelopes(1, 1))
    with setup.worker() as worker:
        url = worker.wait_ready()
        config = setup.config()
        config["endpoints"] = [{**end(receiver, "kept"), "attempts": -3, "timeout": "soon"}]
        write(worker, config)
        worker.signal(signal.SIGHUP)
        reloaded(worker, "config.reload_failed", 2)
        faults = [line["fault"] for line in worker.log() if line["event"] == "config.reload_failed"]
        assert ["endpoints[0].attempts", "endpoints[0].timeout"] == sorted(fault.split(":")[0] for fault in faults)
        found = samples(url)
        assert (1, 0) == (found[RELOADS, "failure"], found[SUCCESSFUL, ""])
        setup.publish(envelope(event_json("team/more", 1)))
        eventually(lambda: len(of(receiver, "removed")) == 2)
        config["endpoints"] = [end(receiver, "kept")]
        config["topics"]["retention"] = "1d"
        config["worker"]["drain"] = "3s"
        write(worker, config)
        worker.signal(signal.SIGHUP)
        assert ["topics.retention", "worker.drain"] == reloaded(worker, "config.needs_restart")["keys"]
        found = samples(url)
        assert (1, 1, 1) == (found[RELOADS, "success"], found[SUCCESSFUL, ""], found[NEEDS_RESTART, ""])


@pytest.mark.parametrize("processes", ["1", "2"])
def test_what_a_reload_would_change(setup: Installation, receiver: Receiver, processes: str) -> None:
    """Each key with its values before and after, and no secret; then the reload is done, and nothing is left."""
    setup.sections = {"worker": {"authorization": "Bearer right"}}
    names = ("kept", "changed", "removed")
    setup.endpoints = [{**end(receiver, name), "headers": {"x-token": "only-for-tests"}} for name in names]
    setup.publish(*envelopes(1, 1))
    with setup.worker("--processes", processes) as worker:
        address = worker.address
        worker.wait_for_log("deliver.ready")
        setup.endpoints = [
            {**end(receiver, "kept"), "headers": {"x-token": "rotated-for-tests"}},
            {**end(receiver, "changed"), "headers": {"x-token": "only-for-tests"}, "attempts": 3},
            end(receiver, "new"),
        ]
        setup.sections = {"worker": {"authorization": ["Bearer wrong", "Bearer right"], "drain": "3s"}}
        shown = setup.run_bridge("check", "--against", f"http://{address}").stdout
        for line in (
            "endpoint new would be added",
            "endpoint removed would drain and be served no more; its cursor stays",
            "endpoint changed: attempts: 10 -> 3",
            "endpoint changed would drain, and begin anew from its cursor",
            "endpoint kept: headers.x-token: another value (***)",
            "endpoint kept would go on, and send the new way at once",
            "worker.drain: 10s -> 3s: needs a restart",
        ):
            assert f"reload at {address}: {line}\n" in shown, shown
        assert "endpoint kept would drain" not in shown
        assert "for-tests" not in shown
        assert "Bearer" not in shown
        setup.sections = {"worker": {"authorization": "Bearer rotated"}}
        write(worker, setup.config())
        worker.signal(signal.SIGHUP)
        reloaded(worker)
        setup.sections = {"worker": {"authorization": "Bearer rotated", "listen": address}}
        shown = setup.run_bridge("check", "--against", f"http://{address}").stdout
        assert f"reload at {address}: worker.listen: 127.0.0.1:0 -> {address}: needs a restart" in shown
        setup.sections = {"worker": {"authorization": "Bearer rotated"}}
        assert "it would change nothing" in setup.run_bridge("check", "--against", f"http://{address}").stdout
        setup.sections = {"worker": {"authorization": "Bearer right"}}
        refused = setup.run_bridge("check", "--against", f"http://{address}")
        assert 1 == refused.code
        assert "answered 401: the Authorization header is not the configured one" in refused.stdout


def test_a_rotated_secret_is_sent(setup: Installation, receiver: Receiver) -> None:
    """With --watch-config nobody says anything: the file with the token is enough; the consumer stays."""
    secret = setup.folder / "token"
    secret.write_text("Bearer old\n")
    setup.endpoints = [end(receiver, "ci", headers={"Authorization": [f"${{file:{secret}}}"]})]
    setup.publish(envelope(event_json("team/app", 1)))
    with setup.worker("--watch-config") as worker:
        receiver.wait_for(1)
        new = secret.with_name("new")
        new.write_text("Bearer new\n")
        new.replace(secret)
        assert {"ci": ["headers.Authorization"]} == reloaded(worker)["changed"]
        setup.publish(envelope(event_json("team/app", 2)))
        receiver.wait_for(2)
        assert ["Bearer old", "Bearer new"] == [one.header("authorization") for one in receiver.requests]
        assert 1 == sum(line["event"] == "endpoint.assigned" for line in worker.log())
        assert "Bearer" not in worker.stderr


@pytest.mark.parametrize("processes", ["1", "2"])
def test_an_intake_takes_another_authorization(setup: Installation, receiver: Receiver, processes: str) -> None:
    """And gives endpoints that are new their cursor: what comes from then on is theirs."""
    setup.sections = {"intake": {"authorization": "Bearer old"}}
    setup.endpoints = []
    with setup.bridge("--processes", processes) as bridge:
        url = bridge.wait_ready()
        with Poster(f"{url}/events") as poster:
            assert 200 == poster.insist(envelope(event_json("team/app", 1)), {"Authorization": "Bearer old"}).status
        setup.sections = {"intake": {"authorization": ["Bearer new"], "path": "/other"}}
        setup.endpoints = [{**end(receiver, "late"), "start": "new"}]
        write(bridge, setup.config())
        bridge.signal(signal.SIGHUP)
        assert ["intake.authorization"] == reloaded(bridge)["changed"]
        assert ["intake.path"] == reloaded(bridge, "config.needs_restart")["keys"]
        bridge.wait_for_log("endpoint.registered")
        body = envelope(event_json("team/app", 2))
        for token, status in (("old", 401), ("new", 200)):
            with Poster(f"{url}/events", {"Authorization": f"Bearer {token}"}) as poster:
                assert status == poster.insist(body).status
        most = 1 + poster.again
    done = setup.run_worker("deliver", "--until-caught-up", "--timeout", "120s")
    assert 0 == done.code, done.stderr
    found = wait_for_ids(receiver, ids([body]))
    assert ids([body]) == {one.id for one in found}
    places = [one.request.header("registry-event") for one in found]
    assert len(set(places)) == len(places) <= most, "a POST that was answered 503 may be in the log too"
