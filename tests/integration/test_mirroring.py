"""A second cluster takes over, as docs/backup.md describes: MirrorMaker 2 copies the log and the endpoints' places."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from broker import LocalKafka
from tests.kit import Receiver, eventually
from tests.kit.bridge import Installation, endpoint
from tests.kit.connect import MIRROR_MAKER, ConnectWorker
from tests.kit.eventually import LIMIT_S
from tests.kit.exchange import Answer, Captured
from tests.kit.notifications import envelopes
from tests.kit.snippets import snippets
from tests.kit.topics import Found, admin, committed, once, read, write

pytestmark = pytest.mark.kafka

PARTITIONS = 2
REPOSITORIES, EACH = 4, 5
STUCK = "team/app1"
ENDPOINTS = "ci", "audit"
"""The second one has received everything when the primary is lost."""
UNREADABLE = b"no event", None
"""Damaged bytes and a tombstone: each endpoint makes a dead letter of each."""
BRISK = """
sync.group.offsets.interval.seconds=1
emit.checkpoints.interval.seconds=1
refresh.topics.interval.seconds=2
refresh.groups.interval.seconds=2
heartbeats.topic.replication.factor=1
checkpoints.topic.replication.factor=1
offset-syncs.topic.replication.factor=1
offset.storage.replication.factor=1
status.storage.replication.factor=1
config.storage.replication.factor=1
replication.factor=1
offset.storage.partitions=1
status.storage.partitions=1
emit.heartbeats.enabled=false
"""
"""For one broker on each side, and a test that does not wait minutes."""


def repository(request: Captured) -> str:
    """Of the event in a request."""
    [event] = json.loads(request.body)["events"]
    return str(event["target"]["repository"])


def is_stuck(request: Captured) -> bool:
    """Whether it is of the repository that the first endpoint cannot take now."""
    return request.path == "/ci" and repository(request) == STUCK


def stuck(request: Captured) -> Answer:
    """Refuses that one."""
    return Answer(status=503 if is_stuck(request) else 200)


def properties(primary: LocalKafka, standby: LocalKafka, topic: str) -> str:
    """The page's file with the names that are used here."""
    [text] = snippets("backup.md", "Mirroring to a second cluster", "properties")
    places = {
        "kafka-1.primary:9092": primary.bootstrap,
        "kafka-1.standby:9092": standby.bootstrap,
        "registry.events, registry.dead-letters, registry.control": f"{topic}, {topic}.dead",
        "registry-worker.*": f"{topic}.*",
    }
    for written, here in places.items():
        assert written in text
        text = text.replace(written, here)
    return text + BRISK


def at(cluster: LocalKafka, receiver: Receiver, topic: str, folder: Path) -> Installation:
    """The same installation on either cluster."""
    ends = [endpoint(name, f"{receiver.url}/{name}", start="beginning", threshold=1000) for name in ENDPOINTS]
    return Installation(cluster.bootstrap, topic, folder, partitions=PARTITIONS, endpoints=ends)


def places(cluster: LocalKafka, topic: str) -> list[dict[int, int]]:
    """Where each endpoint is, by partition."""
    return [committed(cluster, f"{topic}.{name}", topic, PARTITIONS) for name in ENDPOINTS]


def records(cluster: LocalKafka, topic: str) -> list[Found]:
    """All that the topic has, in order; nothing if there is no topic yet."""
    if topic not in admin(cluster).list_topics(timeout=LIMIT_S).topics:
        return []
    return sorted(read(cluster, topic), key=lambda found: (found.partition, found.offset))


def delivered(requests: Iterable[Captured]) -> Counter[tuple[str, str]]:
    """How often each event came to each path."""
    return Counter((request.path, request.header("webhook-id") or "") for request in requests)


def take_over(primary: Installation, standby: Installation) -> dict[str, dict[int, int]]:
    """Gives each endpoint its place on the primary, as the page says; these places."""
    exact = {}
    for status in json.loads(primary.run_worker("status", "--json").stdout):
        name, place = status["endpoint"], {one["partition"]: one["offset"] for one in status["partitions"]}
        to = ",".join(f"{partition}:{offset}" for partition, offset in place.items())
        moved = standby.run_worker("rewind", "--endpoint", name, "--to", to, "--skip")
        assert moved.code == 0, moved.stderr
        exact[name] = place
    return exact


def test_the_standby_goes_on_where_the_primary_was(
    kafka: LocalKafka, kafka_39: LocalKafka, topic: str, tmp_path: Path
) -> None:
    """Each record is there as it was, and each endpoint gets all from its place on, and nothing from before it.

    MirrorMaker gives the exact place to an endpoint that has received everything; to one that waits further back an
    earlier place, or none: it never skips an event. What comes to the standby later is delivered too.
    """
    dead, letters = f"{topic}.dead", len(ENDPOINTS) * len(UNREADABLE)
    with Receiver(stuck) as receiver:
        primary = at(kafka, receiver, topic, tmp_path / "primary")
        primary.publish(*envelopes(REPOSITORIES, EACH))
        write(kafka, topic, [Found(0, -1, -1, b"odd", value, ()) for value in UNREADABLE])
        with primary.worker() as worker:
            others = EACH * (len(ENDPOINTS) * REPOSITORIES - 1)
            assert eventually(lambda: sum(not is_stuck(one) for one in receiver.requests) == others)
            assert eventually(lambda: len(once(records(kafka, dead))) == letters)
            assert worker.terminate() == 0
            was_late = any(line["event"] == "dead_letter.not_written" for line in worker.log())
            assert len(records(kafka, dead)) == letters or was_late
    waiting, caught_up = places(kafka, topic)
    assert any(waiting.values()), "one partition is received"
    assert not all(waiting.values()), "the other waits at its beginning"
    files = {"mirror.properties": properties(kafka, kafka_39, topic)}
    with ConnectWorker(tmp_path, files, main=MIRROR_MAKER) as mirror:

        def is_mirrored() -> bool:
            mirror.check()
            for name in (topic, dead):
                assert records(kafka_39, name) == records(kafka, name)
            translated, same = places(kafka_39, topic)
            assert same == caught_up
            assert all(offset <= waiting[partition] for partition, offset in translated.items())
            return True

        assert eventually(is_mirrored, 300, every=0.5)
    with Receiver() as receiver:
        standby = at(kafka_39, receiver, topic, tmp_path / "standby")
        exact = take_over(primary, standby)
        assert exact == {"ci": waiting, "audit": caught_up}
        standby.publish(*envelopes(1, EACH, first=EACH))
        assert standby.run_worker("deliver", "--until-caught-up", "--timeout", "120s").code == 0
        owed = {
            (f"/{name}", found.header("ce_id")): 1
            for name, place in exact.items()
            for found in records(kafka_39, topic)
            if found.offset >= place[found.partition]
        }
        assert owed == delivered(receiver.requests)
        assert {("/ci", f"team-app1-{number}") for number in range(EACH)} < owed.keys()
        assert letters == len(standby.run_worker("dead-letters", "list", "--json").stdout.splitlines())
