"""Kills and stops, of worker, bridge and broker, under load: nothing that was answered 200 is lost, little repeats."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from broker import LocalKafka
from tests.kit import Answer, Receiver, eventually
from tests.kit.bridge import Installation, endpoint
from tests.kit.load import Load
from tests.kit.notifications import (
    Poster,
    arrivals,
    assert_in_order,
    assert_one_at_a_time,
    assert_same_bytes,
    delivered,
    doubles,
    envelope,
    envelopes,
    event_json,
    ids,
    repeats,
    wait_for_ids,
)
from tests.kit.process import Process
from tests.kit.shared_kafka import STEADY
from tests.kit.topics import read

pytestmark = pytest.mark.kafka

MOST_REPEATS = 3 * 64  # three times the default concurrency
SOON_S = 90.0
"""2 s on a machine that has time: the limit of a write sees to it. A client's own limits are minutes."""
AT_ONCE_S = 1.0
"""Without the wait for Kafka, which is longer; the median says so, since a busy machine holds up a few answers."""
TRIES = 3
NO_SESSION = "a worker lost its session in each try"
EXPELLED = ("log.partitions_lost", "log.last_commit_failed")
"""What a worker logs that was held up for a whole session, which is short here: events that it had come again."""
SWIFT = {"group.consumer.session.timeout.ms": "6000", "group.consumer.heartbeat.interval.ms": "500"}


@pytest.fixture(scope="module")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A Kafka that gives a killed worker's partitions to the next one after 6 s."""
    with LocalKafka(tmp_path_factory.mktemp("swift"), settings={**SWIFT, **STEADY}) as running:
        yield running


@pytest.fixture
def own(tmp_path: Path) -> Iterator[LocalKafka]:
    """The same, of the test's own."""
    with LocalKafka(tmp_path / "kafka", settings=SWIFT) as running:
        yield running


def tries(kafka: LocalKafka, topic: str, folder: Path, ends: Sequence[Mapping[str, Any]]) -> Iterator[Installation]:
    """Installations for a few tries, each with topics of its own."""
    for number in range(TRIES):
        yield Installation(kafka.bootstrap, f"{topic}-{number}", folder / str(number), endpoints=ends)


def rss_kib(process: Process) -> int:
    """The resident memory of a process."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1])


def test_killed_worker_loses_nothing(swift: LocalKafka, topic: str, receiver: Receiver, tmp_path: Path) -> None:
    """SIGKILL in mid-delivery: every event still arrives, in order, few twice and those with equal id and bytes."""
    bodies = envelopes(repositories=100, each=25)
    ends = [endpoint("ci", receiver.url, start="beginning")]
    setup = Installation(swift.bootstrap, topic, tmp_path, endpoints=ends)
    setup.publish(*bodies)
    receiver.answer(200, delay=0.02)
    for kill_at in (300, 900):
        worker = setup.worker()
        with worker:
            receiver.wait_for(kill_at)
            worker.kill()
    with setup.worker() as worker:
        found = wait_for_ids(receiver, ids(bodies))
        assert worker.terminate() == 0
    assert repeats(arrivals(receiver.requests)) <= 2 * MOST_REPEATS
    assert repeats(found) > 0, "nothing was in flight: the kill proved nothing"
    assert_same_bytes(found)
    assert_in_order(receiver.requests)


def test_stopped_worker_repeats_nothing(kafka: LocalKafka, topic: str, receiver: Receiver, tmp_path: Path) -> None:
    """SIGTERM under load, three times over: exit 0, every event arrives exactly once and in order."""
    bodies = envelopes(repositories=50, each=30)
    ends = [endpoint("ci", receiver.url, start="beginning")]
    setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=ends)
    setup.publish(*bodies)
    receiver.answer(200, delay=0.02)
    for stop_at in (300, 800):
        with setup.worker() as worker:
            receiver.wait_for(stop_at)
            assert worker.terminate() == 0
            assert "Traceback" not in worker.stderr
    with setup.worker() as worker:
        wait_for_ids(receiver, ids(bodies))
        assert worker.terminate() == 0
    assert doubles(arrivals(receiver.requests)) == {}
    assert all(request.status == 200 for request in receiver.requests), "an answer was not waited for"
    assert_in_order(receiver.requests)
    assert_one_at_a_time(receiver.requests)


def test_worker_stopped_before_a_slow_answer(swift: LocalKafka, topic: str, receiver: Receiver, tmp_path: Path) -> None:
    """SIGTERM waits for a request in flight, longer than the group's session, and commits it: it is not sent again."""
    ends = [endpoint("ci", receiver.url, start="beginning", timeout="60s")]
    assert any(commits_a_slow_answer(setup, receiver) for setup in tries(swift, topic, tmp_path, ends)), NO_SESSION


