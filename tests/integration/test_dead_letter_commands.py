"""`dead-letters list`, `show`, `redrive` and `discard` as an operator runs them, on a real Kafka."""

import json
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from broker import LocalKafka
from tests.kit import Answer, Captured, Process, Receiver, eventually
from tests.kit.bridge import Installation, endpoint
from tests.kit.notifications import delivered, doubles, envelope, envelopes, event_json, ids
from tests.kit.topics import Found, committed, once, read, write

pytestmark = pytest.mark.kafka

BRISK = {"start": "beginning", "threshold": 5, "backoff": "20ms", "max_backoff": "100ms"}
PATIENT = 1_000_000  # a threshold that keeps the breaker closed: an open one buries a probe at a time


def installation(kafka: LocalKafka, topic: str, tmp_path: Path, *urls: str, partitions: int = 4) -> Installation:
    """Endpoints `ci`, `audit`, ... at these addresses, registered."""
    ends = [endpoint(name, url, **BRISK) for name, url in zip(("ci", "audit"), urls, strict=False)]
    setup = Installation(kafka.bootstrap, topic, tmp_path, partitions=partitions, endpoints=ends)
    assert setup.run_bridge("init").code == 0
    return setup


def bury(setup: Installation, receiver: Receiver, bodies: Sequence[bytes], status: int = 422) -> None:
    """Makes every event of these envelopes a dead letter, and lets the receiver answer 200 from then on."""
    receiver.answer(status, body=b"no such project")
    setup.publish(*bodies)
    patient = replace(setup, endpoints=[{**one, "threshold": PATIENT} for one in setup.endpoints])
    done = patient.run_worker("deliver", "--until-caught-up", "--timeout", "120s")
    assert done.code == 0, done.stderr
    receiver.answer(200)
    receiver.clear()


def dead_letters(setup: Installation, command: str, *arguments: str, code: int = 0) -> str:
    """What `dead-letters COMMAND` prints; it must exit with `code`."""
    done = setup.run_worker("dead-letters", command, *arguments)
    assert code == done.code, done.stdout + done.stderr
    return done.stdout


def listed(setup: Installation, *arguments: str) -> list[dict[str, Any]]:
    """The open letters."""
    return [json.loads(line) for line in dead_letters(setup, "list", "--json", *arguments).splitlines()]


def names(setup: Installation, *arguments: str) -> set[str]:
    """The ids of the open letters."""
    return {letter["event_id"] for letter in listed(setup, *arguments)}


def delivered_ids(receiver: Receiver) -> list[str]:
    """The ids of what was answered 200, in order of arrival."""
    return [arrival.id for arrival in delivered(receiver)]


def assert_in_order(found: Sequence[str], repositories: int, each: int) -> None:
    """Each repository's events came once and in order."""
    for repository in range(repositories):
        prefix = f"team-app{repository}-"
        assert [f"{prefix}{number}" for number in range(each)] == [name for name in found if name.startswith(prefix)]


def test_redrive_delivers_in_order_and_closes(
    kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver
) -> None:
    """Every letter reaches the endpoint once, in order within its repository, as the same request; none is left."""
    setup = installation(kafka, topic, tmp_path, receiver.url)
    bury(setup, receiver, envelopes(6, 5))
    records = {f"{topic}/{record.partition}/{record.offset}" for record in read(kafka, topic)}
    before = committed(kafka, setup.group("ci"), topic)
    said = dead_letters(setup, "redrive")
    assert said == "ci: 30 of 30 redriven\n"
    assert_in_order(delivered_ids(receiver), 6, 5)
    assert records == {request.header("registry-event") for request in receiver.requests}
    assert delivered_ids(receiver) == [request.header("webhook-id") for request in receiver.requests]
    assert listed(setup) == []
    assert len(records) == len(read(kafka, topic)), "nothing goes to the events topic"
    assert before == committed(kafka, setup.group("ci"), topic), "the live cursor is not touched"
    receiver.clear()
    assert dead_letters(setup, "redrive") == ""
    assert receiver.requests == []


