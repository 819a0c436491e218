"""Workers come and go on a real Kafka: nothing is lost, a graceful change repeats nothing, repositories keep order."""

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource

from broker import LocalKafka
from tests.kit import Answer, Captured, Receiver, eventually
from tests.kit.bridge import Installation, endpoint
from tests.kit.eventually import LIMIT_S
from tests.kit.load import Load
from tests.kit.notifications import (
    arrivals,
    assert_in_order,
    assert_one_at_a_time,
    assert_same_bytes,
    delivered,
    doubles,
    envelopes,
    ids,
    repeats,
    wait_for_ids,
)
from tests.kit.process import Process
from tests.kit.shared_kafka import STEADY
from tests.kit.topics import admin

pytestmark = pytest.mark.kafka

MOST_REPEATS = 3 * 64
PARTITIONS = 6
SWIFT = {
    **STEADY,
    "group.consumer.session.timeout.ms": "6000",
    "group.consumer.heartbeat.interval.ms": "300",
    "group.consumer.min.heartbeat.interval.ms": "300",
    "group.min.session.timeout.ms": "1000",
}


@pytest.fixture(scope="module")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A Kafka that moves partitions fast."""
    with LocalKafka(tmp_path_factory.mktemp("swift"), settings=SWIFT) as running:
        yield running


def be_patient(kafka: LocalKafka, group: str) -> None:
    """Nobody of this group is to be taken for dead, however long this machine stands still."""
    patience = ConfigEntry("consumer.session.timeout.ms", "60000", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ConfigResource.Type.GROUP, group, incremental_configs=[patience])
    client = admin(kafka)
    client.incremental_alter_configs([resource])[resource].result(LIMIT_S)


def shares(workers: list[Process]) -> list[list[int]]:
    """The partitions that each worker holds by its log."""
    held = []
    for worker in workers:
        lines = [line for line in worker.log() if line.get("event") == "endpoint.assigned"]
        held.append(lines[-1]["partitions"] if lines else [])
    return held


def wait_for_shares(workers: list[Process]) -> None:
    """Waits until the workers share all partitions, each with some."""

    def settled() -> bool:
        held = shares(workers)
        assert sorted(number for share in held for number in share) == list(range(PARTITIONS)), held
        assert all(held), held
        return True

    eventually(settled)


def busy(receiver: Receiver, more: int) -> None:
    """Waits until the receiver has answered so many more requests: the change before is amid deliveries."""
    answered = sum(request.status is not None for request in receiver.requests)
    receiver.wait_for(answered + more)


def places_twice(receiver: Receiver) -> list[str]:
    """The places in the log whose events came more than once."""
    counts = Counter(request.header("registry-event") or "" for request in receiver.requests)
    return [place for place, count in counts.items() if count > 1]


def test_graceful_changes_repeat_nothing(swift: LocalKafka, topic: str, receiver: Receiver, tmp_path: Path) -> None:
    """Under load a second and a third worker join and two leave: every event arrives once, in order, one at a time."""
    receiver.answer(200, delay=0.01)
    setup = Installation(
        swift.bootstrap, topic, tmp_path, partitions=PARTITIONS, endpoints=[endpoint("ci", receiver.url)]
    )
    be_patient(swift, setup.group("ci"))
    with ExitStack() as stack:
        bridge = stack.enter_context(setup.bridge())
        url = f"{bridge.wait_ready()}/events"
        workers = [stack.enter_context(setup.worker(name="worker0"))]
        wait_for_shares(workers)
        with Load(url, 24, pause=0.1) as load:
            busy(receiver, 200)
            for name in ("worker1", "worker2"):
                workers.append(stack.enter_context(setup.worker(name=name)))
                wait_for_shares(workers)
                busy(receiver, 200)
            for _ in range(2):
                assert workers.pop(0).terminate() == 0
                busy(receiver, 200)
                wait_for_shares(workers)
        wait_for_ids(receiver, set(load.taken))
        assert workers[0].terminate() == 0
    assert places_twice(receiver) == [], "an event that was answered 503 can be in the log twice, a place only once"
    assert_in_order(receiver.requests)
    assert_one_at_a_time(receiver.requests)


def test_rolling_restart_of_a_backlog(swift: LocalKafka, topic: str, receiver: Receiver, tmp_path: Path) -> None:
    """Two workers in the middle of a backlog are replaced one after the other: nothing lost, nothing twice.

    Half of it is taken quickly. The other half would last for minutes: until the last change is done, however slow
    this machine is.
    """
    receiver.answer_by(lambda _: Answer(delay=0.08 if len(receiver.requests) < 1400 else 5.0))
    ends = [endpoint("ci", receiver.url, start="beginning")]
    setup = Installation(swift.bootstrap, topic, tmp_path, partitions=PARTITIONS, endpoints=ends)
    bodies = envelopes(repositories=40, each=70)
    be_patient(swift, setup.group("ci"))
    setup.publish(*bodies)
    with ExitStack() as stack:
        workers = [stack.enter_context(setup.worker(name=f"old{n}")) for n in range(2)]
        wait_for_shares(workers)
        for number in range(2):
            assert workers.pop(0).terminate() == 0
            workers.append(stack.enter_context(setup.worker(name=f"new{number}")))
            wait_for_shares(workers)
        assert len(receiver.requests) < len(bodies), "the backlog was gone before the last change"
        receiver.answer(200)
        wait_for_ids(receiver, ids(bodies))
        assert [0, 0] == [worker.terminate() for worker in workers]
    assert doubles(arrivals(receiver.requests)) == {}
    assert_in_order(receiver.requests)
    assert_one_at_a_time(receiver.requests)


def by_partition(requests: list[Captured]) -> set[str]:
    """The partitions that requests came from."""
    return {str(request.header("registry-event")).split("/")[1] for request in requests}


def test_killed_worker_hands_over(swift: LocalKafka, topic: str, receiver: Receiver, tmp_path: Path) -> None:
    """One of three workers is killed amid deliveries: the others take over, nothing is lost, order holds."""
    receiver.answer(200, delay=0.01)
    setup = Installation(
        swift.bootstrap, topic, tmp_path, partitions=PARTITIONS, endpoints=[endpoint("ci", receiver.url)]
    )
    with ExitStack() as stack:
        bridge = stack.enter_context(setup.bridge())
        url = f"{bridge.wait_ready()}/events"
        workers = [stack.enter_context(setup.worker(name=f"worker{n}")) for n in range(3)]
        wait_for_shares(workers)
        with Load(url, 24, pause=0.05) as load:
            busy(receiver, 500)
            workers.pop().kill()
            wait_for_shares(workers)
            seen = len(receiver.requests)
            receiver.wait_until(lambda found: len(by_partition(found[seen:])) == len(by_partition(found[:seen])))
        found = wait_for_ids(receiver, set(load.taken))
        assert [0, 0] == [worker.terminate() for worker in workers]
    assert repeats(found) <= MOST_REPEATS
    assert_same_bytes(found)
    assert_in_order(receiver.requests)


def test_frozen_worker_does_no_harm(swift: LocalKafka, topic: str, receiver: Receiver, tmp_path: Path) -> None:
    """A worker that hangs longer than its session and wakes again commits nothing over its successor's work."""
    receiver.answer(200, delay=0.01)
    ends = [endpoint("ci", receiver.url, start="beginning")]
    setup = Installation(swift.bootstrap, topic, tmp_path, partitions=PARTITIONS, endpoints=ends)
    bodies = envelopes(repositories=40, each=30)
    setup.publish(*bodies)
    with ExitStack() as stack:
        frozen = stack.enter_context(setup.worker(name="frozen"))
        receiver.wait_for(200)
        frozen.signal(signal.SIGSTOP)
        other = stack.enter_context(setup.worker(name="other"))
        wait_for_ids(receiver, ids(bodies))
        frozen.signal(signal.SIGCONT)
        wait_for_shares([frozen, other])
        later = envelopes(repositories=40, each=2, first=30)
        setup.publish(*later)
        wait_for_ids(receiver, ids(later))
        assert [0, 0] == [frozen.terminate(), other.terminate()]
    done = setup.run_worker("deliver", "--until-caught-up", "--timeout", "120s")
    assert done.code == 0, done.stderr
    found = delivered(receiver)
    assert repeats(found) <= MOST_REPEATS
    assert_same_bytes(found)


