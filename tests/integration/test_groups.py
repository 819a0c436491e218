"""A group's offsets from outside it, on a real Kafka."""

from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, TopicPartition

from broker import LocalKafka
from runtime.kafka.cluster_state import Committed
from runtime.kafka.group_sibling import sibling_of
from runtime.kafka.groups import GroupIsLiveError, Groups
from tests.kit import eventually
from tests.kit.eventually import LIMIT_S
from tests.kit.topics import make_topic

pytestmark = pytest.mark.kafka

OFFSETS = "__consumer_offsets"


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


def test_a_proof_is_written_where_the_offsets_of_the_group_are(groups: Groups, kafka: LocalKafka, topic: str) -> None:
    """In the same partition of the brokers' own topic; the group itself has no offset from that."""
    make_topic(kafka, topic, 1)
    groups.prove_in_step(topic, topic)
    assert {} == groups.committed(topic, topic, [0])
    groups.commit(topic, topic, {0: Committed(7)})
    found = {name: partition for partition, name in committed_groups(kafka) if name.startswith(topic)}
    assert {topic, sibling_of(topic)} == set(found)
    assert 1 == len(set(found.values()))


def committed_groups(kafka: LocalKafka) -> Iterator[tuple[int, str]]:
    """Partition and group of each offset in the brokers' own topic, which keeps them for ever here.

    The key of a record is a version, here 0 or 1, then the group's name with its length before it, topic and partition.
    """
    reader = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": "nobody", "enable.partition.eof": True})
    try:
        numbers = range(
            len(reader.list_topics("__consumer_offsets", timeout=LIMIT_S).topics["__consumer_offsets"].partitions)
        )
        reader.assign([TopicPartition("__consumer_offsets", number, 0) for number in numbers])
        ended: set[int | None] = set()
        while len(ended) < len(numbers):
            message = reader.poll(LIMIT_S)
            assert message is not None
            key = message.key()
            if message.error() is not None:
                ended.add(message.partition())
            elif key is not None and int.from_bytes(key[:2]) in (0, 1):
                assert isinstance(key, bytes)
                yield message.partition() or 0, key[4 : 4 + int.from_bytes(key[2:4])].decode()
    finally:
        reader.close()
