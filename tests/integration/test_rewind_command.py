"""`registry-worker rewind` on a real Kafka: back, forward, by partition, without a cursor, and refused while live."""

from pathlib import Path

import pytest

from broker import LocalKafka
from consumer.offsets.commit_metadata import encode
from consumer.offsets.ledger import Snapshot
from tests.kit import Receiver, eventually
from tests.kit.bridge import Finished, Installation, endpoint
from tests.kit.notifications import delivered, envelopes
from tests.kit.topics import commit, committed, metadata, read

pytestmark = pytest.mark.kafka

PARTITIONS = 2
BRISK = {"start": "beginning", "backoff": "20ms", "max_backoff": "100ms"}


@pytest.fixture
def setup(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> Installation:
    """One endpoint that begins at the beginning, and twenty events of four repositories."""
    ends = [endpoint("ci", receiver.url, **BRISK)]
    made = Installation(kafka.bootstrap, topic, tmp_path, partitions=PARTITIONS, endpoints=ends)
    made.publish(*envelopes(4, 5))
    return made


def rewind(setup: Installation, *arguments: str, code: int = 0) -> Finished:
    """What `rewind` says; it must exit with `code`."""
    done = setup.run_worker("rewind", "--endpoint", "ci", *arguments)
    assert code == done.code, done.stdout + done.stderr
    return done


def cursor(kafka: LocalKafka, setup: Installation) -> dict[int, int]:
    """The group's offsets."""
    return committed(kafka, setup.group("ci"), setup.topic, PARTITIONS)


def finished(kafka: LocalKafka, setup: Installation) -> dict[int, int]:
    """Lets the endpoint have finished all that the log has; the log's end."""
    ends = dict.fromkeys(range(PARTITIONS), 0)
    for record in read(kafka, setup.topic):
        ends[record.partition] = record.offset + 1
    commit(kafka, setup.group("ci"), setup.topic, {number: (end, "") for number, end in ends.items()})
    return ends


def test_back_and_forward(kafka: LocalKafka, setup: Installation, receiver: Receiver) -> None:
    """Back to the beginning repeats what was delivered; forward skips, only with --skip; a dry run moves nothing."""
    end = finished(kafka, setup)
    said = rewind(setup, "--to", "beginning", "--dry-run")
    assert said.stdout.startswith("ci: 20 events would be delivered again, 0 events would be skipped\n")
    assert end == cursor(kafka, setup)
    rewind(setup, "--to", "beginning")
    assert {0: 0, 1: 0} == cursor(kafka, setup)
    refused = rewind(setup, "--to", "end", code=2)
    told = "endpoint ci: 20 events that were not delivered would be skipped; use --skip to allow this"
    assert "20 events would be skipped\n" in refused.stdout
    assert refused.stderr == f"registry-worker: {told}\n"
    assert {0: 0, 1: 0} == cursor(kafka, setup)
    done = setup.run_worker("deliver", "--until-caught-up", "--timeout", "120s")
    assert (0, 20) == (done.code, len(delivered(receiver)))
    commit(kafka, setup.group("ci"), setup.topic, {0: (0, ""), 1: (0, "")})
    said = rewind(setup, "--to", "end", "--skip")
    assert "ci: 0 events will be delivered again, 20 events will be skipped\n" in said.stdout
    assert end == cursor(kafka, setup)


def test_only_what_the_endpoint_gets_is_counted(kafka: LocalKafka, setup: Installation, receiver: Receiver) -> None:
    """Its filters are applied to what the move passes; what is filtered is not skipped either."""
    setup.endpoints = [endpoint("ci", receiver.url, **BRISK, repositories=["team/app0"])]
    finished(kafka, setup)
    said = rewind(setup, "--to", "beginning")
    told = "ci: 5 events will be delivered again, 0 events will be skipped; the move also passes 15 filtered events\n"
    assert said.stdout.startswith(told)
    assert setup.run_worker("deliver", "--until-caught-up", "--timeout", "120s").code == 0
    assert len(delivered(receiver)) == 5
    setup.publish(*(body for body in envelopes(4, 1, first=5) if b"team/app0" not in body))
    assert "0 events will be skipped; the move also passes 3 filtered events" in rewind(setup, "--to", "end").stdout


def test_one_partition(kafka: LocalKafka, setup: Installation) -> None:
    """PARTITION:OFFSET moves that partition and leaves the others where they are."""
    end = finished(kafka, setup)
    said = rewind(setup, "--to", "1:2")
    assert f"  partition 1: from {end[1]} to 2, {end[1] - 2} again\n" in said.stdout
    assert {0: end[0], 1: 2} == cursor(kafka, setup)
    assert "has no partition 7" in rewind(setup, "--to", "7:0", code=2).stderr


def test_without_a_cursor(kafka: LocalKafka, setup: Installation) -> None:
    """A group without offsets gets one in every partition: as named, and where its start would begin elsewhere."""
    said = rewind(setup, "--to", "0:1", code=2)
    assert "ci has no cursor yet\n" in said.stdout
    assert {} == cursor(kafka, setup)
    rewind(setup, "--to", "0:1", "--skip")
    assert {0: 1, 1: 0} == cursor(kafka, setup)


def test_refused_while_live(kafka: LocalKafka, setup: Installation, receiver: Receiver) -> None:
    """The cursor of a live endpoint is its workers': one line, exit 1, nothing moved, and delivery goes on."""
    with setup.worker() as worker:
        worker.wait_ready()
        receiver.wait_for(20)
        eventually(lambda: sum(cursor(kafka, setup).values()) == 20)
        refused = rewind(setup, "--to", "beginning", code=1)
        assert refused.stderr.startswith("registry-worker: endpoint ci is being served (group ")
        assert refused.stdout == "", "nothing is said of what will not be"
        assert rewind(setup, "--to", "beginning", "--dry-run", code=1).stdout == ""
        assert 20 == sum(cursor(kafka, setup).values())
        setup.publish(*envelopes(1, 1, first=5))
        receiver.wait_for(21)


def test_the_map_of_holes_goes(kafka: LocalKafka, setup: Installation) -> None:
    """What was finished above the cursor comes again too, and is counted: the map is dropped with the move."""
    end = finished(kafka, setup)
    group, top = setup.group("ci"), end[0] - 1
    holes = encode(Snapshot(1, (1, 3), top), group=group, topic=setup.topic, partition=0)
    commit(kafka, group, setup.topic, {0: (1, holes)})
    said = rewind(setup, "--to", "0:1")
    assert f"ci: {top - 2} events will be delivered again, 0 events will be skipped\n" in said.stdout
    assert {0: 1, 1: end[1]} == cursor(kafka, setup)
    assert {0: "", 1: ""} == metadata(kafka, group, setup.topic, PARTITIONS)


def test_wrong_use(kafka: LocalKafka, setup: Installation) -> None:
    """An endpoint that is not there, or a place that is none: exit 2 and what is known."""
    done = setup.run_worker("rewind", "--endpoint", "nobody", "--to", "end")
    assert (done.code, "no endpoint is named nobody; endpoints: ci" in done.stderr) == (2, True)
    assert "is not a place in a topic" in rewind(setup, "--to", "yesterday", code=2).stderr
    commit(kafka, setup.group("ci"), setup.topic, {0: (10_000, ""), 1: (0, "")})
    assert "partition 0: from 0 to 3, " in rewind(setup, "--to", "0:3", "--skip").stdout, "an offset out of range"
