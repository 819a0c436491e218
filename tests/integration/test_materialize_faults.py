"""`registry-worker materialize` where the log is not as it was: grown, cut off, made anew, newer; and other Kafkas."""

import json
from pathlib import Path
from typing import Any

import pytest

from broker import LocalKafka
from schemas.names import SCHEMA_FINGERPRINT
from tests.kit import eventually
from tests.kit.bridge import Finished, Installation
from tests.kit.kept_tags import PARTITIONS, caught_up, event, folded, history, keeper, publish, rows_of
from tests.kit.notifications import Poster
from tests.kit.process import Process
from tests.kit.topics import Found, add_partitions, delete_records, delete_topic, make_topic, read, write

pytestmark = pytest.mark.kafka

OFTEN = {"topic.metadata.refresh.interval.ms": 500}


def installation(kafka: LocalKafka, topic: str, folder: Path, **settings: Any) -> Installation:
    """Topics of three partitions, whose clients have these settings."""
    sections = {"topics": {"tags": f"{topic}.tags"}, "kafka": settings}
    return Installation(kafka.bootstrap, topic, folder, partitions=PARTITIONS, sections=sections)


@pytest.fixture
def setup(kafka: LocalKafka, topic: str, tmp_path: Path) -> Installation:
    """On a Kafka of today."""
    return installation(kafka, topic, tmp_path)


def listed(setup: Installation) -> dict[tuple[str, str], dict[str, Any]]:
    """The tags that `tags` lists, by repository and tag."""
    shown = setup.run_worker("tags", "--json")
    assert (shown.code, shown.stderr) == (0, "")
    return {(tag["repository"], tag["tag"]): tag for tag in map(json.loads, shown.stdout.splitlines())}


def last_line(text: str) -> str:
    """What stands last on standard error."""
    return text.splitlines()[-1]


def test_more_partitions_need_another_topic(kafka: LocalKafka, topic: str, tmp_path: Path) -> None:
    """A running one ends, and so does the next one: each says the way out in a line, which works."""
    setup = installation(kafka, topic, tmp_path, **OFTEN)
    events = list(history(120))
    publish(setup, events[:80])
    refusal = (
        f"topic {topic}.tags has 3 partitions, {topic} has 5: a tag is kept in the partition of its events; name a new "
        f"topic in topics.tags, for example {topic}.tags-2, and start `registry-worker materialize` again, which reads "
        "the whole log (docs/tags.md)"
    )
    with keeper(setup, "first") as running:
        running.wait_ready()
        add_partitions(kafka, topic, 5)
        assert running.wait() == 1
        assert last_line(running.stderr).endswith(refusal)
    publish(setup, events[80:])
    again = setup.run_worker("materialize", "--until-caught-up")
    assert (again.code, last_line(again.stderr)) == (1, f"registry-worker: {refusal}")
    shown = setup.run_worker("tags")
    assert (shown.code, shown.stdout, shown.stderr) == (1, "", f"registry-worker: {refusal}\n")
    add_partitions(kafka, f"{topic}.tags", 5)
    made_with = f"registry-worker: topic {topic}.tags was made with 3 partitions, and has 5 now: "
    for command in (("materialize", "--until-caught-up"), ("tags",)):
        enlarged = setup.run_worker(*command)
        assert enlarged.code == 1
        assert last_line(enlarged.stderr).startswith(made_with)
    setup.sections = {**setup.sections, "topics": {"tags": f"{topic}.tags-2"}}
    caught_up(setup)
    assert rows_of(kafka, f"{topic}.tags-2") == folded(kafka, topic)


def records_lost(done: Finished) -> int:
    """How many records a run said that it had lost."""
    lines = map(json.loads, done.stderr.splitlines())
    return sum(line["records"] for line in lines if line["event"] == "materialize.records_lost")


def test_what_retention_took_unread_is_said(kafka: LocalKafka, setup: Installation) -> None:
    """Even if nothing is left: what is unused since before the gap is unused since it was found."""
    publish(setup, [event("push", "team/app", 0, tag="v1", digest="sha256:a")])
    publish(setup, [event("pull", "team/app", 60, tag="v1", digest="sha256:a")])
    caught_up(setup)
    publish(setup, [event("pull", "team/app", 120, tag="v1", digest="sha256:a")])
    ends = dict.fromkeys(range(PARTITIONS), 0)
    for one in read(kafka, setup.topic):
        ends[one.partition] = one.offset + 1
    delete_records(kafka, setup.topic, ends)
    assert records_lost(caught_up(setup)) == 1
    assert listed(setup)["team/app", "v1"]["pulls"] == 1
    since = listed(setup)["team/app", "v1"]["unused_since"]
    assert since > "2026-01-30T00:01:00.000Z"
    assert records_lost(caught_up(setup)) == 0
    publish(setup, [event("pull", "team/app", 180, tag="v2", digest="sha256:b")])
    caught_up(setup)
    assert listed(setup)["team/app", "v1"]["unused_since"] == since


