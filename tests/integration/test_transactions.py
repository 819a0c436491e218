"""A topic that a transactional producer fills: markers and aborted records hold no event and are owed to nobody."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broker import LocalKafka
from broker.ports import free_port
from runtime.kafka.admin import Admin
from tests.kit import Receiver, eventually
from tests.kit.bridge import Installation, endpoint
from tests.kit.notifications import Poster, delivered
from tests.kit.topics import commit, committed, delete_records
from tests.kit.transactions import Transactions

pytestmark = pytest.mark.kafka

BRISK = {"start": "beginning", "backoff": "20ms", "max_backoff": "100ms"}
CAUGHT_UP = ("deliver", "--until-caught-up", "--timeout", "120s")


@pytest.fixture
def setup(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> Installation:
    """One endpoint that begins at the beginning, and an events topic of one partition."""
    listen = {"worker": {"listen": f"127.0.0.1:{free_port()}"}}
    ends = [endpoint("ci", receiver.url, **BRISK)]
    made = Installation(kafka.bootstrap, topic, tmp_path, partitions=1, endpoints=ends, sections=listen)
    assert made.run_bridge("init").code == 0
    return made


@pytest.fixture
def transactions(kafka: LocalKafka, topic: str, setup: Installation) -> Iterator[Transactions]:
    """Who writes."""
    with Transactions(kafka, topic) as writing:
        yield writing


def ends_at(kafka: LocalKafka, topic: str, end: int) -> None:
    """Waits for the markers of what was committed or aborted, which the coordinator writes."""
    admin = Admin({"bootstrap.servers": kafka.bootstrap}, client_id="test")
    eventually(lambda: admin.end(topic, [0]) == {0: end})


def filled(kafka: LocalKafka, topic: str, transactions: Transactions) -> int:
    """Nine events in three transactions, and two aborted ones, one of them last; the end of the log."""
    transactions.committed("team/a", 0, 1, 2)
    transactions.aborted("team/b", 0, 1)
    transactions.committed("team/a", 3, 4)
    transactions.committed("team/c", *range(4))
    transactions.aborted("team/b", 2)
    ends_at(kafka, topic, 17)
    return 17


def status(setup: Installation) -> dict[str, Any]:
    """What `status --json` says of the endpoint."""
    done = setup.run_worker("status", "--json")
    assert done.code == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    assert len(found) == 1
    return found[0]


def test_caught_up_behind_markers(
    kafka: LocalKafka, setup: Installation, transactions: Transactions, receiver: Receiver
) -> None:
    """All that was committed arrives, in order; the cursor comes to the end behind the markers; nothing lags."""
    end = filled(kafka, setup.topic, transactions)
    done = setup.run_worker(*CAUGHT_UP)
    assert done.code == 0, done.stderr
    assert [one.id for one in delivered(receiver) if one.id.startswith("team-a")] == [f"team-a-{n}" for n in range(5)]
    assert len(delivered(receiver)) == 9
    assert {0: end} == committed(kafka, setup.group("ci"), setup.topic, 1)
    found = status(setup)
    assert (found["lag"], found["oldest_age_s"], found["lost"]) == (0, None, 0)


def test_a_live_worker(kafka: LocalKafka, setup: Installation, transactions: Transactions, receiver: Receiver) -> None:
    """An open transaction is no lag; committed, it arrives; markers alone, aborted transactions, leave no lag."""
    with setup.worker() as worker:
        address = worker.wait_ready().removeprefix("http://")
        transactions.committed("team/a", 0, 1)
        receiver.wait_for(2)
        ends_at(kafka, setup.topic, 3)
        eventually(lambda: committed(kafka, setup.group("ci"), setup.topic, 1) == {0: 3})
        transactions.begin("team/a", 2, 3)
        eventually(lambda: status(setup)["lag"] == 0)
        eventually(lambda: 'registry_worker_lag{endpoint="ci"} 0.0' in metrics(address))
        transactions.commit()
        receiver.wait_for(4)
        transactions.aborted("team/a", 4)
        ends_at(kafka, setup.topic, 8)
        eventually(lambda: committed(kafka, setup.group("ci"), setup.topic, 1) == {0: 8})
        eventually(lambda: 'registry_worker_lag{endpoint="ci"} 0.0' in metrics(address))
        assert status(setup)["lag"] == 0
    assert len(delivered(receiver)) == 4


def metrics(address: str) -> list[str]:
    """The lines of a worker's metrics."""
    with Poster(f"http://{address}/") as asked:
        return asked.request("GET", "/metrics").body.decode().splitlines()


