"""`--processes 2` on a real Kafka: one address and one set of pages, deaths of children and of the parent, the end."""

import asyncio
import http.client
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from broker import LocalKafka
from broker.ports import free_port
from runtime.http.local_exchange import local_get
from tests.kit import Process, Receiver, eventually
from tests.kit.bridge import BRIDGE, Installation, endpoint
from tests.kit.eventually import LIMIT_S
from tests.kit.notifications import (
    Poster,
    assert_in_order,
    delivered,
    envelope,
    envelopes,
    event_json,
    ids,
    repeats,
    wait_for_ids,
)
from tests.kit.process_state import is_running, open_sockets
from tests.kit.topics import read

pytestmark = pytest.mark.kafka

TWO = ("--processes", "2")
POSTS = 60
EXPECTED = ("end_to_end_seconds_count", "assigned_partitions", "lag")


def ask(address: str, path: str) -> Any:
    """The JSON of a page."""
    with Poster(f"http://{address}/") as asked:
        return asked.request("GET", path).json


def metrics(address: str) -> dict[tuple[str, ...], float]:
    """The samples by name and the values of their labels."""
    with Poster(f"http://{address}/") as asked:
        text = asked.request("GET", "/metrics").body.decode()
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def started(process: Process) -> list[tuple[int, int]]:
    """Number and process id of each child so far."""
    return [(line["process"], line["pid"]) for line in process.log() if line["event"] == "process.started"]


def children(process: Process, at_least: int = 2) -> list[tuple[int, int]]:
    """The same, when there were so many."""

    def enough() -> list[tuple[int, int]]:
        found = started(process)
        assert len(found) >= at_least
        return found

    return eventually(enough)


def wait_gone(*pids: int) -> None:
    """Waits until none of these processes runs."""
    eventually(lambda: not any(is_running(pid) for pid in pids))


def folder_of(pid: int) -> Path:
    """Where a child's sockets are."""
    inodes = open_sockets(pid)
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        words = line.split()
        if words[6] in inodes and words[-1].startswith("/") and Path(words[-1]).name.isdigit():
            return Path(words[-1]).parent
    raise AssertionError(f"process {pid} listens at no socket in a folder")


@contextmanager
def posting(url: str, numbers: "Iterator[int]", accepted: set[str]) -> Iterator[Any]:
    """Posts one event over a connection of its own, and notes those that were answered 200."""

    def post() -> None:
        body = envelope(event_json("team/app", next(numbers)))
        try:
            with Poster(url) as poster:
                if poster.insist(body).status == 200:
                    accepted.update(ids([body]))
        except (OSError, http.client.HTTPException):
            pass  # the process that had it was killed: a registry sends it again

    yield post


def test_an_intake_of_two(kafka: LocalKafka, topic: str, tmp_path: Path) -> None:
    """Both take POSTs at one port; one that is killed comes back, counted; what was answered 200 is in the log."""
    port = free_port()
    setup = Installation(kafka.bootstrap, topic, tmp_path, sections={"intake": {"listen": f"127.0.0.1:{port}"}})
    accepted: set[str] = set()
    with setup.bridge(*TWO) as bridge:
        url = f"{bridge.wait_ready()}/events"
        (_, first), (_, second) = children(bridge)
        folder = folder_of(first)
        with posting(url, count(), accepted) as post:
            for _ in range(POSTS):
                post()
            own = [_accepted_by(folder / str(number)) for number in (1, 2)]
            assert POSTS == sum(own) == len(accepted)
            assert min(own) > 0, "each connection goes to one of both"
            eventually(lambda: POSTS == metrics(bridge.address).get(("registry_bridge_events_accepted_total", "push")))
            os.kill(second, signal.SIGKILL)
            for _ in range(POSTS):
                post()
        bridge.wait_ready()
        eventually(lambda: _tells_of_a_restart(metrics(bridge.address)))
        (ended,) = [line for line in bridge.log() if line["event"] == "process.ended"]
        assert (2, "SIGKILL") == (ended["process"], ended["how"])
        assert {1, 2} == {line["process"] for line in bridge.log() if line["event"] == "bridge.ready"}
        other = Process(BRIDGE, "serve", *TWO, folder=tmp_path / "other", config=setup.config())
        other.begin()
        assert 1 == other.wait()
        assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in other.stderr
        assert 0 == bridge.terminate()
        assert "Traceback" not in bridge.stderr
    wait_gone(*(pid for _, pid in started(bridge)))
    assert not folder.exists()
    assert accepted <= {record.header("ce_id") for record in read(kafka, topic)}


def _tells_of_a_restart(counted: dict[tuple[str, ...], float]) -> bool:
    """Of the second process, which is up again; what the dead one counted stays."""
    assert (0.0, 1.0) == tuple(counted.get(("registry_bridge_process_restarts_total", one)) for one in "12")
    assert (1.0, 1.0) == tuple(counted.get(("registry_bridge_process_up", one)) for one in "12")
    assert counted.get(("registry_bridge_events_accepted_total", "push"), 0) >= POSTS
    assert {"1", "2", "parent"} == {key[1] for key in counted if key[0] == "process_resident_memory_bytes"}
    return True


