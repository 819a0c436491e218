"""Readiness is true: of Kafka killed or frozen, of consumers that no group admits, of workers without partitions."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path

import pytest

from broker import LocalKafka
from tests.kit import Process, Receiver, eventually
from tests.kit.bridge import Installation, endpoint
from tests.kit.notifications import Poster, envelopes, ids, wait_for_ids
from tests.kit.shared_kafka import STEADY
from tests.kit.topics import delete_topic

pytestmark = pytest.mark.kafka

LONELY = {**STEADY, "group.consumer.max.size": "1", "group.max.size": "1"}


@pytest.fixture(scope="module")
def lonely(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A Kafka whose groups admit one member each."""
    with LocalKafka(tmp_path_factory.mktemp("lonely"), settings=LONELY) as running:
        yield running


def readiness(process: Process) -> tuple[int, list[str]]:
    """The status of `/readyz`, and the reasons."""
    with Poster(f"http://{process.address}/") as asked:
        answer = asked.request("GET", "/readyz")
    return answer.status, answer.json.get("reasons", [])


def wait_unready(process: Process, words: str) -> None:
    """Waits until it is not ready for a reason with these words; how soon it is, virtual time tells."""

    def unready() -> bool:
        status, reasons = readiness(process)
        assert 503 == status
        assert any(words in reason for reason in reasons), reasons
        return True

    eventually(unready)


def events(process: Process, *names: str) -> list[str]:
    """The log lines of these events, in order."""
    return [line["event"] for line in process.log() if line["event"] in names]


def in_turns(names: list[str]) -> list[str]:
    """Names without those that follow the same one: another cause of the same state is another line."""
    return [name for name, _ in groupby(names)]


def in_pairs(names: list[str]) -> bool:
    """Kafka was away and came back; while it comes back it may be away once more."""
    return bool(names) and names == ["kafka.away", "kafka.back"] * (len(names) // 2)


def is_back(worker: Process) -> bool:
    """It was ready, then it was not, and it is again; on a slow machine it may be unready more than once."""
    told = in_turns(events(worker, "deliver.ready", "deliver.not_ready"))
    since = told[told.index("deliver.ready") :]
    return "deliver.not_ready" in since and since[-1] == "deliver.ready"


@pytest.mark.parametrize("fate", ["killed", "frozen"])
def test_kafka_falls_silent_and_comes_back(
    broker: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver, fate: str
) -> None:
    """Worker and intake are unready with the cause, say so in one line, and go on by themselves."""
    setup = Installation(broker.bootstrap, topic, tmp_path, endpoints=[endpoint("ci", receiver.url)])
    with setup.bridge() as bridge, setup.worker() as worker:
        bridge.wait_ready()
        worker.wait_ready()
        worker.wait_for_log("deliver.ready")
        first = envelopes(1, 5, first=0)
        setup.publish(*first)
        wait_for_ids(receiver, ids(first))
        (broker.kill if fate == "killed" else broker.pause)()
        cause = "Connection refused" if fate == "killed" else "no answer"
        wait_unready(worker, cause)
        wait_unready(bridge, cause)
        line = worker.wait_for_log("deliver.not_ready")
        assert all(cause in reason for reason in line["reasons"]), line
        assert cause in bridge.wait_for_log("kafka.away")["reason"]
        (broker.start if fate == "killed" else broker.resume)()
        worker.wait_ready()
        bridge.wait_ready()
        second = envelopes(1, 5, first=5)
        setup.publish(*second)
        wait_for_ids(receiver, ids(first) | ids(second))
        eventually(lambda: is_back(worker))
        eventually(lambda: in_pairs(events(bridge, "kafka.away", "kafka.back")))


@pytest.mark.parametrize("kind", ["kafka", "kafka_39"])
def test_a_worker_without_partitions_is_ready(
    request: pytest.FixtureRequest, topic: str, tmp_path: Path, receiver: Receiver, kind: str
) -> None:
    """Two workers, one partition: both are members of the group, and ready, whatever its protocol."""
    kafka = request.getfixturevalue(kind)
    setup = Installation(kafka.bootstrap, topic, tmp_path, partitions=1, endpoints=[endpoint("ci", receiver.url)])
    assert 0 == setup.run_bridge("init").code
    with ExitStack() as running:
        workers = [running.enter_context(setup.worker(name=name)) for name in ("one", "two")]
        for worker in workers:
            worker.wait_ready()

        def settled() -> bool:
            held = []
            for worker in workers:
                with Poster(f"http://{worker.address}/") as asked:
                    held += [asked.request("GET", "/status").json[0]["partitions"]]
            return sorted(held) == [[], [0]]

        eventually(settled)
        eventually(lambda: [(200, [])] * 2 == [readiness(worker) for worker in workers])


@pytest.mark.parametrize("protocol", ["consumer", "classic"])
def test_a_consumer_that_its_group_does_not_admit_is_not_ready(
    lonely: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver, protocol: str
) -> None:
    """The reason is the group's own; it is said once, and over when there is room."""
    setup = Installation(
        lonely.bootstrap,
        topic,
        tmp_path,
        endpoints=[endpoint("ci", receiver.url)],
        sections={"kafka": {"group.protocol": protocol}},
    )
    assert 0 == setup.run_bridge("init").code
    with setup.worker(name="first") as first:
        first.wait_ready()
        with setup.worker(name="second") as second:
            wait_unready(second, "Consumer group has reached maximum size")
            second.wait_for_log("deliver.not_ready")
            assert 0 == first.terminate()
            second.wait_ready()
            loud = [line for line in second.log() if line["level"] in {"warning", "error"}]
            told = [line["event"] for line in loud if "maximum size" in str(line)]
            assert told, loud
            assert told.count("deliver.not_ready") <= 1
            assert told.count("log.error") <= 1
            assert "log.failed" not in [line["event"] for line in loud]


def test_a_topic_that_is_deleted_under_a_worker(
    kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver
) -> None:
    """It reads nothing and knows no lag: it says that the topic is gone, and goes on when there is one again."""
    setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=[endpoint("ci", receiver.url)])
    assert 0 == setup.run_bridge("init").code
    with setup.worker() as worker:
        worker.wait_ready()
        worker.wait_for_log("deliver.ready")
        delete_topic(kafka, topic)
        wait_unready(worker, f"topic {topic} does not exist any more")
        eventually(lambda: no_lag(worker))
        bodies = envelopes(2, 3)
        setup.publish(*bodies)
        wait_for_ids(receiver, ids(bodies))
        worker.wait_ready()
        eventually(lambda: is_back(worker))
        said = [
            line.get("reasons", []) for line in worker.log() if line["event"] in {"deliver.ready", "deliver.not_ready"}
        ]
        assert any(f"topic {topic} does not exist any more" in str(reasons) for reasons in said)
        assert len(said) == len(list(groupby(said))), "each state is said once"


def no_lag(process: Process) -> bool:
    """It has no sample of the lag."""
    with Poster(f"http://{process.address}/") as asked:
        assert b"registry_worker_lag{" not in asked.request("GET", "/metrics").body
    return True
