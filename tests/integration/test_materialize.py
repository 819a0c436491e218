"""`registry-worker materialize` and `tags` on a real Kafka: what is where, whatever happens to whoever keeps it."""

import json
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
from tests.kit.topics import make_topic, read

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


def agreeing(count: int) -> Iterator[dict[str, Any]]:
    """Events of which the report and the fold must say the same: no digest is pulled before an event names its tag."""
    chance = random.Random(11)
    for number in range(count):
        repository, tag = f"team/app{chance.randrange(3)}", f"v{chance.randrange(2)}"
        digest = f"sha256:{repository}{tag}{chance.randrange(2)}"
        if number < 12:
            repository, tag = f"team/app{number % 3}", f"v{number % 2}"
            digest = f"sha256:{repository}{tag}{number // 6}"
        if number < 12 or chance.randrange(10) < 2:
            yield event("push", repository, number, digest=digest, tag=tag, size=7)
        else:
            named = {"tag": tag} if chance.randrange(2) else {}
            pull = event("pull", repository, number, digest=digest, size=7, **named)
            method = "HEAD" if chance.randrange(4) == 0 else "GET"
            yield {**pull, "request": {**pull["request"], "method": method}}
    yield event("delete", "team/app0", count, tag="v0")


def test_tags_are_those_of_the_report(setup: Installation) -> None:
    """Pulls, uses, pushes and what nobody uses; a repeated event counts in neither; a deleted tag is gone."""
    events = list(agreeing(300))
    publish(setup, [*events[:150], events[140], *events[150:], events[-2]])
    caught_up(setup)
    shown = setup.run_worker("tags", "--json")
    assert (shown.code, shown.stderr) == (0, "")
    found = {(tag["repository"], tag["tag"]): tag for tag in map(json.loads, shown.stdout.splitlines())}
    answers = json.loads(setup.run_worker("report", "--json").stdout)["answers"]
    uses = {(row["repository"], row["tag"]): row for row in answers["last_use_of_tags"] if row["deleted"] is None}
    pulls = {(row["repository"], row["tag"]): row["pulls"] for row in answers["most_pulled_tags"]}
    assert len(found) == 5
    assert found.keys() == uses.keys()
    for at, row in uses.items():
        tag = found[at]
        assert pulls.get(at, 0) == tag["pulls"]
        for theirs, ours in (
            ("first_push", "first_pushed_at"),
            ("last_push", "pushed_at"),
            ("last_use", "last_used_at"),
            ("not_used_since", "unused_since"),
        ):
            assert row[theirs][:19] == tag[ours][:19], (at, theirs)
    assert setup.run_worker("tags", "--unused", "36500d").stdout == ""
    assert len(setup.run_worker("tags", "team/app1", "--unused", "1d").stdout.splitlines()) == 3


def test_wrong_use_is_one_line(kafka: LocalKafka, setup: Installation) -> None:
    """Without a topic of tags in the configuration or in Kafka, and with another number of partitions."""
    missing = setup.run_worker("tags")
    assert (missing.code, missing.stderr) == (
        1,
        f"registry-worker: there is no topic {setup.topic}.tags: `registry-worker materialize` creates and fills it\n",
    )
    make_topic(kafka, f"{setup.topic}.tags", 2, cleanup_policy="compact")
    make_topic(kafka, setup.topic, PARTITIONS)
    differs = setup.run_worker("materialize")
    assert differs.code == 1
    assert f"topic {setup.topic}.tags has 2 partitions, {setup.topic} has 3: " in differs.stderr.splitlines()[-1]
    setup.sections = {}
    for command in ("tags", "materialize"):
        unnamed = setup.run_worker(command)
        assert unnamed.code == 2
        assert "the configuration has no topics.tags; add a line such as `tags: registry.tags`" in unnamed.stderr
