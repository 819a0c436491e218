"""`registry-worker attempts` on a real Kafka: what a worker has in memory, listed, selected and followed."""

import json
import re
import signal
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from broker import LocalKafka
from broker.ports import free_port
from schemas.catalog import ATTEMPTS
from tests.kit import Answer, Captured, Process, Receiver, eventually
from tests.kit.bridge import Finished, Installation, endpoint
from tests.kit.notifications import delivered, envelope, envelopes, event_json
from tests.kit.topics import committed, make_topic, once, read

pytestmark = pytest.mark.kafka

TOKEN = "planted-s3cret"
LATE = re.compile(r"there may be others: |/attempts (does not answer: timed out|did not answer within )")
NOT_ANSWERED = re.compile(r"no acknowledgement within 30 s|the worker stopped before they were written")
BRISK = {"start": "beginning", "backoff": "20ms", "max_backoff": "100ms"}


def attempts(setup: Installation, *arguments: str) -> list[dict[str, Any]]:
    """What `attempts --json` prints of workers that run."""
    done = answered(setup, "--json", *arguments)
    assert done.code == 0, done.stderr
    return printed(done)


def answered(setup: Installation, *arguments: str) -> Finished:
    """What comes of `attempts` when workers are in time: they have 2 s, and on a busy machine may need more."""

    def in_time() -> Finished:
        done = setup.run_worker("attempts", *arguments)
        assert not LATE.search(done.stderr), done.stderr
        return done

    return eventually(in_time)


def printed(done: Finished) -> list[dict[str, Any]]:
    """The attempts that a command printed as JSON."""
    return [json.loads(line) for line in done.stdout.splitlines()]


def ended(attempt: dict[str, Any]) -> float:
    """When it was over."""
    return datetime.fromisoformat(attempt["time"]).timestamp() + float(attempt["seconds"])


def refuses_poison(request: Captured) -> Answer:
    """With all that it was sent; takes the rest."""
    if b"team/poison" in request.body:
        return Answer(status=422, body=f"refused: {request.header('authorization')} \x1b[2J".encode())
    return Answer(body=b"thanks")


