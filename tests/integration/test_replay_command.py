"""`registry-worker replay` on a real Kafka: beside a live worker, killed and resumed, filtered, with failures named."""

import re
import signal
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from broker import LocalKafka
from tests.kit import Answer, Captured, Process, Receiver, eventually
from tests.kit.bridge import Finished, Installation, endpoint
from tests.kit.notifications import Arrival, arrivals, assert_in_order, delivered, envelopes, repeats
from tests.kit.topics import Found, committed, delete_records, read, write

pytestmark = pytest.mark.kafka

PARTITIONS = 3
BRISK = {"start": "end", "backoff": "20ms", "max_backoff": "100ms", "concurrency": 8}
RUN = re.compile(r"replay (\d{8}-\d{6}-[0-9a-f]{4}): ")


@pytest.fixture
def setup(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> Installation:
    """One endpoint that begins at the end, and no topic yet."""
    return Installation(
        kafka.bootstrap, topic, tmp_path, partitions=PARTITIONS, endpoints=[endpoint("ci", receiver.url, **BRISK)]
    )


def replay(setup: Installation, *arguments: str, code: int = 0) -> Finished:
    """What `replay` says; it must exit with `code`."""
    done = setup.run_worker("replay", *arguments)
    assert code == done.code, done.stdout + done.stderr
    return done


def run_of(stderr: str) -> str:
    """The run that was said at the start."""
    found = RUN.search(stderr)
    assert found is not None, stderr
    return found[1]


def names(found: Sequence[Arrival]) -> Counter[str]:
    """How often each event arrived."""
    return Counter(arrival.id for arrival in found)


def test_beside_a_live_worker(kafka: LocalKafka, setup: Installation, receiver: Receiver) -> None:
    """A range is delivered again while a worker delivers new events; its group, and the dead letters, are untouched."""
    setup.publish(*envelopes(5, 20))
    with setup.worker() as worker:
        worker.wait_ready()
        setup.publish(*envelopes(5, 4, first=20))
        receiver.wait_for(20)
        live = setup.group("ci")
        before = eventually(lambda: sum((at := committed(kafka, live, setup.topic)).values()) == 120 and at)
        replaying = Process(
            "consumer.cli", "replay", "--endpoint", "ci", "--from", "beginning", "--to", "end", "--rate", "100",
            folder=setup.folder / "replay", config=setup.config(),
        )  # fmt: skip
        with replaying:
            eventually(lambda: any(one.header("registry-replay") for one in receiver.requests))
            setup.publish(*envelopes(5, 2, first=24))
            assert replaying.wait() == 0
        eventually(lambda: sum(committed(kafka, live, setup.topic).values()) == 130)
    assert "ci: 120 delivered, 0 filtered, 0 failed\n" == replaying.stdout
    run = run_of(replaying.stderr)
    replayed = [one for one in receiver.requests if one.header("registry-replay")]
    assert {run} == {one.header("registry-replay") for one in replayed}
    assert (120, 0) == (len(replayed), repeats(arrivals(replayed)))
    assert_in_order(replayed)
    lives = {one.header("webhook-id"): one for one in receiver.requests if not one.header("registry-replay")}
    assert 30 == len(lives)
    again = [one for one in replayed if one.header("webhook-id") in lives]
    assert 20 == len(again)
    for one in again:
        same = lives[one.header("webhook-id")]
        assert (one.body, one.header("registry-event")) == (same.body, same.header("registry-event"))
    assert before == committed(kafka, f"{setup.topic}-replay.{run}", setup.topic), "its progress is its own group's"
    assert [] == read(kafka, setup.dead_letters)


def test_consecutive_ranges_tile(setup: Installation, receiver: Receiver) -> None:
    """Ranges that meet at a place, or at a moment, deliver every event once between them."""
    setup.publish(*envelopes(4, 10))
    middle = "0:5,1:3,2:4"
    parts = (("beginning", middle), (middle, "end"))
    for from_, to in parts:
        replay(setup, "--endpoint", "ci", "--from", from_, "--to", to)
    assert {1} == set(names(delivered(receiver)).values())
    assert 40 == len(delivered(receiver))
    receiver.clear()
    replay(setup, "--endpoint", "ci", "--from", "-1h", "--to", "2020-01-01T00:00:00Z", code=2)
    said = replay(setup, "--endpoint", "ci", "--from", "beginning", "--to", "-1h")
    assert ("ci: the range is empty\n", []) == (said.stdout, receiver.requests)


def test_killed_and_resumed(kafka: LocalKafka, setup: Installation, receiver: Receiver) -> None:
    """After kill -9 and --resume every event of the range has come, in order, and few twice; what is new has not."""
    setup.publish(*envelopes(6, 40))
    receiver.answer_by(lambda _: Answer(delay=0.01 if len(receiver.requests) <= 120 else 3600.0))
    first = Process(
        "consumer.cli", "replay", "--endpoint", "ci", "--from", "beginning", "--repository", "team/*",
        folder=setup.folder / "first", config=setup.config(),
    )  # fmt: skip
    with first:
        receiver.wait_for(100)
        first.kill()
    run = run_of(first.stderr)
    setup.publish(*envelopes(6, 1, first=40))
    assert len(names(delivered(receiver))) < 240
    quick = len(receiver.requests) + 60
    receiver.answer_by(lambda _: Answer(delay=0.01 if len(receiver.requests) <= quick else 3.0))
    second = Process(
        "consumer.cli",
        "replay",
        "--resume",
        run,
        "--rate",
        "100",
        folder=setup.folder / "second",
        config=setup.config(),
    )
    with second:
        eventually(lambda: len(names(delivered(receiver))) > 130)
        second.signal(signal.SIGINT)
        assert second.wait() == 1
    assert f"to continue: registry-worker replay --resume {run}" in second.stdout
    before_third = len(receiver.requests)
    receiver.answer(200)
    replay(setup, "--resume", run)
    found = names(delivered(receiver))
    assert 240 == len(found)
    assert repeats(delivered(receiver)) <= 3 * 8
    left = 240 - len(names(arrivals(receiver.requests[:before_third])))
    assert left == len(receiver.requests) - before_third, "after Ctrl-C nothing comes twice"
    assert {run} == {one.header("registry-replay") for one in receiver.requests}
    assert_in_order([one for one in receiver.requests if one.status == 200])
    assert {} == committed(kafka, setup.group("ci"), setup.topic), "the live group is not even begun"
    assert "ci: 0 delivered, 0 filtered, 0 failed\n" == replay(setup, "--resume", run).stdout


def test_failures_are_named(kafka: LocalKafka, setup: Installation, receiver: Receiver) -> None:
    """What the endpoint will not take is named with its reason, exit 1; a later resume still knows it."""
    setup.publish(*envelopes(3, 5))
    at = len([record for record in read(kafka, setup.topic) if record.partition == 0])
    write(kafka, setup.topic, [Found(0, 0, 0, b"k", b"no event", ())])

    def script(request: Captured) -> Answer:
        return Answer(status=422 if b"team-app1-3" in request.body else 200)

    receiver.answer_by(script)
    said = replay(setup, "--endpoint", "ci", "--from", "beginning", code=1)
    head, *failed = said.stdout.splitlines()
    assert "ci: 14 delivered, 0 filtered, 2 failed" == head
    (rejected,) = [line for line in failed if "team-app1-3: rejected: status 422" in line]
    (undecodable,) = [line for line in failed if line != rejected]
    assert undecodable.startswith(f"  failed: 0:{at}: undecodable: ")
    again = replay(setup, "--resume", run_of(said.stderr), code=1)
    assert "ci: 0 delivered, 0 filtered, 0 failed" == again.stdout.splitlines()[0]
    assert 2 == again.stdout.count("  failed before: ")
    assert "rejected: status 422" in again.stdout
    receiver.answer(200)
    receiver.clear()
    assert "ci: 1 delivered, 0 filtered, 0 failed; 15 were not selected\n" == replay(
        setup, "--endpoint", "ci", "--from", "beginning", "--id", "team-app1-3"
    ).stdout  # fmt: skip
    assert [] == read(kafka, setup.dead_letters)


def test_what_is_chosen(setup: Installation, receiver: Receiver) -> None:
    """The endpoint's filters hold unless --all; options narrow; --url and a dry run; nothing is sent by the latter."""
    setup.publish(*envelopes(4, 5))
    with Receiver() as elsewhere:
        setup.endpoints = [endpoint("ci", receiver.url, **BRISK, repositories=["!team/app0"])]
        start = ("--endpoint", "ci", "--from", "beginning")
        said = replay(setup, *start, "--dry-run").stdout.splitlines()
        assert "ci: 15 events would be delivered, 5 filtered" == said[0]
        assert ["5", "push", "team/app1"] == said[2].split()
        assert "ci: 15 delivered, 5 filtered (repositories 5), 0 failed\n" == replay(setup, *start).stdout
        assert 15 == len(receiver.requests)
        replay(setup, *start, "--all", "--repository", "team/app[0]")
        assert 15 == len(receiver.requests), "a bracket is no glob"
        said_of_all = replay(setup, *start, "--all", "--repository", "team/app0", "--url", f"{elsewhere.url}/x?key=s3")
        assert "ci: 5 delivered, 0 filtered, 0 failed; 15 were not selected\n" == said_of_all.stdout
        assert "s3" not in said_of_all.stderr
        assert (5, 15) == (len(elsewhere.requests), len(receiver.requests))
        run = run_of(said_of_all.stderr)
        assert "give the same --url" in replay(setup, "--resume", run, code=2).stderr


def test_wrong_use(setup: Installation) -> None:
    """What is missing, unknown or does not go together is said in one line, exit 2."""
    setup.publish(*envelopes(1, 1))
    cases = {
        ("--endpoint", "ci", "--from", "beginning", "--url", "ftp://x/"): "--url is not an http or https URL",
        ("--resume", "20260101-000000-abcd"): "there is no run 20260101-000000-abcd",
        ("--resume", "20260101-000000-abcd", "--from", "end"): "--resume can be combined only with",
    }
    for arguments, said in cases.items():
        assert said in replay(setup, *arguments, code=2).stderr


def test_lost_to_retention(kafka: LocalKafka, setup: Installation, receiver: Receiver) -> None:
    """What the log loses while a run is broken off is counted as not delivered, and the run ends: exit 1."""
    setup.publish(*envelopes(1, 30))
    receiver.answer(503)
    first = Process(
        "consumer.cli", "replay", "--endpoint", "ci", "--from", "beginning",
        folder=setup.folder / "first", config=setup.config(),
    )  # fmt: skip
    with first:
        receiver.wait_for(1)
        first.kill()
    (partition,) = {record.partition for record in read(kafka, setup.topic)}
    delete_records(kafka, setup.topic, {partition: 4})
    receiver.answer(200)
    said = replay(setup, "--resume", run_of(first.stderr), code=1)
    assert "ci: 26 delivered, 0 filtered, 0 failed\n  4 offsets are not in the log any more\n" == said.stdout


def test_newer_release(kafka: LocalKafka, setup: Installation, receiver: Receiver) -> None:
    """What a newer release wrote is not skipped: the run delivers what lies before it, says so, and can be resumed."""
    setup.publish(*envelopes(1, 3))
    (partition,) = {record.partition for record in read(kafka, setup.topic)}
    newer = (("schema-fingerprint", b"00112233445566ff"),)
    write(kafka, setup.topic, [Found(partition, 0, 0, b"k", b"\x00newer", newer)])
    said = replay(setup, "--endpoint", "ci", "--from", "beginning", code=1)
    assert 3 == len(receiver.requests)
    assert said.stdout.startswith("ci: 3 delivered, 0 filtered, 0 failed\n  1 offset left: partition ")
    assert " needs a newer version: " in said.stdout
    config = re.escape(str(setup.folder / "command.yaml"))
    assert re.search(rf"  to continue: registry-worker replay --resume \S+ -c {config}\n", said.stdout)
