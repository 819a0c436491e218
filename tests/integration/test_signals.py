"""What ends a command from outside: a closed terminal, SIGHUP, SIGINT, SIGTERM. Each ends it in order."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from broker import LocalKafka
from tests.kit import Receiver, eventually
from tests.kit.beside import late
from tests.kit.bridge import BRIDGE, WORKER, Installation, endpoint
from tests.kit.eventually import LIMIT_S
from tests.kit.notifications import Poster, Reply, delivered, doubles, envelope, envelopes, event_json, ids
from tests.kit.paths import ROOT
from tests.kit.process import WITH_SIGNALS, Process
from tests.kit.process_state import is_running
from tests.kit.terminal import Terminal
from tests.kit.topics import read

pytestmark = pytest.mark.kafka

STOPPING = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
ENDING = (signal.SIGINT, signal.SIGTERM)
"""Of a service, which SIGHUP has reload its configuration."""
EVENTS = 300
TRIES = 5
"""Of what cannot be insisted on: Kafka can be late each time."""


@pytest.fixture
def setup(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> Installation:
    """One endpoint that begins at the beginning of the log."""
    ends = [endpoint("ci", receiver.url, start="beginning", concurrency=8)]
    return Installation(kafka.bootstrap, topic, tmp_path, endpoints=ends)


@pytest.fixture(scope="module")
def log(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A log with events, for commands that only read it."""
    made = Installation(kafka.bootstrap, "test-signals", tmp_path_factory.mktemp("signals"))
    made.publish(*envelopes(6, 50))
    return made


def configured(setup: Installation) -> str:
    """The path of a configuration file."""
    setup.folder.mkdir(parents=True, exist_ok=True)
    file = setup.folder / "terminal.yaml"
    file.write_text(yaml.safe_dump(setup.config()))
    return str(file)


def assert_nothing_comes_twice(setup: Installation, receiver: Receiver, wanted: set[str]) -> None:
    """What is left is delivered by a next run, and nothing that was delivered before."""
    answered = len(delivered(receiver))
    assert 0 < answered < len(wanted), "it was stopped in the middle"
    assert all(one.status == 200 for one in receiver.requests), "what was in flight was answered"
    receiver.answer(200)
    done = setup.run_worker("deliver", "--until-caught-up", "--timeout", "120s")
    assert 0 == done.code, done.stderr
    assert wanted == {arrival.id for arrival in delivered(receiver)}
    assert {} == doubles(delivered(receiver))


def test_a_closed_terminal_repeats_nothing(setup: Installation, receiver: Receiver) -> None:
    """Events are in flight when the terminal of `deliver` is closed: they are answered, committed, not repeated."""
    bodies = envelopes(6, 50)
    setup.publish(*bodies)
    receiver.answer(200, delay=0.5)
    with Terminal(WORKER, "deliver", "-c", configured(setup)) as terminal:
        receiver.wait_for(20)
        terminal.close()
        assert 0 == terminal.wait()
    assert_nothing_comes_twice(setup, receiver, ids(bodies))


def test_a_hangup_is_a_reload_until_the_terminal_is_closed(setup: Installation, receiver: Receiver) -> None:
    """SIGHUP to a worker in a living terminal reloads, and it goes on; the closed terminal ends it in order."""
    bodies = envelopes(6, 50)
    setup.publish(*bodies)
    receiver.answer(200, delay=0.5)
    with Terminal(WORKER, "deliver", "-c", configured(setup)) as terminal:
        receiver.wait_for(5)
        terminal.signal(signal.SIGHUP)
        terminal.wait_for("config.reloaded")
        receiver.wait_for(30)
        terminal.close()
        assert 0 == terminal.wait()
    assert_nothing_comes_twice(setup, receiver, ids(bodies))