def commits_a_slow_answer(setup: Installation, receiver: Receiver) -> bool:
    """Whether all workers kept their session, so that this try has shown it."""
    receiver.answer(200, delay=7.5)
    setup.publish(envelope(event_json("team/slow", 0)))
    with setup.worker() as worker:
        receiver.wait_until(lambda found: len(found) == 1)
        assert worker.terminate() == 0
    receiver.answer(200)
    setup.publish(envelope(event_json("team/slow", 1)))
    done = setup.run_worker("deliver", "--until-caught-up", "--timeout", "120s")
    assert done.code == 0
    if any(event in worker.stderr + done.stderr for event in EXPELLED):
        receiver.clear()
        return False
    assert ["team-slow-0", "team-slow-1"] == [arrival.id for arrival in delivered(receiver)]
    return True


def test_stopped_bridge_keeps_its_word(swift: LocalKafka, topic: str, tmp_path: Path) -> None:
    """SIGTERM under concurrent POSTs: exit 0, and every event that was answered 200 is in the log exactly once."""
    setup = Installation(swift.bootstrap, topic, tmp_path)
    with setup.bridge() as bridge:
        load = Load(f"{bridge.wait_ready()}/events", 16, insists=False)
        with load:
            eventually(lambda: len(load.taken) > 1000)
            assert bridge.terminate() == 0
        assert "Traceback" not in bridge.stderr
        refusals = [line for line in bridge.log() if line.get("event") == "intake.refused"]
        stopping = [line for line in refusals if line["reason"] != "kafka" or "closed" in line["error"]]
        assert [] == stopping, "an event was refused only because the bridge was stopping"
    in_log = Counter(record.header("ce_id") for record in read(swift, topic))
    taken = load.taken
    assert len(taken) == len(set(taken)) > 1000
    assert {} == {name: in_log[name] for name in taken if in_log[name] != 1}


def test_killed_bridge_keeps_its_word(swift: LocalKafka, topic: str, tmp_path: Path) -> None:
    """SIGKILL under concurrent POSTs: every event that was answered 200 is in the log."""
    setup = Installation(swift.bootstrap, topic, tmp_path)
    with setup.bridge() as bridge:
        load = Load(f"{bridge.wait_ready()}/events", 16, insists=False)
        with load:
            eventually(lambda: len(load.taken) > 1000)
            bridge.kill()
    in_log = {record.header("ce_id") for record in read(swift, topic)}
    assert set() == set(load.taken) - in_log


def test_broker_killed_under_load(broker: LocalKafka, topic: str, receiver: Receiver, tmp_path: Path) -> None:
    """The broker is killed and comes back: what was answered 200 arrives, in order, and both go on by themselves."""
    setup = Installation(broker.bootstrap, topic, tmp_path, endpoints=[endpoint("ci", receiver.url)])
    with setup.bridge() as bridge, setup.worker() as worker:
        url = f"{bridge.wait_ready()}/events"
        worker.wait_ready()
        with Load(url, 8, pause=0.02) as load:
            receiver.wait_for(200)
            broker.kill()
            eventually(lambda: 503 in load.statuses)
            broker.start()
            before = len(receiver.requests)
            receiver.wait_until(lambda found: len(found) > before)
            taken = len(load.taken)
            eventually(lambda: len(load.taken) > taken + 200)
        wait_for_ids(receiver, set(load.taken))
        assert set(load.statuses) == {200, 503}
        assert_in_order(receiver.requests)
        assert_one_at_a_time(receiver.requests)
        assert worker.terminate() == bridge.terminate() == 0
        assert "Traceback" not in bridge.stderr + worker.stderr


def test_broker_paused(broker: LocalKafka, topic: str, receiver: Receiver, tmp_path: Path) -> None:
    """A broker that hangs: 503 with Retry-After soon, then at once, without growing; then on by itself."""
    setup = Installation(broker.bootstrap, topic, tmp_path, endpoints=[endpoint("ci", receiver.url)])
    with setup.bridge() as bridge, setup.worker() as worker, Poster(f"{bridge.wait_ready()}/events") as poster:
        worker.wait_ready()
        assert poster.insist(envelope(event_json("team/app", 0))).status == 200
        broker.pause()
        first = poster.post(envelope(event_json("team/app", 1)))
        assert (503, True) == (first.status, first.seconds < SOON_S)
        assert int(first.headers["retry-after"]) >= 1
        assert "error" in first.json
        quick = [poster.post(envelope(event_json("team/app", 1))) for _ in range(50)]
        assert {503} == {reply.status for reply in quick}
        assert median(reply.seconds for reply in quick) < AT_ONCE_S
        assert all("retry-after" in reply.headers for reply in quick)
        assert poster.request("GET", "/readyz").status == 503
        assert poster.request("GET", "/livez").status == 200
        before = rss_kib(bridge)
        large = envelope(event_json("team/large", 0, actor={"name": "x" * 200_000}))
        assert {503} == {poster.post(large).status for _ in range(500)}
        assert rss_kib(bridge) - before < 20 * 1024
        broker.resume()
        eventually(lambda: poster.post(envelope(event_json("team/app", 1))).status == 200)
        assert eventually(lambda: poster.request("GET", "/readyz").status == 200)
        wait_for_ids(receiver, {"team-app-0", "team-app-1"})
        assert worker.terminate() == bridge.terminate() == 0


