"""Topics for tests: made, and read whole by a client of their own that goes through none of our code's consumers."""

from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, TopicMetadata
from confluent_kafka.cimpl import NewTopic

from tests.kit.eventually import LIMIT_S, eventually
from tests.kit.topics import is_served


@dataclass(frozen=True)
class Stored:
    """A record as it lies in a topic."""

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]

    def header(self, name: str) -> str:
        """A header's text, or empty."""
        return next((value.decode() for key, value in self.headers if key == name), "")


def make_topic(bootstrap: str, topic: str, *, partitions: int = 1, **settings: str) -> None:
    """Make a topic, and wait until it is served; settings with `_` for `.`."""
    config = {name.replace("_", "."): value for name, value in settings.items()}
    admin = AdminClient({"bootstrap.servers": bootstrap})
    new = NewTopic(topic, num_partitions=partitions, replication_factor=1, config=config)
    admin.create_topics([new])[topic].result(LIMIT_S)
    eventually(lambda: is_served(admin, topic, partitions))


def read_all(bootstrap: str, topic: str) -> list[Stored]:
    """Every record that the topic has now, partition by partition in offset order."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "tests-read-all", "enable.auto.commit": False})
    try:
        found = eventually(lambda: _known(consumer, topic))  # not at once, if it has just been made
        return [stored for number in sorted(found.partitions) for stored in _read(consumer, topic, number)]
    finally:
        consumer.close()


def _known(consumer: Consumer, topic: str) -> TopicMetadata:
    """The topic, if the broker knows it."""
    found: TopicMetadata = consumer.list_topics(topic, timeout=LIMIT_S).topics[topic]
    if found.error is not None:
        raise AssertionError(str(KafkaException(found.error)))
    return found


def _read(consumer: Consumer, topic: str, number: int) -> list[Stored]:
    low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=LIMIT_S)
    consumer.assign([TopicPartition(topic, number, low)])
    stored: list[Stored] = []
    while low < high and (not stored or stored[-1].offset < high - 1):
        message = consumer.poll(LIMIT_S)
        assert message is not None, f"{topic}/{number} ends at {high}, read {len(stored)}"
        assert message.error() is None, message.error()
        partition, offset = message.partition(), message.offset()
        assert partition is not None
        assert offset is not None
        headers = [(pair[0], _bytes(pair[1]) or b"") for pair in message.headers() or []]
        key, value = message.key(), message.value()
        stored.append(
            Stored(partition, offset, message.timestamp()[1], _bytes(key), _bytes(value), headers),
        )
    return stored


def _bytes(content: str | bytes | None) -> bytes | None:
    return content.encode() if isinstance(content, str) else content
