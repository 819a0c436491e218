"""Where endpoints begin and go on, on a real Kafka: `start`, disabled ones, new partitions, retention, metadata."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker import LocalKafka
from tests.kit import Answer, Receiver, eventually
from tests.kit.bridge import Finished, Installation, endpoint
from tests.kit.notifications import delivered, doubles, envelope, envelopes, event_json, ids, wait_for_ids
from tests.kit.topics import (
    Found,
    add_partitions,
    commit,
    committed,
    delete_records,
    make_topic,
    metadata,
    read,
    write,
)

pytestmark = pytest.mark.kafka


def installation(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver, **settings: object) -> Installation:
    """An installation with one endpoint, `ci`."""
    return Installation(kafka.bootstrap, topic, tmp_path, endpoints=[endpoint("ci", receiver.url, **settings)])


def catch_up(setup: Installation, *options: str, timeout: str = "120s") -> Finished:
    """Runs the worker until it has caught up; AssertionError if it does not."""
    done = setup.run_worker("deliver", "--until-caught-up", "--timeout", timeout, *options)
    assert done.code == 0, done.stderr
    return done


def got(receiver: Receiver) -> set[str]:
    """The ids that were delivered, of which none came twice."""
    found = delivered(receiver)
    assert doubles(found) == {}
    return {arrival.id for arrival in found}


@pytest.mark.parametrize("command", ["init", "publish", "serve"])
def test_new_begins_when_any_command_sees_it(
    kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver, command: str
) -> None:
    """Events that come after init, serve or publish first saw the endpoint arrive, though no worker ran until later."""
    setup = installation(kafka, topic, tmp_path, receiver)
    before, after = envelopes(3, 5), envelopes(3, 5, first=5)
    Installation(kafka.bootstrap, topic, tmp_path).publish(*before)
    if command == "init":
        assert setup.run_bridge("init").code == 0
    elif command == "publish":
        setup.publish()
    else:
        with setup.bridge() as bridge:
            bridge.wait_ready()
    assert sum(committed(kafka, setup.group("ci"), topic).values()) == len(before)
    assert set(committed(kafka, setup.group("ci"), topic)) == {0, 1, 2, 3}, "a partition has no cursor"
    Installation(kafka.bootstrap, topic, tmp_path).publish(*after)
    catch_up(setup)
    assert ids(after) == got(receiver)


def test_new_on_a_young_topic_gets_everything(
    kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver
) -> None:
    """Where topic and endpoint come into being together, publish's own first event is not missed."""
    setup = installation(kafka, topic, tmp_path, receiver)
    bodies = envelopes(3, 5)
    setup.publish(*bodies)
    catch_up(setup)
    assert ids(bodies) == got(receiver)


@pytest.mark.parametrize("start", ["beginning", "end", "-24h", "2001-01-01T00:00:00Z", "2999-01-01T00:00:00Z"])
def test_start_on_an_old_topic(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver, start: str) -> None:
    """Beginning and a time long ago give the whole log, end and a time to come give what follows; said in the log."""
    before, after = envelopes(3, 5), envelopes(3, 5, first=5)
    Installation(kafka.bootstrap, topic, tmp_path).publish(*before)
    setup = installation(kafka, topic, tmp_path, receiver, start=start)
    done = catch_up(setup)
    whole = start in {"beginning", "-24h", "2001-01-01T00:00:00Z"}
    assert (ids(before) if whole else set()) == got(receiver)
    assert f'"events_to_deliver": {len(before) if whole else 0}' in done.stderr
    setup.publish(*after)
    catch_up(setup)
    assert ids(after) | (ids(before) if whole else set()) == got(receiver)


