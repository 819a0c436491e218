"""`registry-worker materialize` and `tags` on a real Kafka: what is where, whatever happens to whoever keeps it."""

import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broker import LocalKafka
from consumer.log.decoding import event_of
from consumer.record import Record
from consumer.tags.fold import TagFold
from consumer.tags.record import rows_in
from consumer.tags.rows import KeptRow, Position, key_of
from consumer.tags.tag_event import tag_event_of
from tests.kit import eventually
from tests.kit.bridge import WORKER, Installation
from tests.kit.notifications import envelope, event_json
from tests.kit.process import Process
from tests.kit.topics import read

pytestmark = pytest.mark.kafka

PARTITIONS = 3
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture
def setup(kafka: LocalKafka, topic: str, tmp_path: Path) -> Installation:
    """Topics of three partitions."""
    return Installation(
        kafka.bootstrap, topic, tmp_path, partitions=PARTITIONS, sections={"topics": {"tags": f"{topic}.tags"}}
    )


def event(action: str, repository: str, number: int, **target: Any) -> dict[str, Any]:
    """One event of an image, at a second of its own."""
    method = {"push": "PUT", "pull": "GET", "delete": "DELETE"}[action]
    minute, second = divmod(number, 60)
    return event_json(
        repository,
        number,
        id=f"{repository}-{number}",
        action=action,
        timestamp=f"2026-11-30T{minute // 60:02d}:{minute % 60:02d}:{second:02d}Z",
        target={"repository": repository, "mediaType": MANIFEST, **target},
        request={"id": "r", "addr": f"10.0.0.{number % 5}:4711", "method": method, "useragent": "docker"},
        actor={"name": "ci"},
    )


def history(count: int) -> Iterator[dict[str, Any]]:
    """Pushes, pulls by tag and by digest, and deletes, the same each time."""
    chance = random.Random(5)
    for number in range(count):
        repository = f"team/app{chance.randrange(6)}"
        digest, tag = f"sha256:{chance.randrange(4)}", f"v{chance.randrange(3)}"
        kind = chance.randrange(10)
        if kind < 3:
            yield event("push", repository, number, digest=digest, tag=tag, size=7)
        elif kind < 9:
            named = {"tag": tag} if chance.randrange(2) else {}
            yield event("pull", repository, number, digest=digest, size=7, **named)
        else:
            yield event("delete", repository, number, **chance.choice([{"tag": tag}, {"digest": digest}]))


def publish(setup: Installation, events: list[dict[str, Any]]) -> None:
    """Ten in an envelope."""
    setup.publish(*(envelope(*events[at : at + 10]) for at in range(0, len(events), 10)))


def caught_up(setup: Installation) -> None:
    """Read all that is in the log."""
    done = setup.run_worker("materialize", "--until-caught-up", "--timeout", "120s")
    assert done.code == 0, done.stderr


def rows_of(kafka: LocalKafka, topic: str) -> dict[tuple[int, str], KeptRow]:
    """What stands in a topic of tags, by partition and key, but for the positions."""
    rows: dict[tuple[int, str], KeptRow] = {}
    for number in range(PARTITIONS):
        found = rows_in(record for record in records_in(kafka, topic) if record.partition == number)
        rows |= {(number, key_of(row)): row for row in found.values() if not isinstance(row, Position)}
    return rows


def records_in(kafka: LocalKafka, topic: str) -> list[Record]:
    """All records of a topic."""
    return [
        Record(topic, one.partition, one.offset, one.timestamp_ms, one.key, one.value, one.headers)
        for one in read(kafka, topic)
    ]


def folded(kafka: LocalKafka, topic: str) -> dict[tuple[int, str], KeptRow]:
    """What one fold makes of each partition of an events topic."""
    folds = [TagFold([], None) for _ in range(PARTITIONS)]
    rows: dict[tuple[int, str], KeptRow | None] = {}
    for record in records_in(kafka, topic):
        folds[record.partition].read(record.offset, 0, tag_event_of(event_of(record), record))
        taken = folds[record.partition].take_changes()
        rows |= {(record.partition, key): row for key, row in taken.items()}
    return {at: row for at, row in rows.items() if row is not None and not isinstance(row, Position)}


def keeper(setup: Installation, name: str) -> Process:
    """`registry-worker materialize`, not started yet."""
    arguments = ("materialize", "--listen", "127.0.0.1:0")
    return Process(WORKER, *arguments, folder=setup.folder / name, config=setup.config())


def test_killed_and_followed_by_others(kafka: LocalKafka, setup: Installation) -> None:
    """Killed at any moment, two at once, then another one: the rows are those of one fold over the log."""
    events, tags = list(history(600)), f"{setup.topic}.tags"
    publish(setup, events[:200])
    with keeper(setup, "first") as first:
        first.wait_for_log("materialize.taken")
        first.signal(signal.SIGKILL)
        first.wait()
    with keeper(setup, "second") as second, keeper(setup, "third") as third:
        publish(setup, events[200:400])
        second.wait_ready()
        third.wait_ready()
        second.signal(signal.SIGKILL)
        second.wait()
        publish(setup, events[400:])
        eventually(lambda: rows_of(kafka, tags) == folded(kafka, setup.topic))
    caught_up(setup)
    assert rows_of(kafka, tags) == folded(kafka, setup.topic)
