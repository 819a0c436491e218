"""Dead letters on a real Kafka: what becomes one and why, what is in it, and what waits when it cannot be written."""

import json
from pathlib import Path

import pytest

from broker import LocalKafka
from consumer.offsets.commit_metadata import decode
from consumer.offsets.ledger import Snapshot
from schemas.catalog import CATALOG, FIRST_ID
from tests.kit import Answer, Captured, Receiver, eventually
from tests.kit.bridge import Installation, endpoint
from tests.kit.notifications import Poster, arrivals, delivered, envelope, envelopes, event_json, ids, wait_for_ids
from tests.kit.topics import Found, committed, delete_topic, make_topic, metadata, once, read, write

pytestmark = pytest.mark.kafka

POISON = b"team/poison"
DL = ("endpoint", "topic", "partition", "offset", "reason", "status", "error", "attempts")


def installation(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver, **settings: str) -> Installation:
    """One partition, one endpoint, registered."""
    brisk = {"start": "beginning", "threshold": 5, "backoff": "20ms", "max_backoff": "100ms", **settings}
    ends = [endpoint("ci", receiver.url, **brisk)]
    setup = Installation(kafka.bootstrap, topic, tmp_path, partitions=1, endpoints=ends)
    assert setup.run_bridge("init").code == 0
    return setup


def refuse_poison(receiver: Receiver, status: int) -> None:
    """Answers the poisoned repository like this, and all others 200."""

    def script(request: Captured) -> Answer:
        return Answer(status=status if POISON in request.body else 200)

    receiver.answer_by(script)


def letters(kafka: LocalKafka, setup: Installation, count: int) -> list[Found]:
    """The dead letters, as soon as there are so many; each once."""

    def complete() -> list[Found]:
        found = once(read(kafka, setup.dead_letters))
        assert len(found) == count, f"{len(found)} dead letters"
        return found

    return eventually(complete, every=0.2)


def facts(letter: Found) -> dict[str, str | None]:
    """The letter's own headers, without `dl-`."""
    return {name: letter.header(f"dl-{name}") for name in DL}


def assert_untouched(letter: Found, record: Found) -> None:
    """The letter has the record's key, value and headers, and only `dl-` headers beside them."""
    assert (record.key, record.value) == (letter.key, letter.value)
    own = tuple(pair for pair in letter.headers if not pair[0].startswith("dl-"))
    assert record.headers == own