def test_start_at_a_time(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """A time between two publishes gives exactly what was accepted from then on, per partition."""
    bare = Installation(kafka.bootstrap, topic, tmp_path)
    bare.publish(*envelopes(3, 5))
    newest = max(record.timestamp_ms for record in read(kafka, topic))
    eventually(lambda: time.time() * 1000 > newest + 2)
    moment = datetime.fromtimestamp((newest + 1) / 1000, UTC).isoformat()
    after = envelopes(3, 5, first=5)
    bare.publish(*after)
    catch_up(installation(kafka, topic, tmp_path, receiver, start=moment))
    assert ids(after) == got(receiver)


def test_start_is_used_once(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """An endpoint with a cursor keeps it whatever `start` says later."""
    bodies = envelopes(3, 5)
    Installation(kafka.bootstrap, topic, tmp_path).publish(*bodies)
    catch_up(installation(kafka, topic, tmp_path, receiver, start="beginning"))
    for start in ("beginning", "2001-01-01T00:00:00Z", "new"):
        catch_up(installation(kafka, topic, tmp_path, receiver, start=start))
    assert ids(bodies) == got(receiver)


def test_disabled_keeps_its_cursor(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """A disabled endpoint gets nothing, and once enabled what it missed; also one that was disabled from the start."""
    with Receiver() as other:
        ends = [endpoint("ci", receiver.url), endpoint("off", other.url, disabled=True)]
        setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=ends)
        assert setup.run_bridge("init").code == 0
        bodies = envelopes(3, 5)
        setup.publish(*bodies)
        catch_up(setup)
        assert (ids(bodies), set()) == (got(receiver), got(other))
        setup.endpoints = [endpoint("ci", receiver.url, disabled=True), endpoint("off", other.url)]
        later = envelopes(3, 5, first=5)
        setup.publish(*later)
        catch_up(setup)
        assert (ids(bodies), ids([*bodies, *later])) == (got(receiver), got(other))
        setup.endpoints = ends
        catch_up(setup)
        assert ids([*bodies, *later]) == got(receiver)


def test_a_new_partition_begins_at_its_beginning(
    kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver
) -> None:
    """What is written to a partition before the worker knows it is delivered all the same."""
    setup = installation(kafka, topic, tmp_path, receiver)
    setup.partitions = 2
    first = envelopes(4, 5)
    setup.publish(*first)
    catch_up(setup)
    add_partitions(kafka, topic, 5)
    [model] = [record for record in read(kafka, topic) if record.header("ce_id") == "team-app0-0"]
    write(kafka, topic, [Found(4, 0, 0, model.key, model.value, model.headers)])
    catch_up(setup)
    found = delivered(receiver)
    assert len(first) + 1 == len(found)
    assert f"{topic}/4/0" == found[-1].request.header("registry-event")


def test_a_running_worker_finds_a_new_partition(
    kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver
) -> None:
    """A worker that runs takes a new partition up by itself, from its beginning."""
    setup = installation(kafka, topic, tmp_path, receiver)
    setup.partitions = 1
    setup.sections = {"kafka": {"topic.metadata.refresh.interval.ms": "1000"}}
    setup.publish(envelope(event_json("team/app0", 0)))
    with setup.worker() as worker:
        receiver.wait_for(1)
        add_partitions(kafka, topic, 2)
        [model] = read(kafka, topic)
        write(kafka, topic, [Found(1, 0, 0, model.key, model.value, model.headers)])
        found = receiver.wait_for(2)
        assert f"{topic}/1/0" == found[1].header("registry-event")
        assert worker.terminate() == 0


def test_retention_beyond_the_cursor(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """An offset out of range goes on at the oldest record left, never at the end; the loss is logged and counted."""
    setup = installation(kafka, topic, tmp_path, receiver)
    setup.partitions = 1
    bodies = envelopes(1, 20)
    setup.publish(*bodies[:5])
    catch_up(setup)
    setup.publish(*bodies[5:])
    delete_records(kafka, topic, {0: 12})
    with setup.worker() as worker:
        receiver.wait_for(5 + 8)
        line = worker.wait_for_log("endpoint.offset_out_of_range")
        assert (5, 12, 7) == (line["committed"], line["goes_on_at"], line["events_lost"])
        eventually(lambda: committed(kafka, setup.group("ci"), topic) == {0: 20})
        assert worker.terminate() == 0
    assert ids([*bodies[:5], *bodies[12:]]) == got(receiver)


def test_a_cursor_beyond_the_end(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """A cursor that the log does not reach (a topic made anew) goes on at the oldest record, which may repeat."""
    setup = installation(kafka, topic, tmp_path, receiver)
    setup.partitions = 1
    bodies = envelopes(1, 5)
    setup.publish(*bodies)
    commit(kafka, setup.group("ci"), topic, {0: (1000, "")})
    done = catch_up(setup)
    assert ids(bodies) == got(receiver)
    assert "endpoint.offset_out_of_range" in done.stderr
    assert {0: 5} == committed(kafka, setup.group("ci"), topic)


@pytest.mark.parametrize("foreign", ["R1garbage", "somebody else's", "R1" + "0" * 4000])
def test_foreign_metadata_is_ignored(
    kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver, foreign: str
) -> None:
    """Commit metadata that is not ours of this very offset does not count: everything from the offset on is sent."""
    setup = installation(kafka, topic, tmp_path, receiver)
    setup.partitions = 1
    bodies = envelopes(1, 10)
    setup.publish(*bodies)
    commit(kafka, setup.group("ci"), topic, {0: (4, foreign)})
    done = catch_up(setup)
    assert "endpoint.metadata_ignored" in done.stderr
    assert ids(bodies[4:]) == got(receiver)


def test_metadata_of_another_offset_is_ignored(
    kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver
) -> None:
    """Our own metadata under an offset that a tool has moved must not skip anything."""
    setup = installation(kafka, topic, tmp_path, receiver, backoff="1m", max_backoff="1m")
    setup.partitions = 1
    bodies = [envelope(event_json("team/poison", 0)), *envelopes(10, 1)]
    setup.publish(*bodies)
    receiver.answer_by(lambda request: _unless(b"team/poison" in request.body))
    with setup.worker() as worker:
        receiver.wait_for(11)
        eventually(lambda: metadata(kafka, setup.group("ci"), topic) != {0: ""})
        assert worker.terminate() == 0
    own = metadata(kafka, setup.group("ci"), topic)[0]
    assert own.startswith("R1")
    assert {0: 0} == committed(kafka, setup.group("ci"), topic)
    receiver.clear()
    receiver.answer(200)
    catch_up(setup)
    assert {"team-poison-0"} == got(receiver), "finished events above the hole were sent again"
    commit(kafka, setup.group("ci"), topic, {0: (3, own)})
    receiver.clear()
    catch_up(setup)
    assert ids(bodies[3:]) == got(receiver)


def _unless(poisoned: bool) -> Answer:  # noqa: FBT001 - it reads as a sentence
    return Answer(status=500 if poisoned else 200)


def test_events_between_runs_wait(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """Whatever is published while no worker runs is delivered by the next one, each event once."""
    setup = installation(kafka, topic, tmp_path, receiver)
    everything: list[bytes] = []
    for first in range(0, 15, 5):
        bodies = envelopes(3, 5, first=first)
        everything += bodies
        setup.publish(*bodies)
        catch_up(setup)
        assert ids(everything) == got(receiver)


def test_topic_without_cursor_for_one_partition(
    kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver
) -> None:
    """A group that has offsets of some partitions begins the others at their beginning, whatever `start` says."""
    setup = installation(kafka, topic, tmp_path, receiver, start="end")
    make_topic(kafka, topic, 2)
    commit(kafka, setup.group("ci"), topic, {0: (0, "")})
    bodies = envelopes(8, 3)
    Installation(kafka.bootstrap, topic, tmp_path).publish(*bodies)
    assert {record.partition for record in read(kafka, topic)} == {0, 1}
    catch_up(setup)
    wait_for_ids(receiver, ids(bodies))
    assert ids(bodies) == got(receiver)
