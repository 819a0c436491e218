"""Our commands as processes of the kit, and how it waits for them."""

import signal
import subprocess
import threading
from pathlib import Path

import pytest

from tests.kit import (
    Process,
    eventually,
)
from tests.kit.foreign_pytest import PYTEST, WITHOUT_PLUGINS
from tests.kit.paths import ROOT
from tests.kit.programs import need

SERVICE = """
import argparse, http.server, json, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
parser = argparse.ArgumentParser()
parser.add_argument("mode")
parser.add_argument("-c")
parser.add_argument("--log-format")
given = parser.parse_args()
if given.mode == "fail":
    sys.exit("bridge.yaml: topics.partitions: -1 is not positive")
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Ready)
print("not json", file=sys.stderr)
listening = {"event": "listening", "address": f"127.0.0.1:{server.server_port}", "config": open(given.c).read()}
print(json.dumps(listening), file=sys.stderr, flush=True)
server.serve_forever()
"""


def service(folder: Path, *arguments: str) -> Process:
    """A small service that logs and answers as ours do."""
    folder.mkdir(exist_ok=True)
    (folder / "small_service.py").write_text(SERVICE)
    environment = {"PYTHONPATH": str(folder)}
    config = {"intake": {"listen": "127.0.0.1:0"}}
    return Process("small_service", *arguments, folder=folder / "run", config=config, environment=environment)


def test_a_missing_program_fails_the_test(tmp_path: Path) -> None:
    """Without skopeo or docker-registry a test fails with the Debian packages to install; it is never skipped."""
    test = "from tests.kit.programs import need\ndef test_it(): need('docker-registry')\n"
    (tmp_path / "test_missing.py").write_text(test)
    command = [*PYTEST, "-q", str(tmp_path / "test_missing.py")]
    root = ROOT
    environment = {"PATH": str(tmp_path), "PYTHONPATH": str(root), **WITHOUT_PLUGINS}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert 1 == done.returncode
    assert "1 failed" in done.stdout
    assert "docker-registry is missing: the tests need the Debian packages docker-registry skopeo" in done.stdout
    assert need("sh")


def test_a_process_is_found_by_its_log_line(tmp_path: Path) -> None:
    """The address comes from the log line `listening`, readiness from HTTP, the configuration reaches the process."""
    with service(tmp_path, "serve") as process:
        assert f"http://{process.address}" == process.wait_ready()
        assert "intake:\n  listen: 127.0.0.1:0\n" == process.wait_for_log("listening")["config"]
        assert "not json\n" in process.stderr
        assert process.returncode is None
        assert 0 == process.terminate()
    assert 0 == process.returncode


def test_a_process_can_be_killed_and_started_again(tmp_path: Path) -> None:
    """SIGKILL ends it with its signal as exit status; a new start has a log of its own."""
    with service(tmp_path, "serve") as process:
        first = process.pid
        assert -signal.SIGKILL == process.kill()
        process.start()
        assert first != process.pid
        process.wait_ready()
        assert 1 == sum(line["event"] == "listening" for line in process.log())


def test_a_failed_process_tells_its_last_lines(tmp_path: Path) -> None:
    """Waiting for a process that has ended fails at once, with its exit status and what it said."""
    with service(tmp_path, "fail") as process:
        with pytest.raises(
            AssertionError,
            match=r"(?s)^it ended.*exit status: 1\n.*topics.partitions: -1 is not positive",
        ):
            process.wait_ready()
        assert 1 == process.wait()


def test_eventually_gives_the_value_or_the_last_reason() -> None:
    """It returns the first truthy value; in vain it tells the last value or assertion; others come out at once."""
    values = iter([None, 0, "", "there"])
    assert "there" == eventually(lambda: next(values), every=0)
    with pytest.raises(AssertionError, match=r"^not within 0.05 s: the check returned 0$"):
        eventually(lambda: 0, 0.05)

    def refuse() -> bool:
        raise AssertionError("lag is 3")

    with pytest.raises(AssertionError, match=r"^not within 0.05 s: lag is 3$"):
        eventually(refuse, 0.05)
    with pytest.raises(ZeroDivisionError):
        eventually(lambda: 1 / 0, 5)


def test_a_check_that_takes_long_is_asked_less_often() -> None:
    """Waiting takes half of the time at most, so that what is waited for comes sooner."""
    asked = 0

    def slow() -> bool:
        nonlocal asked
        asked += 1
        threading.Event().wait(0.1)
        return False

    with pytest.raises(AssertionError, match="the check returned False"):
        eventually(slow, 1.0)
    assert asked <= 6
