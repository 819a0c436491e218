"""A group's offsets from outside it, on a real Kafka."""

import pytest
from confluent_kafka import Consumer

from broker import LocalKafka
from runtime.kafka.cluster_state import Committed
from runtime.kafka.groups import GroupIsLiveError, Groups
from tests.kit import eventually
from tests.kit.topics import make_topic

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def groups(kafka: LocalKafka) -> Groups:
    """The groups of the shared Kafka."""
    return Groups({"bootstrap.servers": kafka.bootstrap}, client_id="test")


def test_what_is_set_is_read(groups: Groups, kafka: LocalKafka, topic: str) -> None:
    """Offsets and metadata come back as they were set; a partition without one, and an unknown group, have none."""
    make_topic(kafka, topic, 3)
    assert {} == groups.committed(topic, topic, range(3))
    wanted = {0: Committed(0), 2: Committed(7, "R1" + "x" * 4093)}
    groups.commit(topic, topic, wanted)
    assert wanted == groups.committed(topic, topic, range(3))
    groups.commit(topic, topic, {2: Committed(3)})
    assert {0: Committed(0), 2: Committed(3)} == groups.committed(topic, topic, range(3))


@pytest.mark.parametrize("protocol", ["consumer", "classic"])
def test_a_live_group_is_left_alone(groups: Groups, kafka: LocalKafka, topic: str, protocol: str) -> None:
    """While a group has a member its offsets can be read and not be set; once it is gone they can."""
    make_topic(kafka, topic, 1)
    settings = {"bootstrap.servers": kafka.bootstrap, "group.id": topic, "group.protocol": protocol}
    member = Consumer({**settings, "enable.auto.commit": False})
    try:
        member.subscribe([topic])
        eventually(lambda: member.poll(0.1) is None and member.assignment())
        groups_before = groups.committed(topic, topic, [0])
        with pytest.raises(GroupIsLiveError):
            groups.commit(topic, topic, {0: Committed(0)})
        assert groups_before == groups.committed(topic, topic, [0])
    finally:
        member.close()
    groups.commit(topic, topic, {0: Committed(0)})
    assert {0: Committed(0)} == groups.committed(topic, topic, [0])
