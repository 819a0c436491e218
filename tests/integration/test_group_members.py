"""Members of groups on a real Kafka: who has what by which protocol, and what is said where it cannot be known."""

from functools import partial

import pytest
from confluent_kafka import Consumer

from broker import LocalKafka
from runtime.kafka.closing import close_in_time
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
        Consumer({**settings, "group.id": name, "group.protocol": protocol, "client.id": f"{name}@*:5051"})
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
    assert all(member.id for name in names[:2] for member in found[name].members)
    assert all(member.client_id == f"{name}@*:5051" for name in names[:2] for member in found[name].members)
    alone = GroupMembers((), "classic", has_commits_alone=True)
    assert [alone, GroupMembers()] == [found[name] for name in names[2:]]


def test_what_ends_the_question_is_told() -> None:
    """The process that asks comes to grief: the groups' members are not known, and nothing else is harmed."""
    found = members_of({"no.such.setting": "x"}, ["a", "b"], "t", client_id="test")
    assert {"a", "b"} == set(found)
    assert {GroupMembers(obstacle="asking for the members of groups failed (CalledProcessError)")} == set(
        found.values()
    )


def test_while_all_members_join_anew_nobody_is_known_to_have_anything(kafka_39: LocalKafka, topic: str) -> None:
    """`classic` says of a group that is being rebalanced that its members have nothing: that is not so."""
    make_topic(kafka_39, topic, 2)
    settings = {"bootstrap.servers": kafka_39.bootstrap, "group.id": topic, "session.timeout.ms": 10_000}
    first, second = Consumer(settings), Consumer(settings)
    try:
        first.subscribe([topic])
        eventually(partial(has_both, first))
        second.subscribe([topic])  # and the first one, which must join again, is not polled

        def rebalances() -> GroupMembers:
            second.poll(0.1)
            (found,) = members_of(settings, [topic], topic, client_id="test").values()
            assert found.is_rebalancing
            return found

        found = eventually(rebalances)
        assert found.unowned([0, 1]) is None
    finally:
        close_in_time(first)  # which may wait for ever for the rebalance that it left waiting
        close_in_time(second)
