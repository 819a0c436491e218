"""`registry-worker status` on a real Kafka: lag with holes, ages, breakers, letters, and without a worker."""

import json
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from broker import LocalKafka
from broker.ports import free_port
from consumer.operations.log_view import LogView
from consumer.operations.status import StatusReader
from runtime.clock import SystemClock
from runtime.config.load import settings_from
from tests.kit import Answer, Captured, Process, Receiver, eventually
from tests.kit.bridge import FREE, Installation, endpoint
from tests.kit.letters import buried, record
from tests.kit.load import Load
from tests.kit.notifications import delivered, envelope, envelopes, event_json
from tests.kit.topics import Found, committed, delete_records, metadata, read, write

pytestmark = pytest.mark.kafka

BRISK = {"start": "beginning", "backoff": "20ms", "max_backoff": "100ms"}


@pytest.fixture
def setup(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> Installation:
    """One endpoint, which begins at the beginning, and a worker address that is known."""
    listen = {"worker": {"listen": f"127.0.0.1:{free_port()}"}}
    ends = [endpoint("ci", receiver.url, **BRISK)]
    made = Installation(kafka.bootstrap, topic, tmp_path, partitions=1, endpoints=ends, sections=listen)
    assert made.run_bridge("init").code == 0
    return made


def status(setup: Installation) -> dict[str, dict[str, Any]]:
    """What `status --json` says, by endpoint."""
    done = setup.run_worker("status", "--json")
    assert done.code == 0, done.stderr
    return {found["endpoint"]: found for found in json.loads(done.stdout)}


def seen(setup: Installation, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What is said of the endpoint `ci` as soon as this is so."""

    def found() -> dict[str, Any]:
        now = status(setup)["ci"]
        return now if is_so(now) else {}

    return eventually(found)


def holding(receiver: Receiver, repository: bytes) -> None:
    """Lets one repository's events wait for ever, and answers 200 to all others."""

    def script(request: Captured) -> Answer:
        return Answer(status=503 if repository in request.body else 200)

    receiver.answer_by(script)


def test_group_without_offsets(setup: Installation) -> None:
    """What has not started shows what its `start` would deliver; a new endpoint was registered at the log's end."""
    setup.publish(*envelopes(2, 5))
    setup.endpoints = [*setup.endpoints, endpoint("late", "http://127.0.0.1:9/", start="end")]
    found = status(setup)
    assert (found["ci"]["has_cursor"], found["ci"]["lag"]) == (False, 10)
    assert (found["late"]["has_cursor"], found["late"]["lag"]) == (False, 0)
    assert 0 < found["ci"]["oldest_age_s"] < 600
    assert found["late"]["oldest_age_s"] is None
    done = setup.run_worker("status")
    assert "not started yet: it would begin with 10 records waiting; no worker serves it" in done.stdout
    assert "does not answer" in done.stderr


def test_caught_up(setup: Installation, receiver: Receiver) -> None:
    """When all is delivered nothing lags; without a worker the breaker is unknown."""
    setup.publish(*envelopes(2, 5))
    assert setup.run_worker("deliver", "--until-caught-up").code == 0
    found = status(setup)["ci"]
    assert (found["has_cursor"], found["lag"], found["oldest_age_s"], found["breaker"]) == (True, 0, None, None)


def test_lag_counts_holes(kafka: LocalKafka, setup: Installation, receiver: Receiver) -> None:
    """A lane that waits leaves holes: they alone are the lag, though the committed offset is far behind."""
    holding(receiver, b"team/poison")
    setup.endpoints = [endpoint("ci", receiver.url, **BRISK, threshold=1_000_000)]
    setup.publish(*(envelope(event_json("team/poison", n)) for n in range(3)), *envelopes(10, 10))
    with setup.worker() as worker:
        worker.wait_ready()
        eventually(lambda: len(delivered(receiver)) >= 100)
        eventually(lambda: metadata(kafka, setup.group("ci"), setup.topic, 1).get(0))
        live = seen(setup, lambda now: now["lag"] == 3 and now["breaker"] is not None)  # the worker has answered
    assert committed(kafka, setup.group("ci"), setup.topic, 1) == {0: 0}
    after = status(setup)["ci"]
    for found in (live, after):
        assert (found["lag"], found["partitions"]) == (
            3,
            [{"partition": 0, "offset": 0, "holes": 3, "end": 103, "lag": 3}],
        )
        assert found["oldest_age_s"] > 0
    assert (live["breaker"], after["breaker"]) == ("closed", None)


def test_open_breaker(setup: Installation, receiver: Receiver) -> None:
    """A worker whose endpoint is away says so, and why."""
    receiver.answer(503)
    setup.endpoints = [endpoint("ci", receiver.url, **BRISK, threshold=2)]
    setup.publish(*envelopes(3, 1))
    with setup.worker() as worker:
        worker.wait_ready()
        found = eventually(lambda: (now := status(setup)["ci"])["breaker"] == "open" and now)
        assert found["lag"] == 3
        assert any("breaker open: status 503, " in reason for reason in found["waits_because"])
        eventually(lambda: "breaker open: status 503, " in setup.run_worker("status").stdout)


def test_slow_answers(setup: Installation, receiver: Receiver) -> None:
    """An endpoint that is late because its answers take long, one repository at a time, says so."""
    receiver.answer(200, delay=0.8)
    setup.publish(*envelopes(4, 150))
    with setup.worker() as worker:
        worker.wait_ready()
        receiver.wait_for(8)
        said = "4 repositories waiting in order; answers take "
        found = seen(setup, lambda now: said in "".join(now["waits_because"][:1]))
        assert found["lag"] > 0
        assert re.search(r"answers take (0\.[89]|[1-9]\.\d|\d\d) s$", found["waits_because"][0])
        (member,) = found["members"]
        assert (member["host"], member["partitions"], member["not_asked_because"]) == ("127.0.0.1", [0], None)
        assert member["worker"] == worker.address
        assert 0 < seen(setup, lambda now: now["finished_per_s"])["finished_per_s"] < 50
        assert (found["unassigned"], found["not_asked"], found["group_protocol"]) == ([], {}, "consumer")
        receiver.answer(200)
    assert "0 members (consumer)" in setup.run_worker("status").stdout


def test_a_busy_log_makes_nobody_late(setup: Installation, receiver: Receiver) -> None:
    """Six endpoints that keep up with 40 events a second: none is ever later than what came while it was looked at."""
    names = [f"e{number}" for number in range(6)]
    setup.endpoints = [endpoint(name, f"{receiver.url}/{name}", **BRISK) for name in names]

    def arrived() -> dict[str, list[str]]:
        by_name: dict[str, list[str]] = {name: [] for name in names}
        for one in delivered(receiver):
            by_name[one.request.path.removeprefix("/")].append(one.id)
        return by_name

    def look() -> tuple[dict[str, int], dict[str, dict[str, Any]]] | None:
        """What had arrived just before, and what is said; None if the worker did not answer the question in time."""
        before = {name: len(ids) for name, ids in arrived().items()}
        found = status(setup)
        return (before, found) if all(one["not_asked"] == {} for one in found.values()) else None

    with setup.bridge() as bridge, setup.worker() as worker:
        worker.wait_ready()
        with Load(f"{bridge.wait_ready()}/events", 4, pause=0.1) as load:
            eventually(lambda: len(load.taken) > 40 and all(arrived().values()))
            for _ in range(2):
                before, found = eventually(look)
                written = len(load.taken) + load.statuses.count(503) + 4  # what may be there, and what is being posted
                late = {name: found[name]["lag"] for name in names if found[name]["lag"] > written - before[name]}
                assert not late, f"{written} written, {before} delivered before"
            taken = arrived()
        newest = [event for event in taken["e0"] if all(event in ids for ids in taken.values())][-1]
        eventually(lambda: setup.run_worker("explain", newest).stdout.count(" finished ") == 6)
        eventually(lambda: {one["lag"] for one in status(setup).values()} == {0})


def test_one_of_two_workers_is_killed(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """Both are found by Kafka and give one answer; of a killed one the partitions are named until another has them."""
    listen = {"worker": {"listen": f"127.0.0.1:{free_port()}"}}
    ends = [endpoint("ci", receiver.url, **BRISK)]
    setup = Installation(kafka.bootstrap, topic, tmp_path, partitions=4, endpoints=ends, sections=listen)
    assert setup.run_bridge("init").code == 0
    receiver.answer(503)
    with setup.worker() as asked, setup.worker("--listen", FREE, name="other") as other:
        asked.wait_ready()
        other.wait_ready()
        both = {asked.address, other.address}
        seen(
            setup,
            lambda now: [2, 2] == [len(one) for one in held(now)] and {one["worker"] for one in now["members"]} == both,
        )
        setup.publish(*envelopes(40, 1))
        found = seen(setup, lambda now: now["breaker"] == "open" and not now["not_asked"])
        assert (found["lag"], found["unassigned"], found["not_asked"]) == (40, [], {})
        alone = eventually(lambda: answer_of_one(setup, asked))
        (mine,) = alone["not_asked"].values()
        told = f"partitions {mine[0]}, {mine[1]}: served from 127.0.0.1 by a worker that was not asked"
        assert any(one.startswith(told) for one in alone["waits_because"])
        why = f"{other.address}/status does not answer: Connection refused"
        other.kill()  # it counts as a member until its session ends

        def is_told() -> bool:
            killed = setup.run_worker("status")
            return f"{told} ({why})" in killed.stdout and why in killed.stderr

        eventually(is_told)
        seen(setup, lambda now: now["not_asked"] == {} and len(held(now)) == 1)
    found = status(setup)["ci"]
    assert (found["members"], found["unassigned"], found["waits_because"]) == (
        [],
        [0, 1, 2, 3],
        ["no worker serves it"],
    )


def answer_of_one(setup: Installation, worker: Process) -> dict[str, Any] | None:
    """What is said if one of two workers alone is asked; None if it did not answer in time: then 4 were not asked."""
    done = setup.run_worker("status", "--json", "--worker", f"http://{worker.address}")
    (found,) = json.loads(done.stdout)
    (partitions,) = found["not_asked"].values()
    return found if len(partitions) == 2 else None


def held(found: dict[str, Any]) -> list[list[int]]:
    """The partitions of each member that has some."""
    return [member["partitions"] for member in found["members"] if member["partitions"]]


def test_dead_letters_and_disabled(setup: Installation, receiver: Receiver) -> None:
    """Open letters are counted for their endpoint, closed ones are not; a disabled endpoint is shown and lags."""
    receiver.answer(422)
    setup.publish(*envelopes(4, 1))
    assert setup.run_worker("deliver", "--until-caught-up").code == 0
    assert setup.run_worker("dead-letters", "discard", "--id", "team-app0-0", "--yes").code == 0
    setup.endpoints = [endpoint("ci", receiver.url, **BRISK, disabled=True)]
    setup.publish(*envelopes(1, 1, first=9))
    found = status(setup)["ci"]
    assert (found["dead_letters"], found["lag"], found["disabled"]) == (3, 1, True)
    assert setup.run_worker("status").stdout.splitlines()[1].split()[:2] == ["ci", "1"]


def test_a_watch_forgets_letters_that_are_deleted(kafka: LocalKafka, setup: Installation) -> None:
    """Who looks again counts the letters that the topic still has."""
    letters = [buried(record(offset), offset) for offset in range(4)]
    write(kafka, setup.dead_letters, [Found(0, 0, 0, one.key, one.value, one.headers) for one in letters])
    settings = settings_from(setup.config())
    with LogView(settings, client_id="test", clock=SystemClock(), resolves_schemas=False) as view:
        status = StatusReader(settings, view)
        assert [4] == [one.dead_letters for one in status.look()]
        delete_records(kafka, setup.dead_letters, {0: read(kafka, setup.dead_letters)[-1].offset})
        assert [1] == [one.dead_letters for one in status.look()]


def test_lost_to_retention(kafka: LocalKafka, setup: Installation, receiver: Receiver) -> None:
    """Events that the log dropped before they were delivered are no lag any more; they are said to be lost."""
    assert setup.run_worker("deliver", "--until-caught-up").code == 0
    setup.publish(*envelopes(1, 10))
    delete_records(kafka, setup.topic, {0: 4})
    found = status(setup)["ci"]
    assert (found["has_cursor"], found["lag"], found["lost"]) == (True, 6, 4)
    assert "the log has lost 4 records that were not delivered" in setup.run_worker("status").stdout


def test_watch(setup: Installation, tmp_path: Path) -> None:
    """`--watch` looks again and again, and ends with exit 0 at Ctrl-C."""
    with Process("consumer.cli", "status", "--watch", "--json", folder=tmp_path / "w", config=setup.config()) as watch:
        eventually(lambda: len(watch.stdout.splitlines()) >= 2)
        watch.signal(signal.SIGINT)
        assert watch.wait() == 0
    assert all(json.loads(line)[0]["endpoint"] == "ci" for line in watch.stdout.splitlines())


def test_exit_status_for_scripts(setup: Installation, receiver: Receiver) -> None:
    """0 within the thresholds, 3 above one, 1 without Kafka: each endpoint above is named on standard error."""
    setup.publish(*envelopes(3, 1))
    assert 0 == setup.run_worker("status", "--fail-if-lag", "3", "--fail-if-age", "10m").code
    late = setup.run_worker("status", "--json", "--endpoint", "ci", "--fail-if-lag", "2", "--fail-if-age", "1ms")
    assert 3 == late.code
    assert "registry-worker: endpoint ci: lag 3 is above 2 (--fail-if-lag)" in late.stderr
    assert "above 1ms (--fail-if-age)" in late.stderr
    assert "ci" == json.loads(late.stdout)[0]["endpoint"]
    watched = setup.run_worker("status", "--watch", "--fail-if-lag", "2")
    assert (2, 1) == (watched.code, len(watched.stderr.splitlines()))


def test_missing_topic(kafka: LocalKafka, topic: str, tmp_path: Path) -> None:
    """Without an events topic there is nothing to tell: one line, exit 1."""
    done = Installation(kafka.bootstrap, topic, tmp_path).run_worker("status")
    assert done.code == 1
    assert done.stderr == f"registry-worker: topic {topic} does not exist (registry-bridge init creates it)\n"
