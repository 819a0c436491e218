"""Members of groups on a real Kafka: who has what by which protocol, and what is said where it cannot be known."""

from functools import partial

import pytest
from confluent_kafka import Consumer

from broker import LocalKafka
from runtime.kafka.cluster_state import GroupMembers, Member
from runtime.kafka.group_members import members_of
from tests.kit import eventually
from tests.kit.topics import commit, make_topic

pytestmark = pytest.mark.kafka


def has_both(consumer: Consumer) -> bool:
    """Whether the group has given it both partitions."""
    consumer.poll(0.1)
    return len(consumer.assignment()) == 2


def test_members_and_protocol(kafka: LocalKafka, topic: str) -> None:
    """A live group's members with their partitions; a group of commits alone has none; an unknown one no protocol."""
    make_topic(kafka, topic, 2)
    names = [f"{topic}.consumer", f"{topic}.classic", f"{topic}.commits", f"{topic}.unknown"]
    commit(kafka, names[2], topic, {0: (0, "")})
    settings = {"bootstrap.servers": kafka.bootstrap}
    live = [
        Consumer({**settings, "group.id": name, "group.protocol": protocol})
        for name, protocol in zip(names[:2], ("consumer", "classic"), strict=True)
    ]
    try:
        for consumer in live:
            consumer.subscribe([topic])
            eventually(partial(has_both, consumer))
        found = members_of(settings, names, topic, client_id="test")
    finally:
        for consumer in live:
            consumer.close()
    both = (Member("127.0.0.1", (0, 1)),)
    assert [GroupMembers(both, "consumer"), GroupMembers(both, "classic")] == [found[name] for name in names[:2]]
    assert [GroupMembers((), "classic"), GroupMembers()] == [found[name] for name in names[2:]]


def test_what_ends_the_question_is_told() -> None:
    """The process that asks comes to grief: the groups' members are not known, and nothing else is harmed."""
    found = members_of({"no.such.setting": "x"}, ["a", "b"], "t", client_id="test")
    assert {"a", "b"} == set(found)
    assert {GroupMembers(obstacle="asking for the members of groups failed (CalledProcessError)")} == set(
        found.values()
    )