def test_what_was_sent_and_answered(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """Each event of each attempt; by endpoint, event and outcome; no secret that the endpoint was sent."""
    listen = {"worker": {"listen": f"127.0.0.1:{free_port()}"}}
    keys = {**BRISK, "headers": {"Authorization": f"Bearer {TOKEN}"}}
    ends = [endpoint("ci", receiver.url, **keys), endpoint("off", receiver.url, disabled=True)]
    setup = Installation(kafka.bootstrap, topic, tmp_path, partitions=2, endpoints=ends, sections=listen)
    receiver.answer_by(refuses_poison)
    setup.publish(*envelopes(3, 3), envelope(event_json("team/poison", 0)))
    silent = setup.run_worker("attempts")
    assert (silent.code, silent.stdout) == (1, "")
    assert re.fullmatch(r"registry-worker: 127.0.0.1:\d+/attempts\S* does not answer: [^\n]+\n", silent.stderr)
    follow = Process(
        "consumer.cli", "attempts", "--follow", "--failed", folder=tmp_path / "follow", config=setup.config()
    )
    elsewhere = f"127.0.0.1:{free_port()}"  # which Kafka tells
    with setup.worker("--log-level", "debug", "--listen", elsewhere) as worker, follow as following:
        worker.wait_ready()
        eventually(lambda: len(delivered(receiver)) == 9)
        eventually(lambda: len(attempts(setup)) == 12)
        found = attempts(setup)
        assert found == sorted(found, key=ended)
        told = {(one["event_id"], one["number"], one["status"], one["answer"]) for one in found}
        refused = r"refused: *** \x1b[2J"
        assert {("team-poison-0", number, 422, refused) for number in (1, 2, 3)} < told
        assert ("team-app1-2", 1, 200, "thanks") in told
        assert {one["event_id"] for one in attempts(setup, "--failed", "--endpoint", "ci")} == {"team-poison-0"}
        (one,) = attempts(setup, "--id", "team-app1-2")
        assert attempts(setup, "--id", f"{one['partition']}:{one['offset']}") == [one]
        tries = [one for one in found if one["event_id"] == "team-poison-0"]  # which end one after the other
        assert attempts(setup, "--last", "2", "--failed", "--worker", elsewhere) == tries[-2:]
        none = answered(setup, "--endpoint", "off")
        assert (none.code, none.stderr.splitlines()[-1].rpartition(": ")[2]) == (
            1,
            "no worker that was asked serves off",
        )
        eventually(lambda: len(following.stdout.splitlines()) == 3)
        lines = following.stdout.splitlines()
        assert all(re.search(rf"  try {n}  rejected  status 422 in ", line) for n, line in enumerate(lines, 1))
        following.signal(signal.SIGINT)
        assert following.wait() == 0
        logged = [line for line in worker.log() if line["event"] == "delivery.attempted"]
        assert len(logged) == 12
    assert TOKEN not in worker.stderr


def test_the_topic_of_attempts(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """Outlives the worker: what was delivered, when, and every failure; the intake knows its schema."""
    kept = {"topic": f"{topic}.attempts", "keep": "all"}
    sections = {"worker": {"listen": f"127.0.0.1:{free_port()}", "attempts": kept}}
    ends = [endpoint("ci", receiver.url, **BRISK)]
    setup = Installation(kafka.bootstrap, topic, tmp_path, partitions=2, endpoints=ends, sections=sections)
    receiver.answer_by(refuses_poison)
    setup.publish(*envelopes(3, 3), envelope(event_json("team/poison", 0)))
    done = setup.run_worker("deliver", "--until-caught-up", "--timeout", "120s")
    assert done.code == 0, done.stderr
    assert "topics.created" in done.stderr
    shown = setup.run_worker("attempts", "--json")
    assert shown.code == 0
    assert "there may be others: 127.0.0.1:" in shown.stderr
    found = printed(shown)
    assert found == sorted(found, key=ended)
    assert 12 == len({(one["event_id"], one["number"]) for one in found}) == len(found)
    assert [1, 2, 3] == [one["number"] for one in printed(setup.run_worker("attempts", "--json", "--failed"))]
    (one,) = printed(setup.run_worker("attempts", "--json", "--id", "team-app1-2"))
    assert ("delivered", 200, "thanks") == (one["outcome"], one["status"], one["answer"])
    explained = setup.run_worker("explain", "team-app1-2").stdout
    assert f"delivered at {one['time'][:22]}" in explained
    assert "at try 1, status 200 in " in explained
    checked = setup.run_bridge("check").stdout
    assert f"topic {kept['topic']} is as configured" in checked
    records = read(kafka, kept["topic"])
    assert {b"\x00" + ATTEMPTS.latest.id.to_bytes(4, "big")} == {(record.value or b"")[:5] for record in records}
    assert {one["event_id"].encode() for one in found} == {record.key for record in records}
    answered = json.loads(setup.run_worker("report", "--json").stdout)["answers"]["attempts_by_endpoint"]
    assert [("ci", 12, 9, 3, 25.0)] == [
        tuple(one[name] for name in ("endpoint", "attempts", "delivered", "failed", "failed_percent"))
        for one in answered
    ]
    output = str(tmp_path / "exported")
    exported = setup.run_worker("export", "--attempts", "--format", "parquet", "--output", output)
    assert exported.stdout.startswith("12 records in "), exported.stderr
    again = setup.run_worker("export", "--attempts", "--format", "parquet", "--output", output)
    assert again.stdout == f"0 records in 0 files: {output}\n"
    other = setup.run_worker("export", "--attempts", "--format", "avro", "--output", output)
    assert (2, True) == (other.code, "--attempts takes --format parquet only" in other.stderr)


def test_a_topic_that_takes_no_attempts(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """Holds up neither deliveries nor dead letters: what is lost is told once."""
    kept = f"{topic}.attempts"
    make_topic(kafka, kept, 1, max_message_bytes="10")
    sections = {"worker": {"attempts": {"topic": kept, "keep": "all"}}}
    ends = [endpoint("ci", receiver.url, **BRISK)]
    setup = Installation(kafka.bootstrap, topic, tmp_path, partitions=1, endpoints=ends, sections=sections)
    receiver.answer_by(refuses_poison)
    setup.publish(*envelopes(1, 3), envelope(event_json("team/poison", 0)))
    with setup.worker() as worker:
        eventually(lambda: {0: 4} == committed(kafka, setup.group("ci"), topic, 1))
        eventually(lambda: [reason for reason in losses(worker) if "Message size too large" in reason])
        assert worker.terminate() == 0
    assert 3 == len(delivered(receiver))
    assert [b"team/poison"] == [record.key for record in once(read(kafka, setup.dead_letters))]
    # Kafka may be late to refuse others: those have a reason of their own
    assert 1 == len([reason for reason in losses(worker) if not NOT_ANSWERED.search(reason)]), losses(worker)
    assert [] == read(kafka, kept)


def losses(worker: Process) -> list[str]:
    """Why attempts were not written, as its log says it."""
    return [line["reason"] for line in worker.log() if line.get("event") == "attempts.not_written"]
