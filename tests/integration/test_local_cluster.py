"""Several real brokers as one cluster: what it takes to write, and the doors of clients that come by a proxy."""

from collections.abc import Iterator

import pytest
from confluent_kafka import KafkaError, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from broker import Door, LocalCluster, free_port
from tests.kit import eventually
from tests.kit.eventually import LIMIT_S

pytestmark = pytest.mark.kafka

SWIFT = {"broker.session.timeout.ms": "2000", "replica.lag.time.max.ms": "2000"}


@pytest.fixture(scope="module")
def doors() -> list[dict[str, Door]]:
    """A door for each of three brokers, which nobody proxies."""
    return [{"W1": Door(free_port(), free_port())} for _ in range(3)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, doors: list[dict[str, Door]]) -> Iterator[LocalCluster]:
    """Three brokers."""
    with LocalCluster(tmp_path_factory.mktemp("cluster"), 3, settings=SWIFT, doors=doors) as running:
        yield running


def written(cluster: LocalCluster, topic: str) -> KafkaError | None:
    """What came of a record that needs all in-sync replicas."""
    producer = Producer(
        {"bootstrap.servers": cluster.bootstrap, "acks": "all", "message.timeout.ms": 3000, "log_level": 0}
    )
    reports: list[KafkaError | None] = []
    producer.produce(topic, b"x", on_delivery=lambda error, _: reports.append(error))
    producer.flush(LIMIT_S)
    return reports[0]


def test_a_door_leads_to_its_advertised_ports(cluster: LocalCluster, doors: list[dict[str, Door]]) -> None:
    """A client that comes by a door is told the ports of that door for all brokers; the others are not."""
    by_door = AdminClient({"bootstrap.servers": f"127.0.0.1:{doors[0]['W1'].port}", "log_level": 0})
    plain = AdminClient({"bootstrap.servers": cluster.bootstrap})
    own = sorted(int(broker.bootstrap.rpartition(":")[2]) for broker in cluster.brokers)
    wanted = [sorted(door["W1"].advertised for door in doors), own]

    def all_are_told() -> bool:
        """A busy broker is late for its controller, and not named until it is back."""
        found = (client.list_topics(timeout=LIMIT_S).brokers.values() for client in (by_door, plain))
        assert wanted == [sorted(one.port for one in brokers) for brokers in found]
        return True

    assert eventually(all_are_told)


def test_two_of_three_brokers_are_enough(cluster: LocalCluster, topic: str) -> None:
    """A write needs two copies: one broker may be down, two may not; when they are back it goes on."""
    client = AdminClient({"bootstrap.servers": cluster.bootstrap, "log_level": 0})
    client.create_topics([NewTopic(topic, 3, 3)])[topic].result(LIMIT_S)
    _, second, third = cluster.brokers
    third.kill()
    eventually(lambda: written(cluster, topic) is None)
    second.pause()
    assert written(cluster, topic) is not None
    second.resume()
    third.start()
    eventually(lambda: written(cluster, topic) is None)
