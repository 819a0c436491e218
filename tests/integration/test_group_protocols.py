"""Every kind of Kafka delivers without a setting; a protocol that the cluster lacks is said, with both remedies."""

import socket
import struct
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from broker import LocalKafka
from runtime.kafka.group_protocol import ProtocolSupport, ask
from tests.kit import Receiver, eventually
from tests.kit.bridge import Installation, endpoint
from tests.kit.eventually import LIMIT_S
from tests.kit.notifications import Poster, delivered, envelopes, ids, wait_for_ids
from tests.kit.waiting import waiting_reasons

pytestmark = pytest.mark.kafka

UPDATE_FEATURES = 57
KINDS = {"kafka": "consumer", "kafka_39": "classic", "kafka_without_group_version": "classic"}
ANSWERS = [
    ("kafka", ProtocolSupport.TAKES_PART),
    ("kafka_39", ProtocolSupport.ABSENT),
    ("kafka_without_group_version", ProtocolSupport.SWITCHED_OFF),
]
LACKING = {"kafka_39": "Kafka 4.0 or newer", "kafka_without_group_version": "upgrade --feature group.version=1"}


def setup(kafka: LocalKafka, topic: str, folder: Path, receiver: Receiver, protocol: str = "") -> Installation:
    """One endpoint; of the section `kafka` there is only what must be, or the protocol too."""
    section = {"kafka": {"group.protocol": protocol}} if protocol else {}
    return Installation(kafka.bootstrap, topic, folder, endpoints=[endpoint("ci", receiver.url)], sections=section)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_kafka_delivers_without_a_setting(
    request: pytest.FixtureRequest, topic: str, tmp_path: Path, receiver: Receiver, kind: str
) -> None:
    """The protocol is said in one line, and `check` says it too and is content."""
    installed = setup(request.getfixturevalue(kind), topic, tmp_path, receiver)
    assert 0 == installed.run_bridge("init").code
    bodies = envelopes(2, 10)
    with installed.worker() as worker:
        worker.wait_ready()
        installed.publish(*bodies)
        wait_for_ids(receiver, ids(bodies))
        lines = [line for line in worker.log() if line["event"] == "kafka.group_protocol"]
        assert [KINDS[kind]] == [line["protocol"] for line in lines]
        assert 0 == worker.terminate()
    assert sorted(ids(bodies)) == sorted(arrival.id for arrival in delivered(receiver)), (
        "a graceful stop repeats nothing"
    )
    done = installed.run_bridge("check")
    assert 0 == done.code, done.stdout
    assert f"groups use the protocol {KINDS[kind]}" in done.stdout
    assert f"Kafka {'inter.broker.protocol.version 3.9' if kind == 'kafka_39' else '4.0 or newer'}" in done.stdout


@pytest.mark.parametrize("kind", LACKING)
def test_a_protocol_that_the_cluster_lacks_is_never_silence(
    request: pytest.FixtureRequest, topic: str, tmp_path: Path, receiver: Receiver, kind: str
) -> None:
    """`deliver` says why it waits, once, and is not ready; `check` is exit 2."""
    installed = setup(request.getfixturevalue(kind), topic, tmp_path, receiver, "consumer")
    assert 0 == installed.run_bridge("init").code

    def names_both(text: str) -> bool:
        return all(words in text for words in ("set it to auto or classic", LACKING[kind]))

    with installed.worker() as worker:
        [said] = eventually(lambda: waiting_reasons(worker))
        assert names_both(said)
        with Poster(f"http://{worker.address}/") as asked:

            def not_ready() -> bool:
                answer = asked.request("GET", "/readyz")
                assert (503, [said]) == (answer.status, answer.json["reasons"])
                return True

            eventually(not_ready)
        assert [said] == waiting_reasons(worker)
    done = installed.run_bridge("check")
    wrong = [found for found in done.stdout.splitlines() if found.startswith("wrong")]
    assert (2, 1, True) == (done.code, len(wrong), names_both(wrong[0]))


@pytest.mark.parametrize(("kind", "answer"), ANSWERS)
def test_to_ask_leaves_nothing_behind(
    request: pytest.FixtureRequest, topic: str, kind: str, answer: ProtocolSupport
) -> None:
    """No group is made, and no topic."""
    kafka = request.getfixturevalue(kind)
    assert answer is ask({"bootstrap.servers": kafka.bootstrap}, client_id="test", group=topic, topic=topic)
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    groups = admin.list_consumer_groups(request_timeout=LIMIT_S).result().valid
    assert [] == [group.group_id for group in groups if topic in group.group_id]
    assert topic not in admin.list_topics(timeout=LIMIT_S).topics


def test_a_cluster_that_is_upgraded_is_taken_part_in(tmp_path: Path, topic: str, receiver: Receiver) -> None:
    """A worker that waits for the protocol goes on by itself when it is switched on."""
    with LocalKafka(tmp_path / "kafka", features={"group.version": 0}) as kafka:
        installed = setup(kafka, topic, tmp_path, receiver, "consumer")
        assert 0 == installed.run_bridge("init").code
        bodies = envelopes(1, 5)
        with installed.worker() as worker:
            eventually(lambda: waiting_reasons(worker))
            switch_on(kafka)
            worker.wait_ready()
            installed.publish(*bodies)
            wait_for_ids(receiver, ids(bodies))


def test_settings_that_only_one_protocol_has_are_not_passed_to_the_other(
    kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver
) -> None:
    """`session.timeout.ms` is the broker's business with `consumer`: said once, and no reason to fail."""
    ends = [endpoint("ci", receiver.url)]
    sections = {"kafka": {"session.timeout.ms": "7000", "heartbeat.interval.ms": "500"}}
    installed = Installation(kafka.bootstrap, topic, tmp_path, endpoints=ends, sections=sections)
    assert 0 == installed.run_bridge("init").code
    with installed.worker() as worker:
        worker.wait_ready()
        line = worker.wait_for_log("kafka.group_protocol")
        assert ["kafka.heartbeat.interval.ms", "kafka.session.timeout.ms"] == line["without_effect"]


def switch_on(kafka: LocalKafka) -> None:
    """What `kafka-features.sh upgrade --feature group.version=1` sends (UpdateFeatures, version 0)."""

    def request() -> bool:
        host, _, port = kafka.bootstrap.partition(":")
        feature = b"group.version"
        update = bytes([1 + len(feature)]) + feature + struct.pack(">h", 1) + b"\0" + b"\0"  # no downgrade; no tags
        body = struct.pack(">i", 10_000) + b"\2" + update + b"\0"
        sent = struct.pack(">hhih", UPDATE_FEATURES, 0, 1, -1) + b"\0" + body
        with socket.create_connection((host, int(port)), LIMIT_S) as connection, connection.makefile("rb") as answer:
            connection.sendall(struct.pack(">i", len(sent)) + sent)
            (size,) = struct.unpack(">i", answer.read(4))
            received = answer.read(size)
        (error,) = struct.unpack_from(">h", received, 4 + 1 + 4)  # behind correlation, tags and throttle time
        assert 0 == error, f"the cluster answers with error {error}"
        return True

    eventually(request)