def test_closing_record(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """A closing has the letter's partition, key, and whose letter it is, of which event; no value; and its state."""
    setup = installation(kafka, topic, tmp_path, receiver.url)
    bury(setup, receiver, envelopes(2, 1))
    dead_letters(setup, "redrive", "--id", "team-app0-0")
    dead_letters(setup, "discard", "--yes")
    found = read(kafka, setup.dead_letters)
    letters = {record.key: record for record in found if record.value is not None}
    closings = {record.key: record for record in found if record.value is None}
    assert letters.keys() == closings.keys() == {b"team/app0", b"team/app1"}
    for key, state in ((b"team/app0", "redriven"), (b"team/app1", "discarded")):
        letter, closing = letters[key], closings[key]
        same = ("dl-endpoint", "dl-topic", "dl-partition", "dl-offset")
        mine = [("dl-event", letter.header("ce_id")), ("dl-state", state)]
        expected = [*((name, letter.header(name)) for name in same), *mine]
        assert expected == [(name, closing.header(name)) for name, _ in closing.headers]
        assert letter.partition == closing.partition


def test_redrive_beside_a_live_worker(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """While a worker delivers new events, a redrive delivers the old ones: each event arrives once from each."""
    setup = installation(kafka, topic, tmp_path, receiver.url)
    bury(setup, receiver, envelopes(4, 5))
    with setup.worker() as worker:
        worker.wait_ready()
        setup.publish(*envelopes(4, 20, first=100))
        assert dead_letters(setup, "redrive") == "ci: 20 of 20 redriven\n"
        receiver.wait_for(100)
    assert {1} == set(Counter(delivered_ids(receiver)).values())
    assert len(delivered_ids(receiver)) == 100
    assert_in_order([name for name in delivered_ids(receiver) if int(name.rpartition("-")[2]) < 100], 4, 5)
    assert listed(setup) == []


def test_kill_in_the_middle_and_run_again(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """A redrive that is killed leaves the rest open; the next one delivers it, and then nothing is offered again."""
    setup = installation(kafka, topic, tmp_path, receiver.url)
    bury(setup, receiver, envelopes(4, 25))
    receiver.answer_by(lambda _: Answer(delay=0.02 if len(receiver.requests) <= 40 else 3600.0))
    first = Process(
        "consumer.cli", "dead-letters", "redrive", "--rate", "100", folder=tmp_path / "first", config=setup.config()
    )
    with first:
        receiver.wait_for(20)
        eventually(lambda: len(listed(setup)) < 100)
        first.kill()
    before = delivered_ids(receiver)
    assert len(before) < 100
    left = len(listed(setup))
    assert 100 - len(before) <= left < 100
    receiver.answer(200)
    said = dead_letters(setup, "redrive")
    assert said == f"ci: {left} of {left} redriven\n"
    found = delivered_ids(receiver)
    assert {f"team-app{repository}-{number}" for repository in range(4) for number in range(25)} == set(found)
    assert len(found) - 100 <= 2 * 64, "only what was in flight at the kill comes twice"
    assert_in_order(list(dict.fromkeys(found)), 4, 25)
    assert listed(setup) == []


def test_interrupt_ends_in_order(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """SIGTERM lets what is in flight end and be closed: exit 1, the rest is left, and nothing is sent twice."""
    setup = installation(kafka, topic, tmp_path, receiver.url)
    bury(setup, receiver, envelopes(4, 10))
    receiver.answer_by(
        lambda _: Answer(delay=0.2 if len(receiver.requests) <= 4 else 3.0)
    )  # it is stopped before its end
    with Process(
        "consumer.cli", "dead-letters", "redrive", folder=tmp_path / "first", config=setup.config()
    ) as redrive:
        receiver.wait_for(4)
        assert redrive.terminate() == 1
        assert "the run was stopped" in redrive.stdout
    unsent = ids(envelopes(4, 10)) - set(delivered_ids(receiver))
    # Kafka was late to take the closings of these, or their letters are closed all the same
    unclosed = set(re.findall(r"delivered, but could not be closed: (\S+) ", redrive.stdout))
    assert unsent <= names(setup) <= unsent | unclosed
    receiver.answer(200)
    dead_letters(setup, "redrive")
    assert ids(envelopes(4, 10)) == set(delivered_ids(receiver))
    twice = doubles(delivered(receiver))
    assert twice.keys() <= unclosed
    assert set(twice.values()) <= {2}


def test_letter_that_fails_again_stays_open(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """It is named, those behind it in its repository are skipped and named, the others are delivered: exit 1."""
    setup = installation(kafka, topic, tmp_path, receiver.url)
    bury(setup, receiver, envelopes(3, 3))

    def script(request: Captured) -> Answer:
        return Answer(status=500 if ids([request.body]) == {"team-app1-1"} else 200)

    receiver.answer_by(script)
    summary = json.loads(dead_letters(setup, "redrive", "--json", code=1))
    assert summary["redriven"] == 7
    assert [(one["event"], one["error"]) for one in summary["failed"]] == [("team-app1-1", "exhausted: status 500")]
    assert [(one["event"], one["behind"]) for one in summary["skipped"]] == [("team-app1-2", "team-app1-1")]
    assert names(setup) == {"team-app1-1", "team-app1-2"}
    assert "team-app1-2" not in delivered_ids(receiver)
    receiver.answer(200)
    dead_letters(setup, "redrive")
    assert delivered_ids(receiver)[-2:] == ["team-app1-1", "team-app1-2"]


def test_unavailable_is_tried_again(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """An endpoint that says 503 for a while gets every letter when it is back."""
    setup = installation(kafka, topic, tmp_path, receiver.url)
    bury(setup, receiver, envelopes(3, 2))
    # its tries wait for milliseconds; it is away only after all that a letter may have, which are minutes
    setup.endpoints = [endpoint("ci", receiver.url, **{**BRISK, "attempts": 14, "max_backoff": "5m"})]
    seen: list[str] = []

    def script(request: Captured) -> Answer:
        seen.extend(ids([request.body]))
        return Answer(status=503 if len(seen) <= 8 else 200)

    receiver.answer_by(script)
    assert dead_letters(setup, "redrive") == "ci: 6 of 6 redriven\n"
    assert_in_order(delivered_ids(receiver), 3, 2)


def test_endpoint_that_is_away(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """An endpoint that stays away ends the run by itself: exit 1, the reason said, everything still open."""
    setup = installation(kafka, topic, tmp_path, receiver.url)
    bury(setup, receiver, envelopes(5, 2))
    receiver.stop()
    said = dead_letters(setup, "redrive", code=1)
    assert said.startswith("ci: 0 of 10 redriven\n")
    assert "the endpoint accepts nothing (connect" in said
    assert len(listed(setup)) == 10


def test_selection(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """Endpoint, reason, id, the event's place, and a range of the dead-letter topic narrow what is meant."""
    with Receiver(Answer(status=501)) as other:
        setup = installation(kafka, topic, tmp_path, receiver.url, other.url)
        bury(setup, receiver, envelopes(2, 2))
    write(kafka, topic, [Found(0, -1, 0, b"team/odd", b"no event", ())])
    done = setup.run_worker("deliver", "--until-caught-up", "--timeout", "120s")
    assert done.code == 0, done.stderr
    assert Counter(letter["endpoint"] for letter in listed(setup)) == {"ci": 5, "audit": 5}
    assert len(listed(setup, "--endpoint", "audit", "--reason", "rejected")) == 4
    (odd, *_) = undecodable = listed(setup, "--reason", "undecodable")
    place = f"{odd['partition']}:{odd['offset']}"
    assert [letter["event_id"] for letter in undecodable] == [None, None]
    assert undecodable == listed(setup, "--id", place)
    assert names(setup, "--id", "team-app1-1", "--endpoint", "ci") == {"team-app1-1"}
    lines = dead_letters(setup, "list", "--endpoint", "ci").splitlines()
    assert {line.split()[0] for line in lines} == {place, *(f"team-app{r}-{n}" for r in (0, 1) for n in (0, 1))}
    first, *rest = listed(setup)
    assert [first, *rest] == listed(setup, "--from", first["letter"]["written"])
    assert listed(setup, "--from", "-1h") == [first, *rest]
    assert listed(setup, "--to", first["letter"]["written"]) == []
    at = first["letter"]["partition"]
    in_partition = [letter for letter in [first, *rest] if letter["letter"]["partition"] == at]
    assert in_partition == listed(setup, "--from", f"{at}:0")
    assert in_partition[:1] == listed(setup, "--from", f"{at}:0", "--to", f"{at}:{first['letter']['offset'] + 1}")


def test_undecodable_letters_cannot_be_redriven(
    kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver
) -> None:
    """They are named and left; those of the same repository are delivered; discarding closes them."""
    setup = installation(kafka, topic, tmp_path, receiver.url, partitions=1)
    write(kafka, topic, [Found(0, -1, 0, b"team/app0", b"no event", ())])
    bury(setup, receiver, envelopes(1, 2))
    said = dead_letters(setup, "redrive", code=1)
    assert said.startswith("ci: 2 of 3 redriven\n  cannot be redriven: 0:0 (0:0) team/app0: framing byte")
    assert len(listed(setup)) == 1
    assert dead_letters(setup, "discard", "--reason", "undecodable", "--yes") == "1 dead letter discarded\n"
    assert listed(setup) == []


def test_discard(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """A dry run discards nothing, nobody is taken by surprise in a script, and what is discarded is never sent."""
    setup = installation(kafka, topic, tmp_path, receiver.url)
    bury(setup, receiver, envelopes(2, 2))
    assert len(dead_letters(setup, "discard", "--dry-run").splitlines()) == 4
    assert "--yes" in setup.run_worker("dead-letters", "discard").stderr
    assert len(listed(setup)) == 4
    assert dead_letters(setup, "discard", "--id", "team-app0-0", "--yes") == "1 dead letter discarded\n"
    assert names(setup) == {"team-app0-1", "team-app1-0", "team-app1-1"}
    assert len(dead_letters(setup, "redrive", "--dry-run").splitlines()) == 3
    assert receiver.requests == []
    dead_letters(setup, "redrive")
    assert set(delivered_ids(receiver)) == {"team-app0-1", "team-app1-0", "team-app1-1"}


def test_dead_again_after_closing(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """An event that becomes a letter anew after its letter was closed is offered again."""
    setup = installation(kafka, topic, tmp_path, receiver.url, partitions=1)
    bury(setup, receiver, envelopes(1, 1))
    (letter,) = once(read(kafka, setup.dead_letters))
    dead_letters(setup, "redrive")
    write(kafka, setup.dead_letters, [letter])
    assert names(setup) == {"team-app0-0"}
    write(kafka, setup.dead_letters, [letter])
    assert dead_letters(setup, "redrive") == "ci: 1 of 1 redriven\n"
    assert listed(setup) == []


def test_show(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """A letter whole: why, its headers, and the event's JSON as it was sent."""
    setup = installation(kafka, topic, tmp_path, receiver.url)
    event = event_json("team/app0", 7, extra={"kept": 12345678901234567890})
    bury(setup, receiver, [envelope(event), envelope(event_json("team/app1", 1))])
    page = dead_letters(setup, "show", "--id", "team-app0-7")
    for shown in (
        "team-app0-7\n",
        "reason      rejected",
        "error       status 422",
        "answer      no such project",
        "3 attempts",
        '"tag": "7"',
    ):
        assert shown in page
    assert "team-app1" not in page
    told = json.loads(dead_letters(setup, "show", "--json", "--id", "team-app0-7"))
    assert event == told["event"]
    assert ["ce_subject", "team/app0"] in told["headers"]
    assert (told["reason"], told["status"], told["attempts"]) == ("rejected", 422, 3)
    assert told["answer"] == "no such project"


def test_each_endpoint_gets_its_own(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """A redrive of one endpoint sends nothing to another, and uses its own format, headers and signature."""
    with Receiver(Answer(status=422)) as audit:
        setup = installation(kafka, topic, tmp_path, receiver.url, audit.url)
        setup.endpoints[1]["headers"] = {"Authorization": "Bearer abc"}  # type: ignore[index]
        bury(setup, receiver, envelopes(2, 1))
        audit.answer(200)
        audit.clear()
        assert dead_letters(setup, "redrive", "--endpoint", "audit") == "audit: 2 of 2 redriven\n"
        assert [request.header("authorization") for request in audit.requests] == ["Bearer abc"] * 2
    assert receiver.requests == []
    assert {letter["endpoint"] for letter in listed(setup)} == {"ci"}


def test_rate(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """`--rate 5` spaces requests by 200 ms: eleven take two seconds."""
    setup = installation(kafka, topic, tmp_path, receiver.url)
    bury(setup, receiver, envelopes(11, 1))
    began = time.monotonic()
    dead_letters(setup, "redrive", "--rate", "5")
    assert receiver.requests[-1].arrived - began >= 2.0


def test_wrong_use(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """What cannot be meant is one line and exit 2; a topic that is not there is one line and exit 1."""
    setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=[endpoint("ci", receiver.url, **BRISK)])
    missing = setup.run_worker("dead-letters", "list")
    assert (missing.code, "does not exist" in missing.stderr) == (1, True)
    assert setup.run_bridge("init").code == 0
    assert listed(setup) == []
    for arguments, told in (
        (("--endpoint", "cl"), "endpoints: ci"),
        (("--from", "yesterday"), "PARTITION:OFFSET"),
        (("--from", "9:0"), "has no partition 9"),
        (("--from", "end", "--to", "beginning"), "is after"),
        (("--reason", "bad"), "undecodable"),
    ):
        done = setup.run_worker("dead-letters", "list", *arguments)
        assert done.code == 2
        assert told in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_kafka_away(tmp_path: Path, receiver: Receiver) -> None:
    """Without Kafka a command says so in one line and exits 1."""
    setup = Installation("127.0.0.1:1", "nowhere", tmp_path, endpoints=[endpoint("ci", receiver.url)])
    done = setup.run_worker("dead-letters", "list")
    assert done.code == 1
    assert re.fullmatch(r"registry-worker: asking Kafka for topic nowhere\.dead: .+\n", done.stderr)
