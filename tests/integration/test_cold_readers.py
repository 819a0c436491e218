"""Others' programs read the topic, each as docs/topic.md shows: what real registries sent, from a real Kafka."""

import io
import re
import shlex
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import avro.io
import avro.schema
import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from broker import NEWEST, LocalKafka, free_port
from broker.leash import Leash
from broker.lock import read as locked
from tests.kit import eventually
from tests.kit.bridge import Installation
from tests.kit.connect import PROGRAM, ConnectWorker
from tests.kit.eventually import LIMIT_S
from tests.kit.notifications import Poster
from tests.kit.programs import need
from tests.kit.real_notifications import notifications
from tests.kit.snippets import snippets
from tests.kit.topics import Found, committed, read

pytestmark = pytest.mark.kafka

TOPIC = "test-cold-readers"
LABEL = "eu"
FRAME_BYTES = 5
SOURCE = ("sourceFormat", "sourceContentType", "sourceHeaders", "sourceBody")
OURS = ("registry", "contentType", "original", "timestamp", "timestampText", *SOURCE)
"""Members of the schema that are not the registry's JSON; its `timestamp` is `timestampText`."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A bridge that is up, and what was sent to it."""

    kafka: LocalKafka
    url: str
    sent: dict[str, dict[str, Any]]
    """The events in the registries' JSON, by id."""
    content_types: dict[str, str]
    """Of the POSTs that brought them, by id."""
    records: list[Found]

    def shown(self, example: str) -> str:
        """An example of the documents, with this installation's names and addresses."""
        named = example.replace("registry.events", TOPIC).replace("127.0.0.1:9092", self.kafka.bootstrap)
        return named.replace("http://127.0.0.1:5050", self.url)


@pytest.fixture(scope="module")
def installed(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """A bridge that has taken in what registries 2.8 and 3.1 sent."""
    setup = Installation(kafka.bootstrap, TOPIC, tmp_path_factory.mktemp("cold"))
    with setup.bridge() as bridge, Poster(f"{bridge.wait_ready()}/events/{LABEL}") as poster:
        for one in notifications():
            assert poster.insist(one.body, {"Content-Type": one.content_type}).status == 200
        sent = {event["id"]: event for one in notifications() for event in one.events}
        types = {event["id"]: one.content_type for one in notifications() for event in one.events}
        records = read(kafka, TOPIC)
        assert 22 == len(sent)
        assert sent.keys() == {
            one.header("ce_id") for one in records
        }  # one that Kafka was late to take may be there twice
        yield Installed(kafka, bridge.wait_ready(), sent, types, records)
        assert "Traceback" not in bridge.stderr


def told(value: Any) -> Any:
    """JSON without what is missing, null, empty or 0: in the schema these are one thing."""
    if isinstance(value, dict):
        return {key: kept for key, inner in value.items() if (kept := told(inner))}
    return [told(inner) for inner in value] if isinstance(value, list) else value


def as_sent(event: dict[str, Any]) -> Any:
    """A decoded event in the shape of the registry's JSON."""
    theirs = {key: value for key, value in event.items() if key not in OURS}
    return told({**theirs, "timestamp": event["timestampText"]})


def assert_all_there(installed: Installed, decode: Callable[[Found], dict[str, Any]]) -> None:
    """A reader gets from the records what the registries sent, and what the bridge adds."""
    events = [decode(record) for record in installed.records]
    assert {name: told(event) for name, event in installed.sent.items()} == {e["id"]: as_sent(e) for e in events}
    for event in events:
        wanted = (LABEL, installed.content_types[event["id"]], None, instant(installed.sent[event["id"]]))
        assert wanted == (event["registry"], event["contentType"], event["original"], event["timestamp"])


def instant(event: dict[str, Any]) -> datetime:
    """The registry's own time of an event, to the microsecond."""
    return datetime.fromisoformat(event["timestamp"]).astimezone(UTC)


def test_confluents_deserializer(installed: Installed) -> None:
    """Confluent's client, asking the bridge for schemas, decodes every member of every event as it was sent."""
    context = SerializationContext(TOPIC, MessageField.VALUE)
    with SchemaRegistryClient({"url": installed.url}) as client:
        read_value = AvroDeserializer(client)
        assert_all_there(installed, lambda record: read_value(record.value, context))


def test_apache_avro(installed: Installed) -> None:
    """Behind its first 5 bytes, a value is bare Avro in the schema that their last 4 name."""
    with Poster(installed.url) as client:

        def decode(record: Found) -> dict[str, Any]:
            assert record.value is not None
            release = int.from_bytes(record.value[1:FRAME_BYTES], "big")
            schema = avro.schema.parse(client.request("GET", f"/schemas/ids/{release}/schema").body.decode())
            value = io.BytesIO(record.value[FRAME_BYTES:])
            event = avro.io.DatumReader(schema).read(avro.io.BinaryDecoder(value))
            assert b"" == value.read()
            assert isinstance(event, dict)
            return event

        assert_all_there(installed, decode)


def test_the_python_example(installed: Installed, tmp_path: Path) -> None:
    """The program that the page shows prints every event."""
    (example,) = snippets("topic.md", "Python", "python")
    wanted = {
        f"{instant(event)} {event['action']} {event['target']['repository']} {event['target'].get('tag')}"
        for event in installed.sent.values()
    }
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        command = [sys.executable, "-u", "-W", "error", "-c", installed.shown(example)]
        process = subprocess.Popen(command, stdout=out, stderr=err)
    leash = Leash(process.pid)

    def complete() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"it ended with exit {process.returncode}: {(tmp_path / 'err').read_text()}")
        assert wanted == set((tmp_path / "out").read_text().splitlines())
        return True

    try:
        eventually(complete)
    finally:
        leash.release()
        process.kill()
        process.wait()


