"""`make run` and `make demo`: their script, run as a user runs it, against a Kafka that is there already."""

import errno
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from broker import LocalKafka
from broker.leash import Leash
from broker.ports import LOOPBACK, free_port
from examples.home import CONFIGURATION
from examples.sample_events import FILES
from tests.kit import eventually
from tests.kit.eventually import LIMIT_S
from tests.kit.paths import ROOT
from tests.kit.topics import read

STAYS = "Up until Ctrl-C"
PATIENT = CONFIGURATION + "    timeout: 60s\n"
"""With this, an endpoint that is late gets nothing twice."""
pytestmark = pytest.mark.kafka


def command(home: Path, topic: str, bootstrap: str, *options: str) -> list[str]:
    """The demo's command line, with a folder and topics of the test's own."""
    own = ["--home", str(home), "--prefix", topic, "--broker", bootstrap, "--patience", f"{LIMIT_S:g}"]
    return [sys.executable, "-m", "examples.demo", *own, *options]


def run_once(home: Path, topic: str, bootstrap: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Runs `make demo`'s command to its end."""
    line = command(home, topic, bootstrap, "--once", *options)
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False, timeout=4 * LIMIT_S)


@contextmanager
def run_and_stay(home: Path, topic: str, bootstrap: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Runs `make run`'s command, and goes on when it says that it stays up; kills it at the end if it still is."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "stdout").open("w") as out:
        process = subprocess.Popen(
            command(home, topic, bootstrap, *options), cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, text=True
        )
    leash = Leash(process.pid)
    try:
        eventually(lambda: STAYS in (home / "stdout").read_text() or process.poll() is not None)
        yield process
    finally:
        leash.release()
        process.kill()
        process.wait()


def sample_lines() -> list[str]:
    """What the endpoint is to print of each sample event, made here from the files."""
    lines = []
    envelopes = [(json.loads(line), type_) for file, type_ in FILES.items() for line in file.read_text().splitlines()]
    for envelope, content_type in envelopes:
        [event] = envelope["events"]
        sender = "registry 2.8" if content_type.endswith("v1+json") else "registry 3.x"
        tag = event["target"].get("tag")
        name = event["target"]["repository"] + (f":{tag}" if tag else f"@{event['target']['digest'][:19]}")
        lines.append(f"{event['action']} {name} {sender}")
    return lines


def arrived(output: str) -> list[str]:
    """The lines of events in the demo's output, with single spaces."""
    return [" ".join(line.split()) for line in output.splitlines() if re.match(r"  (push|pull|mount|delete) ", line)]


def patient(home: Path) -> Path:
    """A demo's folder with its configuration, but for the endpoint's time."""
    home.mkdir(exist_ok=True)
    (home / "bridge.yaml").write_text(PATIENT)
    return home


def assert_all_arrived(kafka: LocalKafka, topic: str, *outputs: str, but: str = "nothing") -> None:
    """Each run has a line for each of its events, and all runs have no more lines than there are records.

    An event that was posted again after a 503 can have two. One action may be filtered out.
    """
    lines = [line for line in sample_lines() if not line.startswith(but)]
    for output in outputs:
        assert Counter(lines) <= Counter(arrived(output))
        assert set(lines) == set(arrived(output))
    records = read(kafka, f"{topic}.events")
    assert len(outputs) * len(sample_lines()) == len({record.header("ce_id") for record in records})
    wanted = [record for record in records if not str(record.header("ce_type")).endswith(f".{but}")]
    assert sum(len(arrived(output)) for output in outputs) <= len(wanted)


def nothing_listens(address: str) -> bool:
    """Whether connections to an address are refused."""
    host, port = address.rsplit(":", 1)
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == errno.ECONNREFUSED


def addresses(output: str) -> list[str]:
    """Where intake and worker of a demo listened, by what it said."""
    return re.findall(r"^(?:Intake|Worker) +http://([^/ ]+)", output, re.MULTILINE)


def commands(output: str) -> list[str]:
    """The commands that it tells its user to type."""
    return re.findall(r"^  ((?:\w+=\S+ )*\S*/registry-(?:bridge|worker) .+|cp .+)$", output, re.MULTILINE)


def test_demo_delivers_every_sample_event(kafka: LocalKafka, tmp_path: Path, topic: str) -> None:
    """`make demo` ends with exit 0 and a line for each sample event, and stops all that it started."""
    done = run_once(patient(tmp_path), topic, kafka.bootstrap)
    assert done.returncode == 0, done.stdout + done.stderr
    assert_all_arrived(kafka, topic, done.stdout)
    assert f"All {len(sample_lines())} have arrived" in done.stdout
    assert [True, True] == [nothing_listens(address) for address in addresses(done.stdout)]


def test_every_printed_step_works_as_it_stands(kafka: LocalKafka, tmp_path: Path, topic: str) -> None:
    """What `make run` tells its user to type does what it says, where `make` was typed, and so does what he pastes."""
    home = tmp_path / "home"
    with run_and_stay(home, topic, kafka.bootstrap):
        output = (home / "stdout").read_text()
        shown = yaml.safe_load(re.findall(r"^(notifications:\n(?:  .*\n)+)", output, re.MULTILINE)[0])
        [endpoint] = shown["notifications"]["endpoints"]
        intake, worker = addresses(output)
        assert endpoint["url"] == f"http://{intake}/events"
        assert endpoint["headers"] == {"Authorization": [f"Bearer {(home / 'intake-token').read_text()}"]}
        links = re.findall(r"http://\S+", output[output.index("Look at it:") :])
        assert links == [f"http://{worker}/", f"http://{worker}/metrics", f"http://{intake}/metrics"]
        for link in links:
            with urllib.request.urlopen(link, timeout=LIMIT_S) as answer:
                assert answer.status == 200
        names = []
        for line in commands(output):
            typed = line.replace("cp bridge.example.yaml", f"cp -t {tmp_path} bridge.example.yaml #")
            done = subprocess.run(["/bin/sh", "-c", typed], cwd=ROOT, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
            names.append(re.sub(r"^(\w+=\S+ )*\S*/", "", line).split()[:2])
        told = [["registry-worker", "status"], ["registry-worker", "tail"], ["registry-bridge", "publish"]]
        assert names == [*told, ["registry-bridge", "check"], ["cp", "bridge.example.yaml"]]
        eventually(lambda: len(arrived((home / "stdout").read_text())) > len(sample_lines()))


def test_the_configuration_is_its_users(kafka: LocalKafka, tmp_path: Path, topic: str) -> None:
    """What is changed in it is kept and counts in the next run; a file that is removed is written anew."""
    assert run_once(tmp_path, topic, kafka.bootstrap).returncode == 0
    config = tmp_path / "bridge.yaml"
    written = config.read_text()
    changed = written.replace("path: /events", "path: /mine") + "    headers: {Mine: yes}\n"
    config.write_text(changed)
    done = run_once(tmp_path, topic, kafka.bootstrap)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^Intake +http://\S+/mine ", done.stdout, re.MULTILINE)
    assert changed == config.read_text()
    config.unlink()
    assert run_once(tmp_path, topic, kafka.bootstrap).returncode == 0
    assert written == config.read_text()


def test_a_broken_configuration_is_told(tmp_path: Path, topic: str) -> None:
    """What its user has broken in it is told as the commands tell it, with exit 2, before anything is started."""
    (tmp_path / "bridge.yaml").write_text(CONFIGURATION.replace("endpoints:", "endpoint:"))
    done = run_once(tmp_path, topic, f"{LOOPBACK}:{free_port()}")
    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("endpoint: ")
    assert "Traceback" not in done.stderr


def test_run_stays_up_if_filters_pass_some_over(kafka: LocalKafka, tmp_path: Path, topic: str) -> None:
    """A filter that its user has written is no fault: what has not arrived is told, and all stays up."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "bridge.yaml").write_text(PATIENT + "    ignore: {actions: [pull]}\n")
    with run_and_stay(home, topic, kafka.bootstrap, "--patience", "60"):
        output = (home / "stdout").read_text()
    assert "2 of 10 events have not arrived after 60 s" in output
    assert_all_arrived(kafka, topic, output, but="pull")


def test_demo_runs_again_on_what_it_left(kafka: LocalKafka, tmp_path: Path, topic: str) -> None:
    """A second run on the same folder and topics delivers its own events, and none of the first run's again."""
    home = patient(tmp_path)
    first, second = run_once(home, topic, kafka.bootstrap), run_once(home, topic, kafka.bootstrap)
    assert (first.returncode, second.returncode) == (0, 0), second.stdout + second.stderr
    assert_all_arrived(kafka, topic, first.stdout, second.stdout)


def test_demo_tells_why_it_gives_up(tmp_path: Path, topic: str) -> None:
    """Without a Kafka behind its address the demo ends with exit 1, says what is not ready and shows its log."""
    done = run_once(tmp_path, topic, f"{LOOPBACK}:{free_port()}", "--patience", "60")
    assert done.returncode == 1
    assert "Error: the intake is not ready after 60 s: " in done.stderr
    assert "intake.log) ends with:" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert (tmp_path / "bridge.yaml").read_text() == CONFIGURATION


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_run_stays_up_until_it_is_interrupted(
    kafka: LocalKafka, tmp_path: Path, topic: str, number: signal.Signals
) -> None:
    """`make run` stays up after the events have arrived; SIGHUP, Ctrl-C or SIGTERM stops all of it, with exit 0."""
    home = patient(tmp_path / "home")
    with run_and_stay(home, topic, kafka.bootstrap) as process:
        assert not any(nothing_listens(address) for address in addresses((home / "stdout").read_text()))
        process.send_signal(number)
        assert process.wait(LIMIT_S) == 0, (home / "stdout").read_text()
    output = (home / "stdout").read_text()
    assert_all_arrived(kafka, topic, output)
    assert "Stopped." in output
    assert all(nothing_listens(address) for address in addresses((home / "stdout").read_text()))


def test_run_leaves_no_orphans(kafka: LocalKafka, tmp_path: Path, topic: str) -> None:
    """If `make run` is killed, its intake and its worker go with it."""
    home = tmp_path / "home"
    with run_and_stay(home, topic, kafka.bootstrap) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(LIMIT_S)
        eventually(lambda: all(nothing_listens(address) for address in addresses((home / "stdout").read_text())))


def test_run_ends_when_a_part_ends(kafka: LocalKafka, tmp_path: Path, topic: str) -> None:
    """If the worker dies, `make run` ends with exit 1, says so and shows the end of the worker's log."""
    home = tmp_path / "home"
    with run_and_stay(home, topic, kafka.bootstrap) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        [worker] = [pid for pid in children if "consumer.cli" in Path(f"/proc/{pid}/cmdline").read_text()]
        os.kill(int(worker), signal.SIGKILL)
        assert process.wait(LIMIT_S) == 1
    output = (home / "stdout").read_text()
    assert "the worker ended with exit -9" in output
    assert "worker.log) ends with:" in output


def test_only_one_at_a_time(kafka: LocalKafka, tmp_path: Path, topic: str) -> None:
    """A second `make run` in the same folder says that one runs already, and does not disturb it."""
    home = tmp_path / "home"
    with run_and_stay(home, topic, kafka.bootstrap) as process:
        done = run_once(home, topic, kafka.bootstrap)
        assert (done.returncode, done.stderr) == (1, f"Error: the demo runs already: another process uses {home}\n")
        assert process.poll() is None