def test_a_topic_made_anew_under_it_is_read(kafka: LocalKafka, setup: Installation) -> None:
    """From its beginning, each event once: the tags of the one before stay."""
    publish(setup, [event("push", "team/app", number, tag="old", digest="sha256:a") for number in range(20)])
    with keeper(setup, "first") as running:
        running.wait_ready()
        eventually(lambda: is_there(kafka, f"{setup.topic}.tags", "old"))
        delete_topic(kafka, setup.topic)
        make_topic(kafka, setup.topic, PARTITIONS)
        anew = [event("push", "team/app", 100, tag="new", digest="sha256:b")]
        publish(setup, [*anew, event("pull", "team/app", 200, tag="new", digest="sha256:b")])
        eventually(lambda: is_there(kafka, f"{setup.topic}.tags", "new"))
        assert running.terminate() == 0
    caught_up(setup)
    tags = listed(setup)
    assert {name: tag["pulls"] for name, tag in tags.items()} == {("team/app", "old"): 0, ("team/app", "new"): 1}


def is_there(kafka: LocalKafka, topic: str, tag: str) -> bool:
    """Whether a tag stands in a topic of tags."""
    return any(key == f"/team/app:{tag}" for _, key in rows_of(kafka, topic))


def test_a_newer_release_is_waited_for(kafka: LocalKafka, setup: Installation) -> None:
    """Unready, with the place and what to do in one line; other partitions go on."""
    tags = f"{setup.topic}.tags"
    publish(setup, [event("push", f"team/app{number}", number, tag="v1", digest="sha256:a") for number in range(9)])
    first = read(kafka, setup.topic)[0]
    newer = Found(first.partition, 0, 0, b"team/app", first.value, ((SCHEMA_FINGERPRINT, b"0123456789abcdef"),))
    write(kafka, setup.topic, [newer])
    publish(setup, [event("push", f"team/app{number}", number, tag="v2", digest="sha256:b") for number in range(9, 18)])
    with keeper(setup, "first") as running:
        line = running.wait_for_log("materialize.upgrade_needed")
        assert line["reason"].startswith(f"{setup.topic}/{first.partition}/")
        assert line["consequence"] == "the tags of this partition stay as they are; upgrade this program"
        eventually(lambda: waits_for_an_upgrade(running, first.partition))
        pushed_later = {f"team/app{number}".encode() for number in range(9, 18)}
        others = {one.partition for one in read(kafka, setup.topic) if one.key in pushed_later} - {first.partition}
        assert others
        eventually(lambda: others == {number for number, key in rows_of(kafka, tags) if key.endswith(":v2")})
        assert running.terminate() == 0
    setup.sections = {**setup.sections, "worker": {"unknown_schema": "dead-letter"}}
    assert "materialize.undecodable" in caught_up(setup).stderr
    assert len([key for _, key in rows_of(kafka, tags) if ":v" in key]) == 18


def waits_for_an_upgrade(running: Process, partition: int) -> bool:
    """Whether it is unready for this reason, and its metrics count the partition."""
    with Poster(f"http://{running.address}/") as asked:
        answer = asked.request("GET", "/readyz")
        is_counted = b"registry_worker_tags_blocked_partitions 1.0" in asked.request("GET", "/metrics").body
    reasons = answer.json.get("reasons", [])
    is_said = any(f"partition {partition} waits for an upgrade: " in why for why in reasons)
    return answer.status == 503 and is_said and is_counted


@pytest.mark.parametrize(("broker", "protocol"), [("kafka_39", "auto"), ("kafka", "classic")])
def test_the_classic_protocol(
    request: pytest.FixtureRequest, topic: str, tmp_path: Path, broker: str, protocol: str
) -> None:
    """On Kafka 3.9 and where it is chosen: two share the partitions, and what one leaves the other takes."""
    kafka: LocalKafka = request.getfixturevalue(broker)
    setup = installation(kafka, topic, tmp_path, **{"group.protocol": protocol})
    events, tags = list(history(200)), f"{topic}.tags"
    publish(setup, events[:100])
    with keeper(setup, "first") as first, keeper(setup, "second") as second:
        first.wait_ready()
        second.wait_ready()
        first.wait_for_log("materialize.taken")
        second.wait_for_log("materialize.taken")
        assert first.terminate() == 0
        publish(setup, events[100:])
        eventually(lambda: rows_of(kafka, tags) == folded(kafka, topic))
        assert second.terminate() == 0