def test_classic_protocol_loses_nothing(swift: LocalKafka, topic: str, receiver: Receiver, tmp_path: Path) -> None:
    """With `group.protocol: classic` a worker joins and one leaves under load: nothing is lost, order holds."""
    receiver.answer(200, delay=0.01)
    kafka = {"group.protocol": "classic", "session.timeout.ms": "6000", "heartbeat.interval.ms": "300"}
    setup = Installation(
        swift.bootstrap,
        topic,
        tmp_path,
        partitions=PARTITIONS,
        endpoints=[endpoint("ci", receiver.url)],
        sections={"kafka": kafka},
    )
    with ExitStack() as stack:
        bridge = stack.enter_context(setup.bridge())
        url = f"{bridge.wait_ready()}/events"
        workers = [stack.enter_context(setup.worker(name="worker0"))]
        wait_for_shares(workers)
        with Load(url, 12, pause=0.06) as load:
            busy(receiver, 100)
            workers.append(stack.enter_context(setup.worker(name="worker1")))
            wait_for_shares(workers)
            busy(receiver, 100)
            assert workers.pop(0).terminate() == 0
            busy(receiver, 100)
        found = wait_for_ids(receiver, set(load.taken))
        assert workers[0].terminate() == 0
    assert_same_bytes(found)
    assert_in_order(receiver.requests)
