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
from tests.kit.topics import Found, admin, committed, metadata, read, write

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


def places(cluster: LocalKafka, topic: str) -> list[tuple[dict[int, int], dict[int, str]]]:
    """Where each endpoint is, and what is finished behind that."""
    groups = [f"{topic}.{name}" for name in ENDPOINTS]
    return [
        (committed(cluster, group, topic, PARTITIONS), metadata(cluster, group, topic, PARTITIONS)) for group in groups
    ]


def records(cluster: LocalKafka, topic: str) -> list[Found]:
    """All that the topic has, in order; nothing if there is no topic yet."""
    if topic not in admin(cluster).list_topics(timeout=LIMIT_S).topics:
        return []
    return sorted(read(cluster, topic), key=lambda found: (found.partition, found.offset))


def delivered(requests: Iterable[Captured]) -> Counter[tuple[str, str]]:
    """How often each event came to each path."""
    return Counter((request.path, request.header("webhook-id") or "") for request in requests)


def test_the_standby_goes_on_where_the_primary_was(
    kafka: LocalKafka, kafka_39: LocalKafka, topic: str, tmp_path: Path
) -> None:
    """Each record is there as it was, and each endpoint gets what it had not got: all of it, and nothing twice.

    What comes to the standby later is delivered too.
    """
    dead, letters = f"{topic}.dead", len(ENDPOINTS) * len(UNREADABLE)
    with Receiver(stuck) as receiver:
        primary = at(kafka, receiver, topic, tmp_path / "primary")
        primary.publish(*envelopes(REPOSITORIES, EACH))
        write(kafka, topic, [Found(0, -1, -1, b"odd", value, ()) for value in UNREADABLE])
        with primary.worker() as worker:
            others = EACH * (len(ENDPOINTS) * REPOSITORIES - 1)
            assert eventually(lambda: sum(not is_stuck(one) for one in receiver.requests) == others)
            assert eventually(lambda: len(records(kafka, dead)) == letters)
            assert worker.terminate() == 0
    assert any(finished for _, behind in places(kafka, topic) for finished in behind.values()), (
        "something is finished behind what is not"
    )
    files = {"mirror.properties": properties(kafka, kafka_39, topic)}
    with Receiver() as receiver:
        with ConnectWorker(tmp_path, files, main=MIRROR_MAKER) as mirror:

            def is_mirrored() -> bool:
                mirror.check()
                copied = [len(records(kafka_39, name)) for name in (topic, dead)]
                return copied == [REPOSITORIES * EACH + len(UNREADABLE), letters] and (
                    places(kafka, topic) == places(kafka_39, topic)
                )

            assert eventually(is_mirrored, 300, every=0.5)
        for name in (topic, dead):
            assert records(kafka_39, name) == records(kafka, name)
        standby = at(kafka_39, receiver, topic, tmp_path / "standby")
        standby.publish(*envelopes(1, EACH, first=EACH))
        assert standby.run_worker("deliver", "--until-caught-up", "--timeout", "120s").code == 0
        new = {(f"/{name}", f"team-app0-{EACH + number}"): 1 for name in ENDPOINTS for number in range(EACH)}
        assert {("/ci", f"team-app1-{number}"): 1 for number in range(EACH)} | new == delivered(receiver.requests)
        assert letters == len(standby.run_worker("dead-letters", "list", "--json").stdout.splitlines())