def kcat(command: str) -> list[tuple[int, str, dict[str, str]]]:
    """Offset, key and headers of the records that kcat shows, in the format of the page's command."""
    program, *arguments = shlex.split(command)
    done = subprocess.run([need(program), *arguments], capture_output=True, text=True, check=False, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    found = []
    for line in done.stdout.splitlines():
        offset, key, headers = line.split(" ")
        found.append((int(offset), key, dict(header.split("=", 1) for header in headers.split(","))))
    return found


def test_kcat(installed: Installed) -> None:
    """The page's command shows the last ten records of each partition; from the beginning it shows all."""
    command = installed.shown(snippets("topic.md", "kcat", "sh")[0].splitlines()[0])
    partitions = defaultdict(list)
    for one in installed.records:
        assert one.key is not None
        headers = {name: one.header(name) for name, _ in one.headers}
        partitions[one.partition].append((one.offset, one.key.decode(), headers))
    last = [record for records in partitions.values() for record in records[-10:]]
    assert sorted(last, key=str) == sorted(kcat(command), key=str)
    assert len(last) < len(installed.records)
    everything = kcat(command.replace("-o -10", "-o beginning"))
    repositories = {name: event["target"]["repository"] for name, event in installed.sent.items()}
    assert len(installed.records) == len(everything)
    assert repositories == {headers["ce_id"]: key for _, key, headers in everything}
    types = {f"registry.notifications.{event['action']}" for event in installed.sent.values()}
    assert types == {headers["ce_type"] for _, _, headers in everything}


def test_connect(installed: Installed, tmp_path: Path) -> None:
    """A Connect worker takes the topic through to a file, every byte of every value, and commits where it is."""
    worker, sink = snippets("topic.md", "Kafka Connect", "properties")
    [name] = re.findall(r"^plugin\.path=libs/(.+)$", worker, re.MULTILINE)
    [jar] = [one for one in PROGRAM.files() if one.name == name]
    settings = installed.shown(worker).replace(f"libs/{name}", str(jar)).replace("8083", str(free_port()))
    ends = {one.partition: one.offset + 1 for one in installed.records}

    def taken() -> bool:
        connect.check()
        reached = committed(installed.kafka, "connect-registry-events", TOPIC)
        assert ends == {partition: offset for partition, offset in reached.items() if offset}
        return True

    properties = {"worker.properties": settings, "sink.properties": installed.shown(sink)}
    with ConnectWorker(tmp_path, properties) as connect:
        eventually(taken, every=0.2)
    values = [one.value or b"" for one in installed.records]
    start = b"\n\0RE"  # each value begins so behind the line break of the one before it, and none has it inside
    assert not any(start in value for value in values)
    lines = b"\n" + (tmp_path / "registry-events.txt").read_bytes().decode().encode("iso-8859-1").removesuffix(b"\n")
    assert sorted(values) == sorted(start[1:] + rest for rest in lines.split(start)[1:])


def test_connect_is_of_the_brokers_release() -> None:
    """Worker and broker are of one Kafka: the two lists of jars name the same versions."""
    locks = [locked(program.lock).files for program in (NEWEST, PROGRAM)]
    versions = [
        {(one.group, one.artifact): one.version for one in (file.coordinate for file in lock)} for lock in locks
    ]
    shared = versions[0].keys() & versions[1].keys()
    assert {("org.apache.kafka", "kafka-clients"), ("org.apache.logging.log4j", "log4j-core")} <= shared
    assert {name: versions[0][name] for name in shared} == {name: versions[1][name] for name in shared}