def test_a_shell_that_tells_its_jobs_before_it_ends(setup: Installation, receiver: Receiver) -> None:
    """As zsh does, and bash with huponexit, SIGHUP comes while the terminal is there: the worker ends with it."""
    bodies = envelopes(6, 50)
    setup.publish(*bodies)
    receiver.answer(200, delay=0.5)
    command = f"{sys.executable} -m {WORKER} deliver -c {configured(setup)} </dev/null >/dev/null 2>&1 & wait"
    script = f"trap 'kill -HUP $!; exit' USR1; {command}"
    with Terminal("-c", script, program=("sh",)) as terminal:
        receiver.wait_for(20)
        (worker,) = terminal.children
        terminal.signal(signal.SIGUSR1)
        terminal.close()
        eventually(lambda: not is_running(worker))
    assert_nothing_comes_twice(setup, receiver, ids(bodies))


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_repeats_nothing(setup: Installation, receiver: Receiver, number: signal.Signals) -> None:
    """Each stop signal lets what is in flight end, though another one of each kind follows at once."""
    bodies = envelopes(6, 50)
    setup.publish(*bodies)
    receiver.answer(200, delay=0.5)
    with setup.worker() as worker:
        receiver.wait_for(20)
        worker.signal(number)
        assert number.name == worker.wait_for_log("stopping")["signal"]
        with suppress(ProcessLookupError):  # it has ended already
            for further in STOPPING:
                worker.signal(further)
        assert 0 == worker.wait()
    assert_nothing_comes_twice(setup, receiver, ids(bodies))