def test_rejected_event(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """A 422 on one repository: after three tries its event is a dead letter `rejected`; the repository goes on."""
    setup = installation(kafka, topic, tmp_path, receiver)
    refuse_poison(receiver, 422)
    setup.publish(envelope(event_json("team/poison", 0)), envelope(event_json("team/poison", 1)), *envelopes(5, 4))
    done = setup.run_worker("deliver", "--until-caught-up", "--timeout", "120s")
    assert done.code == 0, done.stderr
    found = letters(kafka, setup, 2)
    records = [record for record in read(kafka, topic) if record.key == POISON]
    for letter, record in zip(found, records, strict=True):
        assert_untouched(letter, record)
        assert facts(letter) == {
            "endpoint": "ci",
            "topic": topic,
            "partition": "0",
            "offset": str(record.offset),
            "reason": "rejected",
            "status": "422",
            "error": "status 422",
            "attempts": "3",
        }
        first, last = letter.header("dl-first-attempt"), letter.header("dl-last-attempt")
        assert first
        assert last
        assert first <= last
    tried = [arrival.id for arrival in arrivals(receiver.requests) if arrival.repository == "team/poison"]
    assert ["team-poison-0"] * 3 + ["team-poison-1"] * 3 == tried
    assert ids(envelopes(5, 4)) == {arrival.id for arrival in delivered(receiver)}
    assert {0: 22} == committed(kafka, setup.group("ci"), topic)
    assert "delivery.dead_letter" in done.stderr


def test_exhausted_event(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """A 500 on one repository burns `attempts` (10) and is a dead letter `exhausted`, while others are delivered."""
    setup = installation(kafka, topic, tmp_path, receiver)
    refuse_poison(receiver, 500)
    bodies = envelopes(5, 10)
    setup.publish(envelope(event_json("team/poison", 0)), *bodies)
    done = setup.run_worker("deliver", "--until-caught-up", "--timeout", "120s")
    assert done.code == 0, done.stderr
    [letter] = letters(kafka, setup, 1)
    assert ("exhausted", "500", "10") == (facts(letter)["reason"], facts(letter)["status"], facts(letter)["attempts"])
    assert ids(bodies) == {arrival.id for arrival in delivered(receiver)}
    tries = [arrival for arrival in arrivals(receiver.requests) if arrival.repository == "team/poison"]
    assert 10 == len(tries)


@pytest.mark.parametrize("status", [401, 404, 429, 502, 503])
def test_an_outage_makes_no_dead_letters(
    kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver, status: int
) -> None:
    """What says that the endpoint is at fault is tried for as long as it takes; then everything arrives, once."""
    setup = installation(kafka, topic, tmp_path, receiver)
    receiver.answer(status)
    bodies = envelopes(5, 4)
    setup.publish(*bodies)
    with setup.worker() as worker:
        receiver.wait_for(25)
        receiver.answer(200)
        wait_for_ids(receiver, ids(bodies))
        assert worker.terminate() == 0
    assert [] == read(kafka, setup.dead_letters)
    assert len(bodies) == len(delivered(receiver))


def test_undecodable_records(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """Damaged bytes, foreign bytes and tombstones are dead letters at once; what lies around them is delivered."""
    setup = installation(kafka, topic, tmp_path, receiver)
    setup.publish(envelope(event_json("team/app", 0)))
    [good] = read(kafka, topic)
    assert good.value is not None
    bad = [
        Found(0, 0, 0, b"team/app", None, ()),
        Found(0, 0, 0, b"team/app", b"", ()),
        Found(0, 0, 0, b"team/app", b"not framed", ()),
        Found(0, 0, 0, None, b"\x00\x00\x00\x00\x01whatever", (("x", None), ("y", b"\xff"))),
        Found(0, 0, 0, b"\xff\xfe", good.value[:-3], good.headers),
        Found(0, 0, 0, b"team/app", good.value + b"\x00", good.headers),
    ]
    write(kafka, topic, bad)
    setup.publish(envelope(event_json("team/app", 1)))
    done = setup.run_worker("deliver", "--until-caught-up", "--timeout", "120s")
    assert done.code == 0, done.stderr
    found = sorted(letters(kafka, setup, len(bad)), key=lambda letter: int(letter.header("dl-offset") or ""))
    for letter, record in zip(found, bad, strict=True):
        assert (record.key, record.value) == (letter.key, letter.value)
        kept = tuple(pair for pair in record.headers if pair[1] is not None)
        assert kept == tuple(pair for pair in letter.headers if not pair[0].startswith("dl-"))
        assert ("undecodable", None, "0") == (
            facts(letter)["reason"],
            facts(letter)["status"],
            facts(letter)["attempts"],
        )
        assert facts(letter)["error"]
    assert ["team-app-0", "team-app-1"] == [arrival.id for arrival in delivered(receiver)]


@pytest.mark.parametrize("by", ["fingerprint", "id"])
def test_a_newer_schema_waits(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver, by: str) -> None:
    """What a newer release wrote stops its partition: /readyz is 503 and names it, nothing is skipped or buried."""
    setup = installation(kafka, topic, tmp_path, receiver)
    setup.publish(envelope(event_json("team/app", 0)))
    [good] = read(kafka, topic)
    assert good.value is not None
    newer = (FIRST_ID + CATALOG.latest.version + 1).to_bytes(4, "big")
    headers = (("schema-fingerprint", b"0123456789abcdef"),) if by == "fingerprint" else ()
    write(kafka, topic, [Found(0, 0, 0, good.key, b"\x00" + newer + good.value[5:], headers)])
    setup.publish(envelope(event_json("team/app", 1)))
    with setup.worker() as worker, Poster(f"http://{worker.address}/") as asked:
        receiver.wait_for(1)
        worker.wait_for_log("endpoint.upgrade_needed")
        reply = asked.request("GET", "/readyz")
        assert 503 == reply.status
        named = "fingerprint 0123456789abcdef" if by == "fingerprint" else f"schema id 0x{newer.hex()}"
        assert any(named in reason for reason in reply.json["reasons"])
        assert asked.request("GET", "/livez").status == 200
        status = json.loads(asked.request("GET", "/status").body)
        assert any("newer worker" in reason for reason in status[0]["waits_because"])
        eventually(lambda: committed(kafka, setup.group("ci"), topic) == {0: 1})
        assert worker.terminate() == 0
    assert [] == read(kafka, setup.dead_letters)
    assert ["team-app-0"] == [arrival.id for arrival in delivered(receiver)]


def test_a_letter_that_cannot_be_written(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """With a dead-letter topic that takes no such record the lane stops and the offset stays; others go on."""
    make_topic(kafka, f"{topic}.dead", 1, max_message_bytes="200")
    setup = installation(kafka, topic, tmp_path, receiver, timeout="9s")  # a stop waits a second longer for the letter
    refuse_poison(receiver, 422)
    bodies = envelopes(5, 4)
    setup.publish(envelope(event_json("team/poison", 0)), envelope(event_json("team/poison", 1)), *bodies)
    with setup.worker() as worker:
        worker.wait_for_log("dead_letter.not_written")
        wait_for_ids(receiver, ids(bodies))
        above = Snapshot(0, holes=(0, 1), top=21)
        eventually(lambda: snapshot(kafka, setup) == above)
        assert not any(arrival.id == "team-poison-1" for arrival in arrivals(receiver.requests))
        assert worker.terminate() == 0
    assert {0: 0} == committed(kafka, setup.group("ci"), topic)
    receiver.answer(200)
    delete_topic(kafka, setup.dead_letters)
    done = setup.run_worker("deliver", "--until-caught-up", "--timeout", "120s")
    assert done.code == 0, done.stderr
    assert ids(bodies) | {"team-poison-0", "team-poison-1"} == {arrival.id for arrival in delivered(receiver)}
    assert len(bodies) + 2 == len(delivered(receiver)), "what was delivered above the waiting lane was sent again"


def snapshot(kafka: LocalKafka, setup: Installation) -> Snapshot:
    """What the endpoint's commit says of the only partition."""
    group, topic = setup.group("ci"), setup.topic
    [offset] = committed(kafka, group, topic, 1).values()
    [text] = metadata(kafka, group, topic, 1).values()
    return decode(text, offset, group=group, topic=topic, partition=0)


def test_a_deleted_dead_letter_topic(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """If the dead-letter topic is deleted under a running worker, the event waits until there is one again."""
    setup = installation(kafka, topic, tmp_path, receiver)
    with setup.worker() as worker:
        worker.wait_ready()
        delete_topic(kafka, setup.dead_letters)
        refuse_poison(receiver, 422)
        write_poison(kafka, topic, setup)
        worker.wait_for_log("dead_letter.not_written")
        make_topic(kafka, setup.dead_letters, 1)
        [letter] = letters(kafka, setup, 1)
        assert "rejected" == facts(letter)["reason"]
        eventually(lambda: committed(kafka, setup.group("ci"), topic) == {0: 1})
        assert worker.terminate() == 0


def write_poison(kafka: LocalKafka, topic: str, setup: Installation) -> None:
    """Puts a poisoned event into the topic without `publish`, which would make the dead-letter topic again."""
    spare = Installation(kafka.bootstrap, f"{topic}.spare", setup.folder / "spare", partitions=1)
    spare.publish(envelope(event_json("team/poison", 0)))
    [record] = read(kafka, spare.topic)
    write(kafka, topic, [record])
