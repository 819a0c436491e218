"""The kinds of Kafka that tests run on: each serves the group protocols that its name says, and no other."""

import socket
import struct

import pytest
from confluent_kafka import Consumer, KafkaError, Message, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from broker import LocalKafka
from tests.kit import eventually
from tests.kit.eventually import LIMIT_S

pytestmark = pytest.mark.kafka

API_VERSIONS = 18
CONSUMER_GROUP_HEARTBEAT = 68


def first_message(kafka: LocalKafka, topic: str, protocol: str) -> Message:
    """What a group of a protocol gets first of a topic with one record; it may be an error."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(LIMIT_S)
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    producer.produce(topic, b"there")
    assert 0 == producer.flush(LIMIT_S)
    settings = {"bootstrap.servers": kafka.bootstrap, "group.id": topic, "group.protocol": protocol}
    consumer = Consumer({**settings, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    try:
        message: Message | None = eventually(lambda: consumer.poll(0.2))
    finally:
        consumer.close()
    assert message is not None
    return message


def newest_version(kafka: LocalKafka, request: int) -> int:
    """The newest version of a request that the broker takes, by its answer to ApiVersions v0."""
    host, _, port = kafka.bootstrap.partition(":")
    header = struct.pack(">hhih", API_VERSIONS, 0, 1, -1)
    with socket.create_connection((host, int(port)), LIMIT_S) as connection, connection.makefile("rb") as answer:
        connection.sendall(struct.pack(">i", len(header)) + header)
        (size,) = struct.unpack(">i", answer.read(4))
        body = answer.read(size)
    _, error, count = struct.unpack_from(">ihi", body)
    assert 0 == error
    for index in range(count):
        key, _, newest = struct.unpack_from(">hhh", body, 10 + 6 * index)
        if key == request:
            return int(newest)
    raise AssertionError(f"the broker does not know request {request}")


@pytest.mark.parametrize("kind", ["kafka", "kafka_39", "kafka_without_group_version"])
def test_a_group_of_the_classic_protocol_is_served(request: pytest.FixtureRequest, topic: str, kind: str) -> None:
    """Every kind of broker serves the protocol that all clusters have."""
    message = first_message(request.getfixturevalue(kind), topic, "classic")
    assert (b"there", None) == (message.value(), message.error())


def test_without_the_feature_the_consumer_protocol_is_refused(
    kafka_without_group_version: LocalKafka, topic: str
) -> None:
    """The broker knows the request of the newer protocol and refuses it, since the cluster has it turned off."""
    error = first_message(kafka_without_group_version, topic, "consumer").error()
    assert error is not None
    assert KafkaError._FATAL == error.code()


def test_kafka_3_9_has_only_a_draft_of_the_consumer_protocol(kafka_39: LocalKafka, kafka: LocalKafka) -> None:
    """It names the protocol's request in its first version alone, which librdkafka does not speak and waits on."""
    assert 0 == newest_version(kafka_39, CONSUMER_GROUP_HEARTBEAT)
    assert newest_version(kafka, CONSUMER_GROUP_HEARTBEAT) > 0