def test_a_cursor_at_the_end_of_an_open_transaction(
    kafka: LocalKafka, setup: Installation, transactions: Transactions, receiver: Receiver
) -> None:
    """Another tool set it there, behind all that consumers get: a worker begins there as well, and repeats nothing."""
    transactions.committed("team/a", 0, 1)
    ends_at(kafka, setup.topic, 3)
    assert setup.run_worker(*CAUGHT_UP).code == 0
    transactions.begin("team/a", 2, 3)
    commit(kafka, setup.group("ci"), setup.topic, {0: (5, "")})
    done = setup.run_worker(*CAUGHT_UP)
    assert (done.code, "endpoint.offset_out_of_range" in done.stderr) == (0, False), done.stderr
    transactions.commit()
    transactions.committed("team/a", 4)
    ends_at(kafka, setup.topic, 8)
    assert setup.run_worker(*CAUGHT_UP).code == 0
    assert [one.id for one in delivered(receiver)] == [f"team-a-{number}" for number in (0, 1, 4)]


def test_status_of_what_nobody_serves(
    kafka: LocalKafka, setup: Installation, transactions: Transactions, receiver: Receiver
) -> None:
    """Markers and aborted records behind the last commit are no lag; what was committed is, and its age is told."""
    filled(kafka, setup.topic, transactions)
    assert setup.run_worker(*CAUGHT_UP).code == 0
    transactions.aborted("team/b", 3, 4)
    ends_at(kafka, setup.topic, 20)
    assert (status(setup)["lag"], status(setup)["oldest_age_s"]) == (0, None)
    transactions.begin("team/d", 0)
    assert status(setup)["lag"] == 0
    transactions.commit()
    ends_at(kafka, setup.topic, 22)
    found = status(setup)
    assert (found["lag"], found["partitions"][0]["offset"]) == (2, 17), "the event, and what may lie behind it"
    assert found["oldest_age_s"] > 0


def test_replay(kafka: LocalKafka, setup: Installation, transactions: Transactions, receiver: Receiver) -> None:
    """A range with markers in it and at its end is delivered whole: exit 0, and nothing is said to be missing."""
    filled(kafka, setup.topic, transactions)
    done = setup.run_worker("replay", "--endpoint", "ci", "--from", "beginning")
    assert (done.code, done.stdout) == (0, "ci: 9 delivered, 0 filtered, 0 failed\n"), done.stderr
    done = setup.run_worker("replay", "--endpoint", "ci", "--from", "0:3", "--to", "0:9")
    assert (done.code, done.stdout) == (0, "ci: 2 delivered, 0 filtered, 0 failed\n"), done.stderr
    assert len(delivered(receiver)) == 11
    delete_records(kafka, setup.topic, {0: 2})
    run = setup.run_worker("replay", "--endpoint", "ci", "--from", "beginning", "--dry-run")
    assert "ci: 7 events would be delivered" in run.stdout


def test_export(kafka: LocalKafka, setup: Installation, transactions: Transactions, tmp_path: Path) -> None:
    """What holds no record is no gap, neither within a run nor between two; what retention took is one."""
    output = tmp_path / "out"

    def export() -> str:
        done = setup.run_worker("export", "--output", str(output), "--format", "ndjson")
        assert done.code == 0, done.stderr
        return done.stdout + done.stderr

    filled(kafka, setup.topic, transactions)
    assert export() == f"9 records in 1 file: {output}\n"
    transactions.aborted("team/b", 3)
    transactions.committed("team/a", 5)
    ends_at(kafka, setup.topic, 21)
    assert export() == f"1 record in 1 file: {output}\n"
    transactions.committed("team/a", *range(6, 9))
    ends_at(kafka, setup.topic, 25)
    delete_records(kafka, setup.topic, {0: 23})
    gap = "gap: partition 0: the log no longer has offsets 20 to 22\n"
    assert export() == f"1 record in 1 file: {output}\n{gap}"
