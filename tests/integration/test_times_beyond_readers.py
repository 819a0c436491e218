"""A time that lies before year 1 in UTC: every reader of the log goes on, its own text is kept, nothing is lost."""

import io
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastavro
import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from broker import LocalKafka
from schemas.catalog import CATALOG
from tests.kit.bridge import Installation
from tests.kit.notifications import Poster
from tests.kit.paths import FAULTS
from tests.kit.process import Process
from tests.kit.topics import Found, read

pytestmark = pytest.mark.kafka

BODY = (FAULTS / "time-out-of-range.json").read_bytes()
SENT = [event["timestamp"] for event in json.loads(BODY)["events"]]
TOPIC = "test-times-beyond-readers"
FRAME_BYTES = 5


@pytest.fixture(scope="module")
def setup(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation of one partition."""
    return Installation(kafka.bootstrap, TOPIC, tmp_path_factory.mktemp("times"), partitions=1)


@pytest.fixture(scope="module")
def bridge(setup: Installation, kafka: LocalKafka) -> Iterator[Process]:
    """A bridge that has taken in an event with .NET's smallest time, ten hours east, between two others."""
    with setup.bridge() as running, Poster(f"{running.wait_ready()}/events") as poster:
        assert poster.insist(BODY).status == 200
        assert len(read(kafka, TOPIC)) <= len(SENT) * (1 + poster.again)
        yield running


@pytest.fixture
def records(bridge: Process, kafka: LocalKafka) -> list[Found]:
    """The first record of each event: who was answered 503 because Kafka was late has sent them again."""
    assert bridge.address
    firsts: dict[str | None, Found] = {}
    for one in read(kafka, TOPIC):
        firsts.setdefault(one.header("ce_id"), one)
    return list(firsts.values())


def test_fastavro_reads_on(records: list[Found]) -> None:
    """The typed time is null where no date can be made of it; the text is as it came, the others are there."""
    schema = fastavro.parse_schema(json.loads(CATALOG.latest.text))
    events: list[Any] = [
        fastavro.schemaless_reader(io.BytesIO((one.value or b"")[FRAME_BYTES:]), schema) for one in records
    ]
    assert SENT == [event["timestampText"] for event in events]
    assert [False, True, False] == [event["timestamp"] is None for event in events]


def test_confluents_deserializer_reads_on(bridge: Process, records: list[Found]) -> None:
    """So does the client of the schema registry."""
    context = SerializationContext(TOPIC, MessageField.VALUE)
    with SchemaRegistryClient({"url": f"http://{bridge.address}"}) as client:
        read_value = AvroDeserializer(client)
        assert SENT == [read_value(one.value, context)["timestampText"] for one in records]


@pytest.mark.parametrize("format_", ["avro", "ndjson", "parquet"])
def test_export_and_tail_read_on(bridge: Process, setup: Installation, tmp_path: Path, format_: str) -> None:
    """Our own readers show the text and no date."""
    assert bridge.address
    done = setup.run_worker("export", "--output", str(tmp_path), "--format", format_)
    assert done.code == 0, done.stderr
    shown = setup.run_worker("tail", "--from", "beginning", "--json").stdout
    assert SENT == list(dict.fromkeys(json.loads(line)["event"]["timestamp"] for line in shown.splitlines()))
    report = setup.run_worker("report", "--all", "--json")
    assert report.code == 0, report.stderr


@pytest.mark.parametrize("format_", ["avro", "ndjson"])
def test_publish_takes_an_export_back(
    bridge: Process, setup: Installation, kafka: LocalKafka, tmp_path: Path, format_: str
) -> None:
    """All events of an export go in again, as they were."""
    assert bridge.address
    assert setup.run_worker("export", "--output", str(tmp_path), "--format", format_).code == 0
    files = [str(path) for path in tmp_path.rglob(f"*.{format_}")]
    copy = Installation(
        kafka.bootstrap, f"{TOPIC}-{format_}-{random.randrange(10**9)}", tmp_path / "copy", partitions=1
    )
    done = copy.run_bridge("publish", *files)
    values = [one.value for one in read(kafka, TOPIC)]
    assert (0, f"{len(values)} events acknowledged\n") == (done.code, done.stdout), done.stderr
    assert values == [one.value for one in read(kafka, copy.topic)]
