"""A visit to a group on real Kafkas: what the broker keeps of it is that the group was left just now."""

import struct
import threading
from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer

from broker import LocalKafka
from runtime.clock import SystemClock
from runtime.kafka.cluster_state import Committed, GroupMembers
from runtime.kafka.errors import KafkaUnavailableError
from runtime.kafka.group_members import members_of
from runtime.kafka.group_visits import GroupVisits
from runtime.kafka.groups import Groups
from runtime.kafka.settings import GroupProtocol
from tests.kit import eventually
from tests.kit.topics import make_topic, read

pytestmark = pytest.mark.kafka

STATE = 2
"""Version of the key of a record that holds the state of a group of `classic`; lower ones are of offsets."""
CURSORS = {0: Committed(5), 1: Committed(6)}


class Chosen:
    """Always this protocol."""

    def __init__(self, protocol: GroupProtocol) -> None:
        self._protocol: GroupProtocol = protocol

    def choose(self, group: str) -> GroupProtocol:
        """It."""
        return self._protocol


def visits(kafka: LocalKafka, topic: str, protocol: GroupProtocol) -> GroupVisits:
    """The visits of a worker that uses this protocol."""
    settings = {"bootstrap.servers": kafka.bootstrap}
    return GroupVisits(settings, Chosen(protocol), client_id="test", topic=topic)


def left_group(kafka: LocalKafka, topic: str) -> Groups:
    """A topic, and a group of its name and of `classic`, with cursors, which its only member has left."""
    make_topic(kafka, topic, 2)
    settings = {"bootstrap.servers": kafka.bootstrap, "group.id": topic, "enable.auto.commit": False}
    member = Consumer({**settings, "partition.assignment.strategy": "cooperative-sticky"})
    try:
        member.subscribe([topic])
        eventually(lambda: member.poll(0.1) is None and member.assignment())
    finally:
        member.close()
    groups = Groups({"bootstrap.servers": kafka.bootstrap}, client_id="test")
    groups.commit(topic, topic, CURSORS)
    return groups


@pytest.mark.parametrize("kind", ["kafka", "kafka_39"])
def test_a_visit_is_what_the_time_of_a_group_begins_with(request: pytest.FixtureRequest, topic: str, kind: str) -> None:
    """The broker writes anew since when a group of `classic` is empty; a commit from outside does not do that."""
    kafka = request.getfixturevalue(kind)
    groups = left_group(kafka, topic)
    before = max(since_ms(kafka, topic))
    groups.commit(topic, topic, CURSORS)
    assert before == max(since_ms(kafka, topic))
    visits(kafka, topic, "classic").visit(topic, threading.Event())
    assert before < max(since_ms(kafka, topic))
    assert CURSORS == groups.committed(topic, topic, [0, 1])
    groups.commit(f"{topic}.alone", topic, CURSORS)
    found = members_of({"bootstrap.servers": kafka.bootstrap}, [topic, f"{topic}.alone"], topic, client_id="test")
    assert [GroupMembers((), "classic"), GroupMembers((), "classic", has_commits_alone=True)] == list(found.values())


def test_a_visit_by_the_newer_protocol_makes_the_group_one_of_it(kafka: LocalKafka, topic: str) -> None:
    """After an upgrade of Kafka a group of `classic` is one of `consumer` from then on, and keeps its cursors."""
    groups = left_group(kafka, topic)
    visits(kafka, topic, "consumer").visit(topic, threading.Event())
    found = members_of({"bootstrap.servers": kafka.bootstrap}, [topic], topic, client_id="test")
    assert {topic: GroupMembers((), "consumer")} == found
    assert CURSORS == groups.committed(topic, topic, [0, 1])


def test_who_is_to_leave_does_not_wait_for_admission(topic: str) -> None:
    """Without a Kafka it would wait for 30 s."""
    leaving = threading.Event()
    leaving.set()
    settings = {"bootstrap.servers": "127.0.0.1:9"}
    GroupVisits(settings, Chosen("classic"), client_id="test", topic=topic).visit(topic, leaving)


class Hasty(SystemClock):
    """Its patience is over as soon as it begins."""

    def __init__(self) -> None:
        self._hours = 0

    def monotonic(self) -> float:
        """An hour more at each look."""
        self._hours += 1
        return self._hours * 3600.0


def test_who_is_not_admitted_says_so(topic: str) -> None:
    """In time, with the name of the group."""
    settings = {"bootstrap.servers": "127.0.0.1:9"}
    hasty = GroupVisits(settings, Chosen("classic"), client_id="test", topic=topic, clock=Hasty())
    with pytest.raises(KafkaUnavailableError, match=f"joining group {topic} for a moment: "):
        hasty.visit(topic, threading.Event())


def since_ms(kafka: LocalKafka, group: str) -> Iterator[int]:
    """When each state of this group began that the broker has written down.

    The key of a record is a version, 2 for states, and the group's name with its length before it. The value is a
    version, the kind of protocol, a generation, the assignor and the leader, which can be null, and the time.
    """
    for record in read(kafka, "__consumer_offsets"):
        key, value = record.key or b"", record.value
        if value is not None and int.from_bytes(key[:2]) == STATE and key[4:].decode() == group:
            at = 2 + 2 + int.from_bytes(value[2:4]) + 4
            for _ in ("assignor", "leader"):
                (length,) = struct.unpack_from(">h", value, at)
                at += 2 + max(0, length)
            (since,) = struct.unpack_from(">q", value, at)
            yield since
