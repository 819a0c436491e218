"""SIGTERM while Kafka does not answer: everything ends within its one deadline, and says truly what was broken off."""

import json
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from broker import LocalKafka
from runtime.last_resort import GRACE_S as LAST_RESORT_S
from tests.kit import Process, Receiver, eventually
from tests.kit.bridge import WORKER, Installation, endpoint
from tests.kit.notifications import envelopes, ids
from tests.kit.topics import committed

pytestmark = pytest.mark.kafka

DRAIN_S = 3.0
GRACE_S = 2.0
BUSY_S = 60.0
"""A busy machine's own delay, on top of what is promised."""
TRIES = 3
"""Of a worker that a busy machine holds up so long that it is ended: it could not keep its deadline."""
FOLLOWING = (("tail", "--follow"), ("status", "--watch"))
REPLAYING = ("replay", "--endpoint", "ci", "--from", "beginning")
EXPORTING = ("export", "--follow", "--format", "ndjson", "--output")


def ended_within(processes: list[Process], seconds: float) -> list[int]:
    """The exit statuses of processes that get SIGTERM together."""
    for process in processes:
        process.signal(signal.SIGTERM)
    began = time.monotonic()
    found = [process.wait() for process in processes]
    took = time.monotonic() - began
    assert took < seconds + BUSY_S, f"{took:.1f} s\n" + "\n".join(process.tail() for process in processes)
    return found


def test_a_worker_ends_though_its_interpreter_is_held(
    kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver
) -> None:
    """Nothing of ours runs any more then: status 1, and where it stood."""
    drain = {"worker": {"drain": "1s"}}
    ends = [endpoint("ci", receiver.url, timeout="1s")]
    setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=ends, sections=drain)
    assert setup.run_bridge("init").code == 0
    held = ("hold_the_interpreter", "deliver")
    with Process("tests.chaos.planted", *held, folder=tmp_path / "held", config=setup.config()) as worker:
        worker.wait_ready()
        assert [1] == ended_within([worker], 2.0 + GRACE_S + LAST_RESORT_S)
        assert "in held" in worker.stderr


@pytest.mark.parametrize("fate", ["killed", "frozen"])
def test_everything_ends_in_time_without_kafka(
    broker: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver, fate: str
) -> None:
    """A worker with a dead letter that waits, an intake, and whatever follows the log; nothing is lost, all exit 0."""
    for number in range(TRIES):
        if ended_in_time(broker, f"{topic}-{number}", tmp_path / str(number), receiver, fate):
            return
        (broker.start if fate == "killed" else broker.resume)()
        receiver.clear()
    pytest.fail(f"the worker stood still {TRIES} times")


def ended_in_time(broker: LocalKafka, topic: str, folder: Path, receiver: Receiver, fate: str) -> bool:
    """Whether all do as they should; False if the machine held up the worker for so long that its watchdog ended it."""
    setup = Installation(
        broker.bootstrap,
        topic,
        folder,
        endpoints=[endpoint("ci", receiver.url, timeout="1s", threshold=1000)],
        sections={"worker": {"drain": f"{DRAIN_S:g}s"}},
    )
    receiver.answer(503)
    bodies = envelopes(3, 2)
    with ExitStack() as running:
        bridge, worker = running.enter_context(setup.bridge()), running.enter_context(setup.worker())
        bridge.wait_ready()
        worker.wait_ready()
        setup.publish(*bodies)
        receiver.wait_for(3)
        followers = [
            running.enter_context(Process(WORKER, *words, folder=folder / words[0], config=setup.config()))
            for words in (*FOLLOWING, (*EXPORTING, str(folder / "out")))
        ]
        eventually(lambda: len(followers[0].stdout.splitlines()) == 6)
        eventually(lambda: bool(followers[1].stdout))
        replay = Process(WORKER, *REPLAYING, folder=folder / "replay", config=setup.config())
        running.enter_context(replay)
        eventually(lambda: any(one.header("registry-replay") for one in receiver.requests))
        (broker.kill if fate == "killed" else broker.pause)()
        receiver.answer(422)
        worker.wait_for_log("dead_letter.not_written")
        replay.wait_for_log("replay.failed")
        ended = ended_within([worker, bridge, *followers, replay], DRAIN_S + GRACE_S)
        if ended[0] == 1 and any(line.startswith("Timeout (") for line in worker.stderr.splitlines()):
            return False
        assert [0, 0, 0, 0, 0, 1] == ended, "a replay that is stopped is to be resumed"
        assert "--resume" in replay.stdout
        (said,) = [line for line in worker.log() if line["event"] == "endpoint.broken_off"]
        assert 0 == said["requests"]
        assert 1 <= said["dead_letters"] <= 3
        assert sum(line["event"] == "endpoint.not_closed" for line in worker.log()) <= 1
        assert "stopped" == worker.log()[-1]["event"]
        assert all("Traceback" not in process.stderr for process in (worker, bridge, *followers))
    if fate == "frozen":
        broker.resume()
        assert {0} == set(committed(broker, setup.group("ci"), topic).values()), "nothing was delivered"
    lines = [line for file in (folder / "out").rglob("*.ndjson") for line in file.read_text().splitlines()]
    assert {json.loads(line)["event"]["id"] for line in lines} <= ids(bodies), "files are whole, or not there"
    return True