def test_broker_away_for_a_registry_that_insists(
    broker: LocalKafka, topic: str, receiver: Receiver, tmp_path: Path
) -> None:
    """Concurrent registries that come again lose nothing while Kafka is away; after the first, no answer is slow."""
    setup = Installation(broker.bootstrap, topic, tmp_path, endpoints=[endpoint("ci", receiver.url)])
    with setup.bridge() as bridge, setup.worker() as worker:
        url = f"{bridge.wait_ready()}/events"
        worker.wait_ready()
        with Load(url, 16, pause=0.01) as load:
            eventually(lambda: len(load.taken) > 200)
            broker.kill()
            eventually(lambda: load.statuses.count(503) > 200)
            assert max(load.seconds) < SOON_S
            assert median(load.seconds[-200:]) < AT_ONCE_S
            broker.start()
            taken = len(load.taken)
            eventually(lambda: len(load.taken) > taken + 200)
        found = wait_for_ids(receiver, set(load.taken))
        numbers: dict[str, set[int]] = {}
        for arrival in found:
            numbers.setdefault(arrival.repository, set()).add(arrival.number)
        assert {n: set(range(max(of) + 1)) for n, of in numbers.items()} == numbers, "a number is missing"
        assert worker.terminate() == bridge.terminate() == 0


def test_stop_while_kafka_is_away(own: LocalKafka, topic: str, receiver: Receiver, tmp_path: Path) -> None:
    """SIGTERM ends both with exit 0 in bounded time though Kafka does not answer; later nothing is missing."""
    ends = [endpoint("ci", receiver.url, timeout="1s")]
    setup = Installation(own.bootstrap, topic, tmp_path, endpoints=ends)
    bodies = envelopes(repositories=5, each=20)
    with setup.bridge() as bridge, setup.worker() as worker, Poster(f"{bridge.wait_ready()}/events") as poster:
        worker.wait_ready()
        assert {200} == {poster.insist(body).status for body in bodies}
        wait_for_ids(receiver, ids(bodies))
        own.kill()
        stopping = threading.Thread(target=bridge.terminate)
        stopping.start()
        assert worker.terminate() == 0
        stopping.join()
        assert bridge.returncode == 0
        assert "Traceback" not in bridge.stderr + worker.stderr
    own.start()
    setup.publish(envelope(event_json("team/app0", 20)))
    done = setup.run_worker("deliver", "--until-caught-up", "--timeout", "120s")
    assert done.code == 0, done.stderr
    wait_for_ids(receiver, {*ids(bodies), "team-app0-20"})


def test_worker_starts_before_kafka(broker: LocalKafka, topic: str, receiver: Receiver, tmp_path: Path) -> None:
    """Both processes start while Kafka is away, say so in /readyz, and go on by themselves when it comes."""
    broker.stop()
    setup = Installation(broker.bootstrap, topic, tmp_path, endpoints=[endpoint("ci", receiver.url)])
    with (
        setup.bridge() as bridge,
        setup.worker() as worker,
        Poster(f"http://{bridge.address}/events") as poster,
        Poster(f"http://{worker.address}/") as asked,
    ):
        assert poster.request("GET", "/readyz").status == 503
        assert asked.request("GET", "/readyz").status == 503
        reply = poster.post(envelope(event_json("team/app", 0)))
        assert (503, True) == (reply.status, reply.seconds < SOON_S)
        broker.start()
        eventually(lambda: poster.post(envelope(event_json("team/app", 0))).status == 200)
        wait_for_ids(receiver, {"team-app-0"})
        worker.wait_ready()
        bridge.wait_ready()


def test_dead_endpoint_survives_worker_kill(swift: LocalKafka, topic: str, receiver: Receiver, tmp_path: Path) -> None:
    """An outage of the endpoint across a kill of the worker loses nothing and makes no dead letters."""
    ends = [endpoint("ci", receiver.url, start="beginning")]
    made = tries(swift, topic, tmp_path, ends)
    assert any(outlives_an_outage(swift, setup, receiver) for setup in made), NO_SESSION


def outlives_an_outage(kafka: LocalKafka, setup: Installation, receiver: Receiver) -> bool:
    """Whether the second worker kept its session, so that this try has shown it."""
    bodies = envelopes(repositories=10, each=10)
    receiver.answer_by(Answer(status=503))
    setup.publish(*bodies)
    with setup.worker() as worker:
        receiver.wait_for(5)
        worker.kill()
    receiver.stop()  # what the killed worker had sent and nobody has read yet is not answered 200
    receiver.answer(200)
    receiver.start()
    with setup.worker() as worker:
        wait_for_ids(receiver, ids(bodies))
        assert worker.terminate() == 0
    assert read(kafka, setup.dead_letters) == []
    if any(event in worker.stderr for event in EXPELLED):
        receiver.clear()
        return False
    assert doubles(delivered(receiver)) == {}
    return True
