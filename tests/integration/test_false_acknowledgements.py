"""A write that the client takes for stored, although Kafka has never said so, is not acknowledged.

librdkafka reports a request as stored when a later one is: Kafka would have refused that one if the first were not in
the log. But of a producer that is new to a partition Kafka knows no sequence yet, and takes any.
"""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from broker import LocalKafka
from broker.node import Door, Node
from broker.ports import LOOPBACK, free_port
from runtime.kafka.errors import KafkaUnavailableError
from runtime.kafka.records import OutgoingRecord
from runtime.kafka.writer import AcknowledgedWriter
from tests.kit import eventually
from tests.kit.refusing_broker import RefusingBroker
from tests.kit.topics import make_topic, read

pytestmark = pytest.mark.kafka

BESIDE_S = 0.5
"""For a second request to come, if it comes beside the first one."""


@dataclass(frozen=True)
class Way:
    """A topic of one partition, and the way to it."""

    kafka: LocalKafka
    broker: RefusingBroker

    def writer(self, *, is_bulk: bool) -> closing[AcknowledgedWriter]:
        """A new one."""
        settings = {"bootstrap.servers": f"{LOOPBACK}:{self.broker.port}"}
        made = AcknowledgedWriter(settings, client_id="test", max_record_bytes=1 << 20, limit_s=60.0, is_bulk=is_bulk)
        return closing(made)

    def record(self, value: bytes) -> OutgoingRecord:
        """One with this value."""
        return OutgoingRecord(self.broker.topic, b"team/app", value)

    def values(self) -> list[bytes | None]:
        """What is in the log."""
        return [found.value for found in read(self.kafka, self.broker.topic)]


@pytest.fixture
def way(tmp_path: Path, topic: str) -> Iterator[Way]:
    """Refuses the first request to write."""
    door = free_port()
    with RefusingBroker(door, topic) as refusing:
        node = Node(doors={"WAY": Door(door, refusing.port)})
        with LocalKafka(tmp_path / "kafka", node=node) as kafka:
            make_topic(kafka, topic, 1)
            yield Way(kafka, refusing)


def test_what_kafka_has_not_acknowledged_is_not(way: Way) -> None:
    """Of two requests at once the first is refused and the second stored: the first has failed, and can come again."""

    async def at_once(writer: AcknowledgedWriter) -> None:
        first = asyncio.create_task(writer.write_soon([way.record(b"first")]))
        await asyncio.to_thread(eventually, lambda: way.broker.requests == 1)
        await writer.write_soon([way.record(b"second")])
        with pytest.raises(KafkaUnavailableError, match="acknowledged a later record and not this one"):
            await first

    with way.writer(is_bulk=False) as writer:
        asyncio.run(at_once(writer))
        assert [b"second"] == way.values()
        eventually(lambda: writer.available)
        writer.write([way.record(b"first")])
    assert [b"second", b"first"] == way.values()


def test_what_is_written_in_bulk_keeps_its_order(way: Way) -> None:
    """The second request is sent after the first one is stored."""

    async def at_once(writer: AcknowledgedWriter) -> None:
        first = asyncio.create_task(writer.write_soon([way.record(b"first")]))
        await asyncio.to_thread(eventually, lambda: way.broker.requests == 1)
        second = asyncio.create_task(writer.write_soon([way.record(b"second")]))
        await asyncio.sleep(BESIDE_S)
        way.broker.refuse()
        await asyncio.gather(first, second)

    with way.writer(is_bulk=True) as writer:
        asyncio.run(at_once(writer))
    assert [b"first", b"second"] == way.values()
