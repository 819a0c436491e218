"""Kafka as a bystander sees it: a topic's records, a group's offsets; by the plain client, not through our code."""

from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions, NewTopic

from broker import LocalKafka
from tests.kit.eventually import LIMIT_S, eventually


@dataclass(frozen=True, slots=True)
class Found:
    """A record as it lies in a topic."""

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]

    def header(self, name: str) -> str | None:
        """The only value of a header as text, None if it is absent."""
        values = [value for key, value in self.headers if key == name]
        assert len(values) <= 1, f"{len(values)} headers {name}"
        return values[0].decode() if values and values[0] is not None else None


def admin(kafka: LocalKafka) -> AdminClient:
    """An admin client."""
    return AdminClient({"bootstrap.servers": kafka.bootstrap})


def make_topic(kafka: LocalKafka, topic: str, partitions: int = 4, **settings: str) -> None:
    """Makes a topic, and waits until it is served; a setting's dots are written as underscores."""
    config = {name.replace("_", "."): value for name, value in settings.items()}
    client = admin(kafka)  # a client that is let go takes its futures with it
    client.create_topics([NewTopic(topic, partitions, 1, config=config)])[topic].result(LIMIT_S)
    eventually(lambda: is_served(client, topic, partitions))


def add_partitions(kafka: LocalKafka, topic: str, total: int) -> None:
    """Gives a topic more partitions, and waits until they are served."""
    client = admin(kafka)
    client.create_partitions([NewPartitions(topic, total)])[topic].result(LIMIT_S)
    eventually(lambda: is_served(client, topic, total))


def is_served(client: AdminClient, topic: str, partitions: int) -> bool:
    """Whether so many partitions have a leader: a broker answers before it knows what its controller has made."""
    found = client.list_topics(topic, timeout=LIMIT_S).topics[topic]
    leaders = [one.leader for one in found.partitions.values() if one.error is None]
    return found.error is None and len(leaders) >= partitions and min(leaders) >= 0


def delete_topic(kafka: LocalKafka, topic: str) -> None:
    """Deletes a topic, and waits until the broker knows it: its controller has done it before."""
    client = admin(kafka)
    client.delete_topics([topic])[topic].result(LIMIT_S)
    eventually(lambda: client.list_topics(topic, timeout=LIMIT_S).topics[topic].error is not None)


def delete_records(kafka: LocalKafka, topic: str, before: dict[int, int]) -> None:
    """Removes what lies below an offset of each partition, as retention does."""
    wanted = [TopicPartition(topic, partition, offset) for partition, offset in before.items()]
    client = admin(kafka)
    for done in client.delete_records(wanted).values():
        done.result(LIMIT_S)


def write(kafka: LocalKafka, topic: str, records: Sequence[Found]) -> None:
    """Writes records as they are; negative partitions leave the choice to the key."""
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "acks": "all", "partitioner": "murmur2_random"})
    faults: list[KafkaError] = []

    def report(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            faults.append(error)

    for one in records:
        producer.produce(
            topic, one.value, key=one.key, headers=list(one.headers), partition=one.partition, on_delivery=report
        )
    assert producer.flush(LIMIT_S) == 0
    assert not faults, faults


def read(kafka: LocalKafka, topic: str) -> list[Found]:
    """Every record that the topic has now, partition by partition in offset order."""
    settings = {
        "bootstrap.servers": kafka.bootstrap,
        "group.id": "nobody",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "earliest",
    }
    consumer = Consumer(settings)
    try:
        return _read_all(consumer, topic)
    finally:
        consumer.close()


def once(found: Sequence[Found]) -> list[Found]:
    """Each record once, at its first place.

    What is not acknowledged in time is written again, and the first copy may come to the log all the same.
    """
    first = {(one.partition, one.key, one.value, one.headers): one for one in reversed(found)}
    return [one for one in found if one is first[one.partition, one.key, one.value, one.headers]]


def _read_all(consumer: Consumer, topic: str) -> list[Found]:
    partitions = consumer.list_topics(topic, timeout=LIMIT_S).topics[topic].partitions
    open_ends = set(partitions)
    consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
    found: list[Found] = []
    while open_ends:
        message = consumer.poll(LIMIT_S)
        assert message is not None, f"no record and no end of {topic} within {LIMIT_S:g} s"
        error = message.error()
        if error is None:
            found.append(_found(message))
        elif error.code() == KafkaError._PARTITION_EOF:
            open_ends.discard(message.partition() or 0)
        else:
            raise KafkaException(error)
    return sorted(found, key=lambda one: (one.partition, one.offset))


def _found(message: Message) -> Found:
    return Found(
        message.partition() or 0,
        message.offset() or 0,
        message.timestamp()[1],
        message.key(),
        message.value(),
        tuple((pair[0], _bytes(pair[1])) for pair in message.headers() or ()),
    )


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value


def committed(kafka: LocalKafka, group: str, topic: str, partitions: int = 4) -> dict[int, int]:
    """The group's offsets of the partitions that have one."""
    return {at.partition: at.offset for at in _committed(kafka, group, topic, partitions) if at.offset >= 0}


def metadata(kafka: LocalKafka, group: str, topic: str, partitions: int = 4) -> dict[int, str]:
    """The metadata of the group's commits."""
    return {at.partition: at.metadata or "" for at in _committed(kafka, group, topic, partitions) if at.offset >= 0}


def commit(kafka: LocalKafka, group: str, topic: str, offsets: dict[int, tuple[int, str]]) -> None:
    """Sets offsets and metadata of a group without members."""
    consumer = outsider(kafka, group)
    try:
        wanted = [TopicPartition(topic, partition, *at) for partition, at in offsets.items()]
        consumer.commit(offsets=wanted, asynchronous=False)
    finally:
        consumer.close()


def _committed(kafka: LocalKafka, group: str, topic: str, partitions: int) -> list[TopicPartition]:
    return eventually(lambda: _answered(kafka, group, topic, partitions))


def _answered(kafka: LocalKafka, group: str, topic: str, partitions: int) -> list[TopicPartition]:
    """What the group's coordinator says; a broker that has just come back has none for a moment."""
    consumer = outsider(kafka, group)
    try:
        asked = [TopicPartition(topic, partition) for partition in range(partitions)]
        return consumer.committed(asked, timeout=LIMIT_S)
    except KafkaException as error:
        raise AssertionError(str(error)) from error
    finally:
        consumer.close()


def outsider(kafka: LocalKafka, group: str) -> Consumer:
    """A consumer that never joins its group, and commits for it while it has no members; to be closed."""
    return Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": group, "enable.auto.commit": False})
