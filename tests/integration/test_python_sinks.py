"""The commands with an endpoint that is a sink in Python: the example that writes to SQLite, on a real Kafka."""

import json
import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import yaml

from broker import LocalKafka
from tests.kit import Process, eventually
from tests.kit.bridge import Installation
from tests.kit.notifications import Poster, envelope, envelopes, event_json, ids
from tests.kit.paths import ROOT

EXAMPLE = ROOT / "examples" / "audit_to_sqlite" / "bridge.yaml"
SINK = "examples.audit_to_sqlite.audit:SqliteAudit"
NOBODY = envelope(event_json("", 0, id="nobody", target={"repository": ""}))
"""An event that names no repository, which the example keeps too: an audit log has all."""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the example keeps its rows."""
    return tmp_path / "audit.db"


@pytest.fixture
def setup(kafka: LocalKafka, topic: str, tmp_path: Path, database: Path) -> Installation:
    """One endpoint, that of the example, which tries again soon."""
    return Installation(kafka.bootstrap, topic, tmp_path, endpoints=[audit(database)])


def audit(database: Path, **keys: Any) -> dict[str, Any]:
    """The endpoint of the example with this database."""
    [example] = yaml.safe_load(EXAMPLE.read_text("utf-8"))["endpoints"]
    return {
        **example,
        "options": {"path": str(database)},
        "backoff": "50ms",
        "max_backoff": "500ms",
        "timeout": "60s",
        **keys,
    }


def rows(database: Path, columns: str = "event_id") -> list[tuple[Any, ...]]:
    """What the database has, in the order of the log."""
    if not database.exists():
        return []
    connection = sqlite3.connect(database)
    try:
        return connection.execute(f'SELECT {columns} FROM events ORDER BY partition, "offset"').fetchall()
    except sqlite3.OperationalError:  # the table is being made
        return []
    finally:
        connection.close()


def wait_for(database: Path, count: int) -> None:
    """Return when it has so many rows."""
    eventually(lambda: len(rows(database)) == count)


def answered(url: str, path: str) -> str:
    """The body of a page."""
    with Poster(f"{url}/") as asked:
        return asked.request("GET", path).body.decode()


@pytest.mark.kafka
def test_each_event_is_one_row_whatever_happens(setup: Installation, database: Path) -> None:
    """A worker that is killed repeats what it had not committed, and a replay all of it: the rows stay one each."""
    bodies = envelopes(6, 30)
    setup.publish(*bodies)
    with setup.worker(name="killed") as worker:
        eventually(lambda: len(rows(database)) > 20)
        worker.kill()
    with setup.worker(name="second") as worker:
        wait_for(database, 180)
        assert worker.terminate() == 0
    assert {id_ for (id_,) in rows(database)} == ids(bodies)
    done = setup.run_worker("replay", "--endpoint", "audit", "--from", "beginning")
    assert done.code == 0, done.stdout + done.stderr
    assert "180" in done.stdout
    assert len(rows(database)) == 180


@pytest.mark.kafka
def test_it_is_seen_as_other_endpoints_are(setup: Installation, database: Path) -> None:
    """On the page, in `/status`, `/debug/vars`, the metrics and `status`; its options are not."""
    setup.publish(*envelopes(2, 2), NOBODY)
    with setup.worker() as worker:
        url = worker.wait_ready()
        wait_for(database, 5)
        counted = 'registry_notifications_events_total{endpoint="audit",type="Successes"} 5.0'
        eventually(lambda: counted in answered(url, "/metrics"))  # a row is there before it is counted
        shown = {path: answered(url, path) for path in ("/", "/status", "/debug/vars", "/metrics")}
        attempts = setup.run_worker("attempts", "--endpoint", "audit", "--worker", url).stdout
    assert ("nobody", "") in rows(database, "event_id, repository")
    for path in ("/", "/status", "/debug/vars"):
        assert f"python:{SINK}" in shown[path], path
    assert not [path for path, text in shown.items() if str(database) in text]
    assert "delivered  written in " in attempts


@pytest.mark.kafka
def test_dead_letters_go_to_a_sink_again(setup: Installation, database: Path) -> None:
    """When its reason is gone; until then they stay open."""
    setup.endpoints = [audit(database, sink="tests.kit.python_sinks:make_refusing", options={})]
    setup.publish(*envelopes(1, 3))
    with setup.worker() as worker:
        url = worker.wait_ready()
        eventually(lambda: sum(line["event"] == "delivery.dead_letter" for line in worker.log()) == 3)
        letter = worker.wait_for_log("delivery.dead_letter")
        shown = answered(url, "/metrics")
        attempts = setup.run_worker("attempts", "--endpoint", "audit", "--worker", url).stdout
    assert letter["reason"] == "rejected"
    assert letter["error"].startswith("EventRejectedError: no such repository (python_sinks.py, line ")
    assert 'registry_notifications_events_total{endpoint="audit",type="Failures"} 9.0' in shown
    assert "rejected  EventRejectedError: no such repository" in attempts
    assert setup.run_worker("dead-letters", "redrive", "--endpoint", "audit").code == 1
    setup.endpoints = [audit(database)]
    assert setup.run_worker("dead-letters", "redrive", "--endpoint", "audit").code == 0
    assert [id_ for (id_,) in rows(database)] == [f"team-app0-{number}" for number in range(3)]


@pytest.mark.kafka
def test_a_reload_gives_a_sink_other_options(setup: Installation, database: Path, tmp_path: Path) -> None:
    """The one of before is closed first; a factory that takes them not is a fault, and all stays as it was."""
    other = tmp_path / "other.db"
    setup.publish(*envelopes(1, 3))
    with setup.worker() as worker:
        worker.wait_ready()
        wait_for(database, 3)
        reload(worker, setup, audit(database, options={"pfad": "x"}))
        fault = worker.wait_for_log("config.reload_failed")
        assert "its factory does not take these options: " in str(fault)
        reload(worker, setup, audit(other))
        assert worker.wait_for_log("config.reloaded")["changed"] == {"audit": ["options"]}
        setup.publish(*envelopes(1, 3, first=3))
        wait_for(other, 3)
    assert [id_ for (id_,) in rows(other)] == [f"team-app0-{number}" for number in range(3, 6)]
    assert len(rows(database)) == 3


def reload(worker: Process, setup: Installation, entry: dict[str, Any]) -> None:
    """Have it read another configuration."""
    (worker.folder / "bridge.yaml").write_text(yaml.safe_dump({**setup.config(), "endpoints": [entry]}))
    worker.signal(signal.SIGHUP)


@pytest.mark.kafka
def test_several_processes_have_a_sink_each(setup: Installation, database: Path) -> None:
    """All of their rows are there."""
    bodies = envelopes(8, 5)
    setup.publish(*bodies)
    with setup.worker("--processes", "2") as worker:
        worker.wait_ready()
        wait_for(database, 40)
    assert {id_ for (id_,) in rows(database)} == ids(bodies)


def test_a_test_writes_a_sample(tmp_path: Path, database: Path) -> None:
    """At a place that no event of the log has; without Kafka."""
    setup = Installation("127.0.0.1:9", "t", tmp_path, endpoints=[audit(database)])
    done = setup.run_worker("test", "--endpoint", "audit", "--json")
    assert done.code == 0, done.stderr
    shown = json.loads(done.stdout)
    assert (shown["sink"], shown["outcome"], shown["status"]) == (SINK, "delivered", None)
    assert rows(database, 'repository, topic, partition, "offset"') == [("registry-event-bridge/test", "t", -1, -1)]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"sink": "examples.audit_to_sqlite.missing:make"}, "no module is named examples.audit_to_sqlite.missing; "),
        ({"sink": "examples.audit_to_sqlite.audit:Sqlite"}, "audit has no Sqlite (did you mean SqliteAudit?)"),
        ({"sink": "tests.kit.python_sinks:Misfit", "options": {}}, "write does not take (event): missing a required "),
        ({"options": {}}, "its factory does not take these options: path is missing"),
    ],
)
@pytest.mark.parametrize("command", ["check", "deliver"])
def test_a_sink_that_cannot_be_made_is_named(
    tmp_path: Path, database: Path, command: str, keys: dict[str, Any], said: str
) -> None:
    """In one line, exit 2, before anything begins; a check calls nothing."""
    setup = Installation("127.0.0.1:9", "t", tmp_path, endpoints=[audit(database, **keys)])
    done = setup.run_bridge("check", "--offline") if command == "check" else setup.run_worker("deliver")
    assert done.code == 2, done.stderr
    assert len([line for line in (done.stdout + done.stderr).splitlines() if said in line]) == 1
    assert not database.exists()
