"""`registry-worker tail` on a real Kafka: the last ten, filters, places, following; terminals have nothing to obey."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from broker import LocalKafka
from tests.kit import Process, eventually
from tests.kit.bridge import Installation
from tests.kit.notifications import envelope, envelopes, event_json
from tests.kit.topics import Found, make_topic, write

pytestmark = pytest.mark.kafka


@pytest.fixture
def setup(kafka: LocalKafka, topic: str, tmp_path: Path) -> Installation:
    """An installation without endpoints; its topic is made by the first `publish`."""
    return Installation(kafka.bootstrap, topic, tmp_path, partitions=3)


def tail(setup: Installation, *arguments: str) -> list[str]:
    """The lines that `tail` prints; it must exit with 0."""
    done = setup.run_worker("tail", *arguments)
    assert done.code == 0, done.stderr
    return done.stdout.splitlines()


def tailed(setup: Installation, *arguments: str) -> list[dict[str, Any]]:
    """What `tail --json` prints."""
    return [json.loads(line) for line in tail(setup, "--json", *arguments)]


def tags(found: list[dict[str, Any]]) -> list[str]:
    """`REPOSITORY:TAG` of each."""
    return [f"{one['event']['target']['repository']}:{one['event']['target']['tag']}" for one in found]


def test_last_ten_filters_and_places(setup: Installation) -> None:
    """The last ten by time over all partitions; filters search further back; a place prints all from there on."""
    pull = event_json("other/app", 0, action="pull")
    setup.publish(envelope(pull), options=["--registry", "eu"])
    setup.publish(*envelopes(4, 10))
    everything = tailed(setup, "--from", "beginning")
    assert 41 == len(everything)
    moments = [one["accepted_at"] for one in everything]
    assert sorted(moments) == moments
    assert everything[-10:] == tailed(setup)
    assert [f"team/app1:{n}" for n in range(10)] == tags(tailed(setup, "--repository", "team/app1"))
    for only in (("--registry", "eu"), ("--repository", "other/**", "--action", "pull")):
        (found,) = tailed(setup, *only)
        assert (pull, "eu") == (found["event"], found["registry"])
        assert "application/vnd.docker.distribution.events.v2+json" == found["content_type"]
    one = everything[20]
    place = f"{one['partition']}:{one['offset']}"
    from_there = tailed(setup, "--from", place)
    assert [found for found in everything[20:] if found["partition"] == one["partition"]] == from_there
    (line,) = tail(setup, "--registry", "eu")
    assert ["pull", "other/app:0", "PUT", "ci", "192.0.2.7", "eu", "-"] == line.split("  ")[1:-1]


def test_what_is_no_event(kafka: LocalKafka, setup: Installation) -> None:
    """Records that cannot be read are shown as such, and what is in an event does nothing to a terminal."""
    make_topic(kafka, setup.topic, 1)
    write(kafka, setup.topic, [Found(0, 0, 0, b"k", b"\x1b[31mno event", ())])
    event = event_json("team/app", 7, actor={"name": "\x1b]0;owned\x07\x9b31m"})
    setup.publish(json.dumps({"events": [event]}, ensure_ascii=False).encode())
    damaged, line = tail(setup)
    assert "undecodable: " in damaged
    assert damaged.endswith("  0:0")
    assert "  \\x1b]0;owned\\x07\\x9b31m  " in line
    raw_damaged, raw = tail(setup, "--json")
    assert raw.isprintable()
    assert event == json.loads(raw)["event"]
    assert (None, "G1szMW1ubyBldmVudA==") == (json.loads(raw_damaged)["event"], json.loads(raw_damaged)["raw"])
    assert 1 == len(tail(setup, "--action", "push")), "what holds no event is of no action"


def test_follow(setup: Installation, tmp_path: Path) -> None:
    """Following prints what comes in after the last ten, once each, and ends with exit 0 at Ctrl-C."""
    setup.publish(*envelopes(1, 12))
    with Process("consumer.cli", "tail", "--json", "-f", folder=tmp_path / "tail", config=setup.config()) as follower:
        eventually(lambda: len(follower.stdout.splitlines()) == 10)
        setup.publish(*envelopes(2, 5, first=12))
        eventually(lambda: len(follower.stdout.splitlines()) >= 20)
        follower.signal(signal.SIGINT)
        assert follower.wait() == 0
    found = tags([json.loads(line) for line in follower.stdout.splitlines()])
    assert [f"team/app0:{n}" for n in range(2, 17)] == [tag for tag in found if tag.startswith("team/app0:")]
    assert [f"team/app1:{n}" for n in range(12, 17)] == [tag for tag in found if tag.startswith("team/app1:")]


def test_missing_topic(setup: Installation) -> None:
    """Without a topic there is nothing to print: one line, exit 1."""
    done = setup.run_worker("tail")
    assert (1, f"registry-worker: topic {setup.topic} does not exist (registry-bridge init creates it)\n") == (
        done.code,
        done.stderr,
    )
