"""Keeping tags with a real Kafka: histories of images, what stands in a topic of tags, and what should stand there."""

import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

from broker import LocalKafka
from consumer.log.decoding import event_of
from consumer.record import Record
from consumer.tags.fold import TagFold
from consumer.tags.record import rows_in
from consumer.tags.rows import KeptRow, Position, key_of
from consumer.tags.tag_event import tag_event_of
from tests.kit.bridge import WORKER, Finished, Installation
from tests.kit.notifications import envelope, event_json
from tests.kit.process import Process
from tests.kit.topics import read

PARTITIONS: Final = 3
MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"

Kept = dict[tuple[int, str], KeptRow]
"""Rows by partition and key, but for the positions."""


def event(action: str, repository: str, number: int, **target: Any) -> dict[str, Any]:
    """One event of an image, at a second of its own."""
    method = {"push": "PUT", "pull": "GET", "delete": "DELETE"}[action]
    minute, second = divmod(number, 60)
    return event_json(
        repository,
        number,
        id=f"{repository}-{number}",
        action=action,
        timestamp=f"2026-01-30T{minute // 60:02d}:{minute % 60:02d}:{second:02d}Z",
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


def publish(setup: Installation, events: Sequence[dict[str, Any]]) -> None:
    """Ten in an envelope."""
    setup.publish(*(envelope(*events[at : at + 10]) for at in range(0, len(events), 10)))


def caught_up(setup: Installation) -> Finished:
    """Read all that is in the log."""
    done = setup.run_worker("materialize", "--until-caught-up", "--timeout", "120s")
    assert done.code == 0, done.stderr
    return done


def rows_of(kafka: LocalKafka, topic: str) -> Kept:
    """What stands in a topic of tags."""
    rows: Kept = {}
    records = records_in(kafka, topic)
    for number in {record.partition for record in records}:
        found = rows_in(record for record in records if record.partition == number)
        rows |= {(number, key_of(row)): row for row in found.values() if not isinstance(row, Position)}
    return rows


def records_in(kafka: LocalKafka, topic: str) -> list[Record]:
    """All records of a topic."""
    return [
        Record(topic, one.partition, one.offset, one.timestamp_ms, one.key, one.value, one.headers)
        for one in read(kafka, topic)
    ]


def folded(kafka: LocalKafka, topic: str) -> Kept:
    """What one fold makes of each partition of an events topic."""
    folds: dict[int, TagFold] = {}
    rows: dict[tuple[int, str], KeptRow | None] = {}
    for record in records_in(kafka, topic):
        fold = folds.setdefault(record.partition, TagFold([], None))
        fold.read(record.offset, 0, tag_event_of(event_of(record), record))
        rows |= {(record.partition, key): row for key, row in fold.take_changes().items()}
    return {at: row for at, row in rows.items() if row is not None and not isinstance(row, Position)}


def keeper(setup: Installation, name: str) -> Process:
    """`registry-worker materialize`, not started yet."""
    arguments = ("materialize", "--listen", "127.0.0.1:0")
    return Process(WORKER, *arguments, folder=setup.folder / name, config=setup.config())
