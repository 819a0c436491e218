"""`registry-worker materialize` and `tags` on a real Kafka: what is where, whatever happens to whoever keeps it."""

import json
import random
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broker import LocalKafka
from consumer.materialize.assembly import TagParts
from consumer.places import TopicMissingError
from runtime.clock import SystemClock
from runtime.config.load import settings_from
from tests.kit import eventually
from tests.kit.bridge import Installation
from tests.kit.kept_tags import PARTITIONS, caught_up, event, folded, history, keeper, publish, rows_of
from tests.kit.process import Process
from tests.kit.topics import make_topic
from tests.kit.transactions import Transactions

pytestmark = pytest.mark.kafka


@pytest.fixture
def setup(kafka: LocalKafka, topic: str, tmp_path: Path) -> Installation:
    """Topics of three partitions."""
    return Installation(
        kafka.bootstrap, topic, tmp_path, partitions=PARTITIONS, sections={"topics": {"tags": f"{topic}.tags"}}
    )


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


def test_a_topic_that_the_broker_does_not_know_is_waited_for(setup: Installation) -> None:
    """It is no other topic: a broker that has just started does not know all topics yet."""
    parts = TagParts(settings_from(setup.config()), f"{setup.topic}.tags", SystemClock(), threading.Event())
    with pytest.raises(TopicMissingError, match=f"there is no topic {setup.topic} "):
        parts.open_partition(0)


def test_one_that_was_frozen_writes_nothing_of_its_own(kafka: LocalKafka, setup: Installation) -> None:
    """Another one has taken its partitions meanwhile: it begins anew, with no more than its lines to say so."""
    events, tags = list(history(300)), f"{setup.topic}.tags"
    publish(setup, events[:100])
    with keeper(setup, "first") as first:
        first.wait_ready()
        with keeper(setup, "second") as second:
            first.signal(signal.SIGSTOP)
            publish(setup, events[100:200])
            eventually(lambda: rows_of(kafka, tags) == folded(kafka, setup.topic))
            first.signal(signal.SIGCONT)
            publish(setup, events[200:])
            assert second.terminate() == 0
        eventually(lambda: rows_of(kafka, tags) == folded(kafka, setup.topic))
        assert first.terminate() == 0
        assert all(line.startswith("{") for line in first.stderr.splitlines()), first.stderr


def taken_by(process: Process) -> set[int]:
    """The partitions that it has taken so far: it is ready before, and whoever had them can write until then."""
    return {line["partition"] for line in process.log() if line["event"] == "materialize.taken"}


def reasons(process: Process) -> list[str]:
    """Why it has begun anew so far."""
    return [line["reason"] for line in process.log() if line["event"] == "materialize.interrupted"]


def is_of_another(reason: str, tags: str) -> bool:
    """Whether it was another group that writes to this topic."""
    return reason.startswith(f"writing as {tags}.") and "another writer has taken its place" in reason


def test_two_groups_on_one_topic_of_tags_take_turns(kafka: LocalKafka, setup: Installation) -> None:
    """Neither writes over what the other has counted, and a line says that there is another."""
    other = Installation(
        kafka.bootstrap,
        setup.topic,
        setup.folder / "other",
        partitions=PARTITIONS,
        sections={**setup.sections, "worker": {"group_prefix": "another"}},
    )
    events, tags = list(history(300)), f"{setup.topic}.tags"
    publish(setup, events[:100])
    with keeper(setup, "first") as first:
        # Whoever is amid a commit when another one comes is told of it in Kafka's words alone.
        eventually(lambda: rows_of(kafka, tags) == folded(kafka, setup.topic))
        with keeper(other, "second") as second:
            eventually(lambda: set(range(PARTITIONS)) == taken_by(second))
            publish(setup, events[100:200])
            eventually(lambda: [one for keeps in (first, second) for one in reasons(keeps) if is_of_another(one, tags)])
            publish(setup, events[200:])
            eventually(lambda: rows_of(kafka, tags) == folded(kafka, setup.topic))
            second.terminate()
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
    """Pulls, uses, pushes; a repeat counts in neither; a deleted tag is gone; silence makes nothing unused."""
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
    unused = ("tags", "team/app1", "--unused", "20h")
    silent = setup.run_worker(*unused)
    assert (silent.stdout, silent.stderr) == ("", "registry-worker: no tag is known to be unused for 20h\n")
    publish(setup, [event("pull", "team/other", 80_000, tag="v1", digest="sha256:a")])
    caught_up(setup)
    assert len(setup.run_worker(*unused).stdout.splitlines()) == 3


def test_a_question_without_an_answer_says_why(setup: Installation) -> None:
    """What matches nothing is named with what there is; a number alone is no duration; what was read is told."""
    publish(setup, [event("push", f"team/app{number}", number, tag="v1", digest="sha256:a") for number in range(2)])
    told = [json.loads(line) for line in caught_up(setup).stderr.splitlines()]
    assert [(one["records"], one["tags"]) for one in told if one["event"] == "materialize.caught_up"] == [(2, 2)]
    for words, why in (
        (["eu/**"], "no repository with a tag matches 'eu/**'; there are team/app0, team/app1"),
        (["--registry", "eu"], "no registry has the label eu; there are '' (no label)"),
        (["--unused", "90d"], "no tag is known to be unused for 90d"),
    ):
        shown = setup.run_worker("tags", *words)
        assert (shown.code, shown.stdout, shown.stderr) == (0, "", f"registry-worker: {why}\n")
    bare = setup.run_worker("tags", "--unused", "90")
    assert bare.code == 2
    assert "'90' has no unit; write 90s, 90m, 90h or 90d" in bare.stderr


def test_what_an_open_transaction_holds_back_is_not_read(kafka: LocalKafka, setup: Installation) -> None:
    """Whoever asks for tags is told of it: uses may be behind it."""
    publish(setup, list(history(50)))
    caught_up(setup)
    assert setup.run_worker("tags").stderr == ""
    with Transactions(kafka, setup.topic) as copying:
        copying.begin("team/app0", 1)
        assert "1 record of the log is in or behind an open transaction and cannot" in setup.run_worker("tags").stderr


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
    unequal = setup.run_worker("tags")
    assert unequal.code == 1
    assert f"topic {setup.topic}.tags has 2 partitions, {setup.topic} has 3: " in unequal.stderr
    setup.sections = {}
    for command in ("tags", "materialize"):
        unnamed = setup.run_worker(command)
        assert unnamed.code == 2
        assert "the configuration has no topics.tags; add a line such as `tags: registry.tags`" in unnamed.stderr
