"""What every engine reads: the topic of a bridge that has taken in what registries sent, and records that are no event.

Good events lie before and behind each of the others. One event is of the first release of the schema, as a bridge of
that release wrote it.
"""

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import fastavro

from broker import LocalKafka
from tests.kit.bridge import Installation
from tests.kit.notifications import Poster
from tests.kit.paths import ROOT
from tests.kit.real_notifications import VERSIONS, notifications
from tests.kit.topics import Found, read, write

TOPIC: Final = "registry.events"
"""As the documents have it: the engines' Kafka is theirs alone."""
LABEL: Final = "eu"
PARTITIONS: Final = 4
FRAME_BYTES: Final = 5
FIRST_RELEASE: Final = 0x52450001
FIRST_FINGERPRINT: Final = b"0322880ae90a9b7f"
UNKNOWN_RELEASE: Final = 0x524500FF
KEY: Final = b"team/odd"
OLDER: Final = {"id": "of-the-first-release", "action": "pull", "target": {"repository": "team/odd", "tag": "old"}}
"""What the event of the first release has."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A bridge that is up, and what its topic holds.

    Args:
        kafka: the Kafka.
        url: of the bridge, which answers for schemas.
        sent: the events of the newest release in the registries' JSON, by id, and `OLDER`.
        odd: the records that are no events, by what is odd about them: `cut`, `unframed`, `unknown`, `tombstone`; they
            lie in this order in one partition, behind `OLDER` and before other events.
    """

    kafka: LocalKafka
    url: str
    sent: Mapping[str, dict[str, Any]]
    odd: Mapping[str, Found]

    def shown(self, example: str) -> str:
        """An example of the documents, with this pipeline's addresses."""
        named = example.replace("127.0.0.1:9092", self.kafka.bootstrap)
        return named.replace("http://127.0.0.1:5050", self.url)

    @property
    def undecodable(self) -> dict[tuple[int, int], bytes]:
        """Partition, offset and value of what is no event, tombstones aside."""
        return {(one.partition, one.offset): one.value for one in self.odd.values() if one.value is not None}

    @property
    def told(self) -> str:
        """What a reader has read that has all events and is stopped by no other record, in words."""
        return f"{len(self.sent)} events of two releases; {len(self.odd)} records that are no events passed"

    @property
    def members(self) -> set[tuple[str | None, ...]]:
        """Id, action, repository, tag and digest of all events; None where there is none."""
        return {
            (
                name,
                event["action"],
                *(event["target"].get(member) or None for member in ("repository", "tag", "digest")),
            )
            for name, event in self.sent.items()
        }


@contextmanager
def running_pipeline(kafka: LocalKafka, folder: Path) -> Iterator[Pipeline]:
    """Starts a bridge and fills the topic."""
    setup = Installation(kafka.bootstrap, TOPIC, folder, partitions=PARTITIONS)
    with setup.bridge() as bridge, Poster(f"{bridge.wait_ready()}/events/{LABEL}") as poster:
        for version in VERSIONS:
            for one in notifications(version):
                assert poster.post(one.body, {"Content-Type": one.content_type}).status == 200
            if version == VERSIONS[0]:
                _write_odd_ones(kafka)
        sent = {event["id"]: event for event in (OLDER, *(event for one in notifications() for event in one.events))}
        yield Pipeline(kafka, bridge.wait_ready(), sent, _odd_ones(kafka, len(sent)))
        assert "Traceback" not in bridge.stderr


def _write_odd_ones(kafka: LocalKafka) -> None:
    """Each into the partition in which events follow it."""
    event = next(one for one in read(kafka, TOPIC) if one.value)
    assert event.value is not None
    avro = event.value[FRAME_BYTES:]
    values = (
        event.value[: len(event.value) // 2],
        b"junk",
        _framed(UNKNOWN_RELEASE, avro),
        None,
    )
    header = ("schema-fingerprint", FIRST_FINGERPRINT)
    older = Found(event.partition, -1, -1, KEY, _framed(FIRST_RELEASE, _of_the_first_release()), (header,))
    write(kafka, TOPIC, [older, *(Found(event.partition, -1, -1, KEY, value, ()) for value in values)])


def _of_the_first_release() -> bytes:
    schema = fastavro.parse_schema(json.loads((ROOT / "schemas" / "event.v1.avsc").read_text("utf-8")))
    empty: dict[str, Any] = {"request": {}, "actor": {}, "source": {}}
    written = io.BytesIO()
    fastavro.schemaless_writer(written, schema, empty | OLDER)
    return written.getvalue()


def _odd_ones(kafka: LocalKafka, events: int) -> dict[str, Found]:
    """By name, as they lie in the topic."""
    found = read(kafka, TOPIC)
    _, *odd = [one for one in found if one.key == KEY]
    assert len(found) == events + len(odd)
    assert any((one.partition, one.offset) > (odd[-1].partition, odd[-1].offset) for one in found)
    return dict(zip(("cut", "unframed", "unknown", "tombstone"), odd, strict=True))


def _framed(release: int, avro: bytes) -> bytes:
    return b"\0" + release.to_bytes(4, "big") + avro
