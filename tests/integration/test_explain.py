"""`registry-worker explain` on a real Kafka: an event in each of the states that it can be in."""

import re
from pathlib import Path

import pytest

from broker import LocalKafka
from broker.ports import free_port
from tests.kit import Answer, Captured, Receiver, eventually
from tests.kit.bridge import Installation, endpoint
from tests.kit.notifications import delivered, envelope, envelopes, event_json
from tests.kit.topics import Found, delete_records, write

pytestmark = pytest.mark.kafka

BRISK = {"start": "beginning", "backoff": "20ms", "max_backoff": "100ms"}


@pytest.fixture
def setup(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> Installation:
    """Two endpoints, of which `audit` wants no pushes."""
    listen = {"worker": {"listen": f"127.0.0.1:{free_port()}"}}
    ends = [
        endpoint("ci", receiver.url, **BRISK),
        endpoint("audit", receiver.url, **BRISK, ignore={"actions": ["push"]}),
    ]
    made = Installation(kafka.bootstrap, topic, tmp_path, partitions=1, endpoints=ends, sections=listen)
    assert made.run_bridge("init").code == 0
    return made


def explain(setup: Installation, event: str, code: int = 0) -> str:
    """What is said of an event."""
    done = setup.run_worker("explain", event)
    assert code == done.code, done.stdout + done.stderr
    return done.stdout if code == 0 else done.stderr


def rows(text: str) -> dict[str, str]:
    """Each endpoint's state and why, white space folded."""
    _, _, table = text.partition("WHY")
    found = (line.split(maxsplit=1) for line in table.splitlines()[1:] if line.startswith("  "))
    return {name: " ".join(rest.split()) for name, rest in found}


def shown(setup: Installation, event: str, pattern: str) -> str:
    """Why the event is in its state at `ci`, as soon as the whole matches: what a worker knows must come within 2 s."""

    def why() -> str:
        found = rows(explain(setup, event))["ci"]
        assert re.fullmatch(pattern, found), found
        return found

    return eventually(why)


def caught_up(setup: Installation) -> None:
    """Delivers everything."""
    done = setup.run_worker("deliver", "--until-caught-up", "--timeout", "120s")
    assert done.code == 0, done.stderr


def test_before_delivery(setup: Installation) -> None:
    """Endpoints that have not started: what their start would do is said; facts of the event come first."""
    setup.publish(*envelopes(1, 2))
    said = explain(setup, "team-app0-1")
    assert said.startswith(f"{setup.topic}/0/1\n")
    for fact in ("repository  team/app0", "tag         1", "action      push", "id          team-app0-1"):
        assert fact in said
    found = rows(said)
    assert found["ci"].startswith(
        "waiting the endpoint has not started yet; its start includes this event; no worker serves it; "
        "at most 1 unfinished"
    )
    assert found["audit"] == "filtered by ignore.actions; the cursor has not passed it yet"


def test_finished_filtered_and_all_places(setup: Installation) -> None:
    """After delivery: finished, and filtered by its rule; an id that came twice is found at both places."""
    setup.publish(*envelopes(1, 1), *envelopes(1, 1))
    caught_up(setup)
    said = explain(setup, "team-app0-0")
    assert [f"{setup.topic}/0/0", f"{setup.topic}/0/1"] == [
        line for line in said.splitlines() if line.startswith(setup.topic)
    ]
    found = rows(explain(setup, "0:1"))
    assert found["ci"].startswith("finished")
    assert found["audit"] == "filtered by ignore.actions"


def test_dead_letter_and_what_became_of_it(setup: Installation, receiver: Receiver) -> None:
    """A dead letter with its reason and time; then redriven, or discarded."""
    receiver.answer(422)
    setup.publish(*envelopes(2, 1))
    caught_up(setup)
    found = rows(explain(setup, "team-app0-0"))
    assert found["ci"].startswith("dead letter rejected: status 422, after 3 attempts, at 20")
    receiver.answer(200)
    assert setup.run_worker("dead-letters", "redrive", "--id", "team-app0-0").code == 0
    assert setup.run_worker("dead-letters", "discard", "--yes").code == 0
    assert rows(explain(setup, "0:0"))["ci"].startswith("redriven at 20")
    assert "it was a dead letter: rejected: status 422" in rows(explain(setup, "0:1"))["ci"]
    assert rows(explain(setup, "0:1"))["ci"].startswith("discarded at 20")


def test_waiting_and_finished_beside_a_hole(setup: Installation, receiver: Receiver) -> None:
    """While one repository waits, its events wait, for the reason the worker says; those above it are finished."""

    def script(request: Captured) -> Answer:
        return Answer(status=503) if b"team/poison" in request.body else Answer(body=b"thanks")

    receiver.answer_by(script)
    setup.endpoints = [endpoint("ci", receiver.url, **BRISK, threshold=3)]
    setup.publish(*(envelope(event_json("team/poison", n)) for n in range(2)), *envelopes(3, 3))
    with setup.worker() as worker:
        worker.wait_ready()
        eventually(lambda: len(delivered(receiver)) == 9)
        shown(setup, "team-app2-2", r"finished delivered at 20\S+Z, at try 1, status 200 in [\w. ]+s: thanks")
        shown(setup, "team-poison-1", "waiting breaker open: status 503, .*1 unfinished before it in its partition")
        shown(setup, "team-poison-0", r"waiting try \d+ at 20\S+Z failed with status 503 in [\w. ]+s; .*")
    assert "it is the next event of its partition" in rows(explain(setup, "team-poison-0"))["ci"]
    eventually(lambda: "no worker serves it" in rows(explain(setup, "team-poison-0"))["ci"])
    assert "when is not known: 127.0.0.1:" in rows(explain(setup, "team-app2-2"))["ci"]


def test_a_duplicate(setup: Installation, receiver: Receiver) -> None:
    """An event that repeats another is left out with `dedupe`, and told with the one that the endpoint has."""
    setup.endpoints = [endpoint("ci", receiver.url, **BRISK, dedupe="10m")]
    setup.publish(*envelopes(1, 1), *envelopes(1, 2))
    with setup.worker() as worker:
        worker.wait_ready()
        eventually(lambda: len(delivered(receiver)) == 2)
        same = r"the endpoint has the same event, 0:0, within 10m \(dedupe\)"
        shown(setup, "0:1", f"duplicate left out at 20.*{same}")
        shown(setup, "0:0", "finished delivered at 20.*")
    assert ["team-app0-0", "team-app0-1"] == [arrival.id for arrival in delivered(receiver)]
    eventually(lambda: rows(explain(setup, "0:1"))["ci"].startswith("finished delivered, a duplicate, or before"))


def test_gone_from_the_log(kafka: LocalKafka, setup: Installation, receiver: Receiver) -> None:
    """A dead letter is found by its event's id though retention took the event."""
    receiver.answer(422)
    setup.publish(*envelopes(1, 2))
    caught_up(setup)
    delete_records(kafka, setup.topic, {0: 1})
    for name in ("team-app0-0", "0:0"):
        said = explain(setup, name)
        assert "the log no longer has it" in said
        assert rows(said)["ci"].startswith("dead letter rejected")


def test_undecodable(kafka: LocalKafka, setup: Installation) -> None:
    """A record that is no event is named as such, and is a dead letter of every endpoint."""
    write(kafka, setup.topic, [Found(0, -1, 0, b"team/odd", b"no event", ())])
    caught_up(setup)
    said = explain(setup, "0:0")
    assert "no event    framing byte is 0x6e" in said
    assert {"ci", "audit"} == {name for name, why in rows(said).items() if why.startswith("dead letter undecodable")}


@pytest.mark.parametrize(
    ("event", "code", "told"),
    [
        ("nobody", 1, "no event in topic {topic} has the id nobody; there is no dead letter of it either"),
        ("0:7", 1, "{topic}/0/7 does not exist yet: the partition ends at 1; there is no dead letter of it either"),
        ("5:0", 2, "topic {topic} has no partition 5; it has partitions 0 to 0"),
    ],
)
def test_not_found(setup: Installation, event: str, code: int, told: str) -> None:
    """What is not there is said in one line, and where the log ends."""
    setup.publish(*envelopes(1, 1))
    assert explain(setup, event, code) == f"registry-worker: {told.format(topic=setup.topic)}\n"
