"""`registry-worker pause` and `resume` with real processes: by whichever worker is asked, or by Kafka alone."""

import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from broker import LocalKafka
from broker.ports import free_port
from tests.kit import Process, Receiver, eventually
from tests.kit.bridge import Installation, endpoint
from tests.kit.notifications import delivered, envelopes

pytestmark = pytest.mark.kafka


@pytest.fixture
def setup(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> Installation:
    """One endpoint from the beginning of the log, and no worker yet."""
    listen = {"worker": {"listen": f"127.0.0.1:{free_port()}"}}
    ends = [endpoint("ci/eu", receiver.url, start="beginning", backoff="5m", max_backoff="5m", threshold=2)]
    made = Installation(kafka.bootstrap, topic, tmp_path, partitions=4, endpoints=ends, sections=listen)
    assert made.run_bridge("init").code == 0
    return made


def said(setup: Installation, *arguments: str) -> str:
    """What a command that ends well prints."""
    done = setup.run_worker(*arguments)
    assert done.code == 0, done.stderr
    return done.stdout + done.stderr


def pause_at(worker: Process) -> object:
    """The pause that the worker itself tells of."""
    with urllib.request.urlopen(f"http://{worker.address}/status") as answer:
        return json.loads(answer.read())[0]["paused"]


def test_a_pause_holds_at_every_worker_and_outlives_restarts(setup: Installation, receiver: Receiver) -> None:
    """Begun while no worker runs, held by two that start and by one in another's place; ended, all arrives once."""
    out = said(setup, "pause", "--endpoint", "ci/eu", "--reason", "their release")
    assert "endpoint ci/eu is paused by an operator since 20" in out
    assert "(their release)" in out
    assert "no worker serves it now; workers that start will hold it" in out
    assert "was paused by an operator since" in said(setup, "pause", "--endpoint", "ci/eu")
    setup.publish(*envelopes(40, 2))
    with setup.worker("--processes", "2", name="first") as first:
        first.wait_ready()  # a paused endpoint is no fault
        with setup.worker("--listen", "127.0.0.1:0", name="second") as second:
            second.wait_ready()
            eventually(lambda: all(pause_at(one) for one in (first, second)))
            second.kill()
        with setup.worker("--listen", "127.0.0.1:0", name="third") as third:
            third.wait_ready()
            with urllib.request.urlopen(f"{third.wait_ready()}/metrics") as answer:
                assert b'registry_worker_paused{endpoint="ci/eu"} 1.0' in answer.read()
            eventually(lambda: "(their release)" in said(setup, "status"))
            assert "paused by an operator since" in said(setup, "explain", "0:0")
            assert "endpoint ci/eu: paused by an operator since" in setup.run_bridge("check").stdout
            assert [] == delivered(receiver)
            replayed = setup.run_worker("replay", "--endpoint", "ci/eu", "--from", "0:0", "--to", "0:1")
            assert "(their release): this command sends to it all the same" in replayed.stderr
            receiver.clear()
            out = said(setup, "resume", "--endpoint", "ci/eu")
            assert "endpoint ci/eu goes on: its pause has ended" in out
            unasked = [line for line in out.splitlines() if line.endswith("and keeps its waits")]
            assert not [line for line in unasked if first.address in line or third.address in line], "second is dead"
            eventually(lambda: len(delivered(receiver)) >= 80)
            assert 80 == len({one.id for one in delivered(receiver)}) == len(delivered(receiver))
            assert all(pause_at(one) is None for one in (first, third))


def test_a_pause_of_a_running_worker_loses_and_repeats_nothing(setup: Installation, receiver: Receiver) -> None:
    """What is in flight ends; the worker that was asked follows at once, the other within seconds."""
    receiver.answer(200, delay=0.2)
    setup.publish(*envelopes(200, 1))
    with setup.worker(name="first") as first, setup.worker("--listen", "127.0.0.1:0", name="second") as second:
        first.wait_ready()
        receiver.wait_for(20)
        address = first.address
        out = said(setup, "pause", "--endpoint", "ci/eu", "--worker", f"http://{address}")
        assert "endpoint ci/eu is paused" in out
        assert pause_at(first)
        eventually(lambda: pause_at(second))
        second.wait_for_log("endpoint.paused")
        taken = eventually(lambda: (count := len(delivered(receiver))) == len(receiver.requests) and count)
        setup.publish(*envelopes(5, 1, first=300))
        assert "was paused by an operator" in said(setup, "pause", "--endpoint", "ci/eu")
        assert taken == len(receiver.requests)
        said(setup, "resume", "--endpoint", "ci/eu")
        eventually(lambda: len(delivered(receiver)) >= 205)
    assert 205 == len({one.id for one in delivered(receiver)}) == len(delivered(receiver))


def test_resume_has_an_open_breaker_probe_now(setup: Installation, receiver: Receiver) -> None:
    """An endpoint that is well again is not left alone for the rest of five minutes."""
    receiver.answer(503)
    setup.publish(*envelopes(4, 1))
    with setup.worker() as worker:
        worker.wait_ready()
        worker.wait_for_log("breaker.open")
        receiver.answer(200)
        out = said(setup, "resume", "--endpoint", "ci/eu")
        assert "endpoint ci/eu was not paused" in out
        assert "what waited for its next try is tried now" in out
        eventually(lambda: len(delivered(receiver)) >= 4)
        assert "nothing waited for its next try" in said(setup, "resume", "--endpoint", "ci/eu")


def test_a_worker_sends_a_sample(setup: Installation, receiver: Receiver) -> None:
    """`test --from-worker`: from the machine of a worker, be it of two processes, and once; it says which one."""
    with setup.worker("--processes", "2") as worker:
        worker.wait_ready()
        done = setup.run_worker("test", "--endpoint", "ci/eu", "--from-worker")
        assert (0, f"sent by the worker at {worker.address}\n") == (done.code, done.stderr)
        assert "* outcome: delivered (status 200; head after " in done.stdout
        served = urllib.request.Request(
            f"http://{worker.address}/endpoints/none/pause", b"{}", {"Content-Type": "application/json"}
        )
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(served)
        receiver.answer(500)
        assert 1 == setup.run_worker("test", "--endpoint", "ci/eu", "--from-worker").code
    assert ["sample"] * 2 == [request.header("registry-test") for request in receiver.requests]
    nobody = setup.run_worker("test", "--endpoint", "ci/eu", "--from-worker")
    assert (1, True) == (nobody.code, nobody.stderr.startswith("registry-worker: no worker sent the event: 127.0.0.1:"))
    assert 2 == setup.run_worker("test", "--endpoint", "ci/eu", "--from-worker", "--id", "x").code