def _accepted_by(listening: Path) -> float:
    """How many events one child has accepted."""
    text = asyncio.run(local_get(listening, "/metrics", limit_s=LIMIT_S)).body.decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "registry_bridge_events_accepted_total"
    )


def test_a_worker_of_two(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """Two members of each group deliver all in order; SIGTERM ends both; nobody outlives a parent that is killed."""
    setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=[endpoint("ci", receiver.url, start="beginning")])
    bodies = envelopes(20, 10)
    setup.publish(*bodies)
    with setup.worker(*TWO) as worker:
        worker.wait_ready()
        wait_for_ids(receiver, ids(bodies))
        eventually(lambda: [2, 2] == sorted(_held(worker).values()))
        more = envelopes(20, 10, first=10)
        setup.publish(*more)
        assert 0 == repeats(wait_for_ids(receiver, ids([*bodies, *more])))
        assert_in_order(receiver.requests)
        _assert_one_status(worker, setup)
        assert 0 == worker.terminate()
        assert {"the parent process asked for it"} == {
            line["reason"] for line in worker.log() if line["event"] == "stopping" and "process" in line
        }
        assert not [line for line in worker.log() if line["event"] in {"process.killed", "process.failed"}]
    wait_gone(*(pid for _, pid in started(worker)))
    with setup.worker(*TWO) as worker:
        worker.wait_ready()
        pids = [pid for _, pid in children(worker)]
        folder = folder_of(pids[0])
        worker.kill()
        wait_gone(*pids)
        lines = [line for line in worker.log() if line["event"] in {"stopping", "stopped"}]
        assert 4 == len(lines), "both drain as at SIGTERM"
        assert not folder.exists()
    assert 0 == repeats(delivered(receiver))


def _held(worker: Process) -> dict[int, int]:
    """How many partitions each process has, by what it logged last."""
    return {line["process"]: len(line["partitions"]) for line in worker.log() if line["event"] == "endpoint.assigned"}


def _assert_one_status(worker: Process, setup: Installation) -> None:
    """The pages of both are one: all partitions, each event counted once."""

    def settled() -> Any:
        (status,) = ask(worker.address, "/status")
        assert ([0, 1, 2, 3], 0, [], "closed") == tuple(
            status[key] for key in ("partitions", "lag", "waits_because", "breaker")
        )
        return status

    status = eventually(settled)
    assert setup.group("ci") == status["group"]
    assert 400 == sum(cursor["offset"] for cursor in status["cursors"])

    def counted() -> bool:
        (shown,) = ask(worker.address, "/debug/vars")["registry"]["notifications"]["endpoints"]
        assert {"Pending": 0, "Events": 400, "Successes": 400} == {
            key: shown["Metrics"][key] for key in ("Pending", "Events", "Successes")
        }
        found = metrics(worker.address)
        assert [400.0, 4.0, 0.0] == [found.get((f"registry_worker_{name}", "ci")) for name in EXPECTED]
        return True

    eventually(counted)
    eventually(lambda: _shows_the_attempts_of_both(worker))


def _shows_the_attempts_of_both(worker: Process) -> bool:
    found = ask(worker.address, "/attempts?endpoint=ci&limit=1000")
    assert [] == found["unknown_because"]
    assert 400 == len({(one["partition"], one["offset"]) for one in found["attempts"]}) == len(found["attempts"])
    assert {("delivered", 200, 1)} == {(one["outcome"], one["status"], one["number"]) for one in found["attempts"]}
    times = [one["time"] for one in ask(worker.address, "/attempts?limit=50")["attempts"]]
    assert 50 == len(times), "the newest of both processes"
    with Poster(f"http://{worker.address}/") as asked:
        page = asked.request("GET", "/").body.decode()
    assert '<article class="card" id="endpoint/ci"' in page
    assert "all 4, by this worker alone" in page, "what each has is all together"
    assert page.count("<tr><td><time") == 20, "the newest attempts of both"
    return True


def test_a_configuration_that_cannot_be_used(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """Is said once, with the exit status of one process, however many there were to be."""
    nothing = tmp_path / "ca.pem"
    nothing.write_text("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n")
    tls = {"ca": str(nothing)}
    setup = Installation(
        kafka.bootstrap, topic, tmp_path, endpoints=[endpoint("ci", receiver.url.replace("http", "https"), tls=tls)]
    )
    alone, two = (setup.run_worker("deliver", *words) for words in ((), TWO))
    assert 2 == alone.code == two.code
    assert [line for line in alone.stderr.splitlines() if not line.startswith("{")] == [
        line for line in two.stderr.splitlines() if not line.startswith("{")
    ]
