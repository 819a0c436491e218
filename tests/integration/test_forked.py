"""What the fork server forks is a process as any other, as if `python -m` had started it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.kit.eventually import LIMIT_S, eventually
from tests.kit.forked import Forked, run
from tests.kit.paths import ROOT
from tests.kit.process_state import is_running

ONCE = ("-n1", "-r1")
"""The standard module timeit, too, has a `main`, and runs what it is given."""
LOOK = """
import json, os, sys
opened = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd") if int(fd) > 2]
files = [os.readlink(file) for file in opened if os.path.exists(file)]
about = {"pid": os.getpid(), "session": os.getsid(0), "tty": sys.stdout.isatty(), "folder": os.getcwd(), "files": files}
print(json.dumps(about | {"environment": dict(os.environ), "stdin": sys.stdin.read()}))
"""
OWNER = """
import sys
from tests.kit.forked import Forked
with open(sys.argv[1], "wb") as out:
    print(Forked("timeit", "-n1", "-r1", "import time; time.sleep(600)", stdout=out, stderr=out).pid, flush=True)
sys.stdin.read()
"""


def forked(code: str, folder: Path, **environment: str) -> Forked:
    """A process that runs this."""
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        return Forked("timeit", *ONCE, code, stdout=out, stderr=err, environment=environment or os.environ)


def about(folder: Path) -> dict[str, Any]:
    """What it told."""
    told: dict[str, Any] = json.loads((folder / "stdout").read_text().splitlines()[0])
    return told


def test_it_is_a_process_of_its_own(tmp_path: Path) -> None:
    """It leads a session, reads nothing, has the environment that it was given and no file of the server's."""
    process = forked(LOOK, tmp_path, ONLY="this")
    assert 0 == process.wait(LIMIT_S)
    told = about(tmp_path)
    assert (process.pid, process.pid, False, str(ROOT)) == tuple(told[n] for n in ("pid", "session", "tty", "folder"))
    assert ({"ONLY": "this"}, "", []) == (told["environment"], told["stdin"], told["files"])


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("consumer.cli", ("statuss",)),
        ("consumer.cli", ("tail", "--help")),
        ("producer.cli", ()),
        ("producer.cli", ("check", "--offline", "-c", "bridge.example.yaml")),
        ("producer.cli", ("check", "--offline", "-c", "absent.yaml")),
    ],
)
def test_it_says_the_same(module: str, arguments: tuple[str, ...]) -> None:
    """Exit status and both streams are those of a program that Python has just started."""
    afresh = subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, capture_output=True, check=False)
    done = run(module, arguments, LIMIT_S)
    assert (afresh.returncode, afresh.stdout, afresh.stderr) == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGHUP, -signal.SIGHUP), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 1)]
)
def test_it_hears_signals(number: signal.Signals, code: int, tmp_path: Path) -> None:
    """Each does what it does to a Python program; SIGINT is a KeyboardInterrupt, which timeit shows as a traceback."""
    process = forked("print('up', flush=True); import time; time.sleep(600)", tmp_path)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    eventually((tmp_path / "stdout").read_text)
    assert process.poll() is None
    os.kill(process.pid, number)
    assert code == process.wait(LIMIT_S) == process.poll()
    assert ("KeyboardInterrupt" in (tmp_path / "stderr").read_text()) == (number == signal.SIGINT)


def test_a_run_that_takes_too_long_is_killed() -> None:
    """As `subprocess.run` does."""
    with pytest.raises(subprocess.TimeoutExpired) as caught:
        run("timeit", [*ONCE, "import time; time.sleep(600)"], 0.5)
    assert not is_running(int(caught.value.cmd[0]))


def test_nothing_survives_the_run_of_tests(tmp_path: Path) -> None:
    """If the process that asked for it is killed, so is what was forked."""
    command = [sys.executable, "-c", OWNER, str(tmp_path / "out")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert is_running(pid)
        owner.kill()
    eventually(lambda: not is_running(pid))
