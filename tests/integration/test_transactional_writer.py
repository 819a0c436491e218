"""Writers with one transactional id, on a real Kafka: one of them writes, and what another left open is undone."""

import pytest
from confluent_kafka import Producer

from broker import LocalKafka
from broker.ports import free_port
from runtime.kafka.admin import Admin
from runtime.kafka.errors import KafkaUnavailableError
from runtime.kafka.records import OutgoingRecord
from runtime.kafka.transactions import FencedError, TransactionalWriter
from tests.kit import eventually
from tests.kit.eventually import LIMIT_S
from tests.kit.topics import make_topic, read

pytestmark = pytest.mark.kafka


def writer(bootstrap: str, name: str, *, limit_s: float = LIMIT_S) -> TransactionalWriter:
    """The writer with this transactional id."""
    settings = {"bootstrap.servers": bootstrap}
    return TransactionalWriter(
        settings, client_id="test-writer", transactional_id=name, max_record_bytes=1000, limit_s=limit_s
    )


def record(topic: str, value: bytes) -> OutgoingRecord:
    """To the only partition."""
    return OutgoingRecord(topic, b"key", value, partition=0)


def test_a_writer_that_was_followed_cannot_write(kafka: LocalKafka, topic: str) -> None:
    """Nothing of it comes to the log any more; the one that follows writes on."""
    make_topic(kafka, topic, 1, cleanup_policy="compact")
    first = writer(kafka.bootstrap, topic)
    first.write([record(topic, b"1")])
    second = writer(kafka.bootstrap, topic)
    with pytest.raises(FencedError, match=f"writing as {topic}: another writer has taken its place"):
        first.write([record(topic, b"2")])
    second.write([record(topic, b"3"), record(topic, b"4")])
    assert [one.value for one in read(kafka, topic)] == [b"1", b"3", b"4"]
    first.close()
    second.close()


def test_what_was_left_open_is_undone_by_the_next(kafka: LocalKafka, topic: str) -> None:
    """Readers do not see it, nor what comes behind it, until then; and then only what comes behind it."""
    make_topic(kafka, topic, 1, cleanup_policy="compact")
    left = Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": topic})
    left.init_transactions(LIMIT_S)
    left.begin_transaction()
    left.produce(topic, b"unfinished", key=b"key", partition=0)
    assert left.flush(LIMIT_S) == 0
    admin = Admin({"bootstrap.servers": kafka.bootstrap}, client_id="test-writer")
    assert admin.end(topic, [0]) == {0: 0}
    following = writer(kafka.bootstrap, topic)
    eventually(lambda: admin.end(topic, [0]) == {0: 2})
    following.write([record(topic, b"whole")])
    assert [one.value for one in read(kafka, topic)] == [b"whole"]
    following.close()


def test_each_step_has_a_limit() -> None:
    """Where nobody answers, the first one fails after it."""
    with pytest.raises(KafkaUnavailableError, match="writing as nobody"):
        writer(f"127.0.0.1:{free_port()}", "nobody", limit_s=0.5)