def test_messages_that_nobody_reads_stop_nothing(setup: Installation, receiver: Receiver) -> None:
    """`deliver 2>&1 | tee log` and Ctrl-C: tee is gone first, and the drain has no place for its messages."""
    bodies = envelopes(6, 50)
    setup.publish(*bodies)
    receiver.answer(200, delay=0.5)
    command = [*WITH_SIGNALS, sys.executable, "-m", WORKER, "deliver", "-c", configured(setup)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as worker:
        assert worker.stderr is not None
        receiver.wait_for(20)
        worker.stderr.close()
        worker.send_signal(signal.SIGINT)
        assert 0 == worker.wait(LIMIT_S)
    assert_nothing_comes_twice(setup, receiver, ids(bodies))


def test_nohup_is_respected(setup: Installation, receiver: Receiver) -> None:
    """A worker that was started with SIGHUP ignored outlives its terminal, and SIGTERM ends it."""
    setup.publish(*envelopes(1, 1))
    command = ["sh", "-c", 'trap "" HUP; exec "$@"', "nohup", sys.executable, "-m", WORKER, "deliver"]
    command += ["-c", configured(setup), "--log-format", "json"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as worker:
        receiver.wait_for(1)
        worker.send_signal(signal.SIGHUP)
        setup.publish(envelope(event_json("team/more", 0)))
        receiver.wait_for(2)
        worker.send_signal(signal.SIGTERM)
        assert 0 == worker.wait(LIMIT_S)


@pytest.mark.parametrize("number", ENDING)
def test_the_intake_answers_what_is_in_flight(setup: Installation, kafka: LocalKafka, number: signal.Signals) -> None:
    """A POST whose body is still coming when the signal comes is answered, and its event is in the log."""
    tag, reply = 0, answered_in_flight(setup, number, 0)
    while late(reply) and tag < TRIES:
        tag += 1
        reply = answered_in_flight(setup, number, tag)
    assert 200 == reply.status, reply.body
    found = [record.header("ce_id") for record in read(kafka, setup.topic)]
    assert 1 == found.count(f"library-app-{tag}")


def answered_in_flight(setup: Installation, number: signal.Signals, tag: int) -> Reply:
    """The answer to a POST of this tag whose body is still coming when the signal comes; the intake ends in order."""
    with setup.bridge() as bridge:
        url = f"{bridge.wait_ready()}/events"
        with Poster(url) as before:  # the first write of all takes longest
            assert 200 == before.insist(envelope(event_json("library/before", tag))).status
        body = envelope(event_json("library/app", tag))

        def in_pieces() -> Iterator[bytes]:
            yield body[:10]
            bridge.signal(number)
            bridge.wait_for_log("stopping")
            yield body[10:]

        with Poster(url) as poster:
            reply = poster.post(in_pieces())
        assert 0 == bridge.wait()
        return reply


FOLLOWING = {
    "tail": ("tail", "--follow"),
    "status": ("status", "--watch"),
    "export": ("export", "--follow", "--format", "ndjson", "--output", "{}"),
}


@pytest.mark.parametrize("number", STOPPING)
@pytest.mark.parametrize("name", FOLLOWING)
def test_what_follows_ends_well(log: Installation, tmp_path: Path, name: str, number: signal.Signals) -> None:
    """A signal is how a command that never ends by itself ends: exit 0, without a word."""
    arguments = [argument.format(tmp_path / "out") for argument in FOLLOWING[name]]
    with Process(WORKER, *arguments, folder=tmp_path / "process", config=log.config()) as process:
        eventually(lambda: _has_begun(process, tmp_path))
        process.signal(number)
        assert 0 == process.wait()
    assert "Traceback" not in process.stderr


@pytest.mark.parametrize("name", FOLLOWING)
def test_what_follows_ends_with_its_terminal(log: Installation, tmp_path: Path, name: str) -> None:
    """The same in a terminal that is closed (129: it had more to print); an export has each record once."""
    arguments = [argument.format(tmp_path / "out") for argument in FOLLOWING[name]]
    shown = {"tail": "team/app5", "status": "no endpoints", "export": "exporting"}
    with Terminal(WORKER, *arguments, "-c", configured(log)) as terminal:
        terminal.wait_for(shown[name])
        if name == "export":
            eventually(lambda: list((tmp_path / "out").rglob("*.ndjson*")))
        terminal.close()
        assert terminal.wait() in {0, 129}
    if name == "export":
        assert 0 == log.run_worker("export", "--format", "ndjson", "--output", str(tmp_path / "out")).code
        lines = [
            json.loads(line) for file in (tmp_path / "out").rglob("*.ndjson") for line in file.read_bytes().splitlines()
        ]
        assert EVENTS == len(lines) == len({(line["kafka_partition"], line["kafka_offset"]) for line in lines})


def _has_begun(process: Process, folder: Path) -> bool:
    return bool(process.stdout) or "no endpoints" in process.stderr or any((folder / "out").rglob("*.ndjson*"))


def test_a_replay_in_a_closed_terminal_can_go_on(setup: Installation, receiver: Receiver, tmp_path: Path) -> None:
    """Its progress is committed: `--resume` delivers the rest, and nothing twice."""
    bodies = envelopes(6, 50)
    setup.publish(*bodies)
    receiver.answer(200, delay=0.5)
    arguments = ("replay", "--endpoint", "ci", "--from", "beginning", "-c", configured(setup))
    with Terminal(WORKER, *arguments) as terminal:
        receiver.wait_for(20)
        terminal.close()
        assert 129 == terminal.wait()
    run = terminal.shown.partition("replay ")[2].partition(":")[0]
    receiver.answer(200)
    resumed = setup.run_worker("replay", "--resume", run)
    assert 0 == resumed.code, resumed
    assert ids(bodies) == {arrival.id for arrival in delivered(receiver)}
    assert {} == doubles(delivered(receiver))


@pytest.mark.parametrize("number", STOPPING)
def test_publish_says_how_far_it_came(setup: Installation, kafka: LocalKafka, number: signal.Signals) -> None:
    """It reads a pipe that is still open: what it wrote is acknowledged and counted, and where to go on is named."""
    lines = [envelope(event_json("library/app", n)).replace(b"\n", b" ") + b"\n" for n in range(700)]
    command = [*WITH_SIGNALS, sys.executable, "-m", BRIDGE, "publish", "-c", configured(setup)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as publish:
        assert publish.stdin is not None
        publish.stdin.write(b"".join(lines))
        publish.stdin.flush()
        assert setup.run_bridge("init").code == 0
        eventually(lambda: 500 == len(read(kafka, setup.topic)))
        publish.send_signal(number)
        _, said = publish.communicate(timeout=LIMIT_S)
    assert 1 == publish.returncode
    assert (
        b"registry-bridge: stopped: 500 events acknowledged; continue from -:501\n"
        == said.splitlines(keepends=True)[-1]
    )


def test_a_full_disk_is_named(log: Installation) -> None:
    """Where the output cannot be written, one line says so."""
    command = [sys.executable, "-m", WORKER, "tail", "-c", configured(log)]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, check=False, timeout=LIMIT_S)
    assert (1, b"registry-worker: cannot write the output: No space left on device\n") == (done.returncode, done.stderr)


@pytest.mark.parametrize("stream", [1, 2])
def test_a_missing_stream_is_no_fault(log: Installation, stream: int) -> None:
    """A command that was started without standard output or standard error (`2>&-`) does its work."""
    command = f'exec "$@" {stream}>&-'
    python = [sys.executable, "-m", WORKER, "tail", "-c", configured(log)]
    done = subprocess.run(
        ["sh", "-c", command, "sh", *python],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        check=False,
        timeout=LIMIT_S,
    )
    assert 0 == done.returncode
    assert (stream == 2) == (10 == len(done.stdout.splitlines()))
