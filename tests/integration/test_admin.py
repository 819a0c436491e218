"""Asking and telling a real Kafka: topics, their settings, offsets of the log."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from confluent_kafka import Uuid

from broker import LocalKafka, free_port
from runtime.kafka.admin import Admin, any_of, id_of
from runtime.kafka.errors import KafkaRefusedError, KafkaUnavailableError
from tests.kit import eventually
from tests.kit.eventually import LIMIT_S
from tests.kit.paths import ROOT
from tests.kit.topics import Found, delete_records, make_topic, read, write

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def admin(kafka: LocalKafka) -> Admin:
    """An admin of the shared Kafka."""
    return Admin({"bootstrap.servers": kafka.bootstrap, "group.protocol": "classic"}, client_id="test")


def test_brokers_are_counted(admin: Admin) -> None:
    """The cluster has one broker, and tells its settings."""
    assert 1 == admin.brokers()
    assert "false" == admin.broker_settings()["auto.create.topics.enable"]


def test_a_cluster_without_a_broker() -> None:
    """It is away for the moment, as one that does not answer: no fault of ours."""
    assert any_of({3: "c", 1: "a"}, "asking") == 1
    with pytest.raises(KafkaUnavailableError, match="asking: the cluster has no broker at this moment"):
        any_of({}, "asking")


def test_an_id_of_zeros_is_none() -> None:
    """The client gives it where a broker has no ids: it would differ from the real one that comes with an upgrade."""
    assert id_of(Uuid(0, 0)) is None
    assert id_of(None) is None
    assert id_of(Uuid(1, 2)) == str(Uuid(1, 2))


def test_a_cluster_that_is_away(topic: str) -> None:
    """Every question to an address where nothing listens is an error that names what was asked."""
    away = Admin({"bootstrap.servers": f"127.0.0.1:{free_port()}"}, client_id="test")
    with pytest.raises(KafkaUnavailableError, match="reaching Kafka at 127"):
        away.brokers(0.5)


ASK_FOR_A_WHILE = """
import logging, sys, time
from runtime.errors import BridgeError
from runtime.kafka.admin import Admin, any_of, id_of

logging.disable()  # connections that are refused while the broker starts
admin, latest = Admin({"bootstrap.servers": sys.argv[1]}, client_id="test"), time.monotonic() + 300
until = latest
answers = set()
while time.monotonic() < until:
    try:
        admin.ping("no-such-topic", 1.0)
        if "up" not in answers:
            until = min(time.monotonic() + 10, latest)
        answers.add("up")
    except BridgeError:
        answers.add("away")
    time.sleep(0.01)
print(*sorted(answers))
"""


def test_a_broker_that_its_controller_has_given_up_ends_nobodys_process(tmp_path: Path) -> None:
    """While the cluster names no broker, as when its only one was frozen, a ping fails or is answered; no more."""
    given_up = {"broker.session.timeout.ms": "2000", "broker.heartbeat.interval.ms": "6000"}
    kafka = LocalKafka(tmp_path / "kafka", settings=given_up)
    try:
        kafka.launch()  # it is there for moments only, too short for all that a ready broker must answer
        command = [sys.executable, "-c", ASK_FOR_A_WHILE, kafka.bootstrap]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=2 * LIMIT_S)
    finally:
        kafka.stop()
    assert (0, "") == (done.returncode, done.stderr)
    assert "up" in done.stdout.split()


def test_topics_are_made_once(admin: Admin, topic: str) -> None:
    """A missing topic is None; it is created as asked; a second creation changes nothing and says so."""
    assert admin.topic(topic) is None
    wanted = {"retention.ms": "12345", "cleanup.policy": "delete"}
    assert admin.create_topic(topic, partitions=3, replication_factor=1, settings=wanted)
    assert not admin.create_topic(topic, partitions=9, replication_factor=1, settings={"retention.ms": "1"})
    found = admin.topic(topic)
    assert found is not None
    assert (topic, 3, 1) == (found.name, found.partitions, found.replication_factor)
    assert wanted == {name: found.settings[name] for name in wanted}


def test_many_make_one_topic(kafka: LocalKafka, topic: str) -> None:
    """Of several processes that create a topic at once, one does and none fails."""

    def make(_: int) -> bool:
        own = Admin({"bootstrap.servers": kafka.bootstrap}, client_id="test")
        return own.create_topic(topic, partitions=2, replication_factor=1, settings={})

    with ThreadPoolExecutor(4) as pool:
        assert 1 == sum(pool.map(make, range(4)))


def test_a_topic_that_cannot_be_made(admin: Admin, topic: str) -> None:
    """More replicas than brokers, or a setting that is none, is an error that names the topic."""
    for factor, settings in ((3, {}), (1, {"retention.ms": "soon"})):
        with pytest.raises((KafkaRefusedError, KafkaUnavailableError), match=f"creating topic {topic}"):
            admin.create_topic(topic, partitions=1, replication_factor=factor, settings=settings)
    assert admin.topic(topic) is None


def test_offsets(admin: Admin, kafka: LocalKafka, topic: str) -> None:
    """Beginning, end and the first record not before a time, for each partition that is asked for."""
    make_topic(kafka, topic, 2)
    write(kafka, topic, [Found(0, 0, 0, None, b"%d" % number, ()) for number in range(5)])
    delete_records(kafka, topic, {0: 2})
    assert {0: 2, 1: 0} == admin.beginning(topic, [0, 1])
    assert {0: 5, 1: 0} == admin.end(topic, [0, 1])
    assert {0: 5} == admin.end(topic, [0])
    assert {} == admin.end(topic, [])
    stamps = [record.timestamp_ms for record in read(kafka, topic)]
    assert {0: 2, 1: 0} == admin.at(topic, [0, 1], 0)
    assert {0: 2 + stamps.index(stamps[-1])} == admin.at(topic, [0], stamps[-1])
    assert {0: 5, 1: 0} == admin.at(topic, [0, 1], stamps[-1] + 1)


def test_offsets_are_known_again_after_the_leader_died(broker: LocalKafka, topic: str) -> None:
    """The client would ask in the name of an epoch that is over, and get no answer for minutes."""
    make_topic(broker, topic, 1)
    asked = Admin({"bootstrap.servers": broker.bootstrap}, client_id="test")
    assert {0: 0} == asked.end(topic, [0])
    broker.kill()
    with pytest.raises(KafkaUnavailableError):
        asked.end(topic, [0])
    broker.start()

    def are_known() -> bool:
        with suppress(KafkaUnavailableError):
            return asked.end(topic, [0]) == {0: 0}
        return False

    eventually(are_known)
