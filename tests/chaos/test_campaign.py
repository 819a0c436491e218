"""A campaign that is ended ends all that it began, and has its folder for itself."""

import fcntl
import subprocess
import sys
from pathlib import Path

from tests.kit.eventually import eventually
from tests.kit.paths import ROOT
from tests.kit.process_state import is_running

IDLE = """
import sys
from pathlib import Path
from tests.chaos.campaign import Campaign

home = Path(sys.argv[1])
Campaign(home, 2, home / "results.jsonl", runner="tests.chaos.idle_runner").run([1, 2], print)
"""


def test_a_campaign_that_is_terminated_leaves_nothing(tmp_path: Path) -> None:
    """SIGTERM in the middle of two runs: the runners break them off, and end."""
    process = subprocess.Popen([sys.executable, "-c", IDLE, tmp_path], cwd=ROOT)
    try:
        eventually(lambda: len(begun(tmp_path)) == 4)
    finally:
        process.terminate()
        process.wait()
    assert len(begun(tmp_path)) == 4
    eventually(lambda: not any(map(is_running, begun(tmp_path))))


def begun(home: Path) -> list[int]:
    """The ids of the runners and of what they have started."""
    return [int(pid) for file in home.glob("runner-*") for pid in file.read_text().split()]


def test_one_campaign_a_folder(tmp_path: Path) -> None:
    """A second one ends with one line that says what to do, and runs nothing."""
    command = [sys.executable, "-m", "tests.chaos", "--home", str(tmp_path), "--first", "1"]
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (1, "") == (done.returncode, done.stdout)
    assert f"another campaign runs in {tmp_path}: wait for its end, or end it\n" == done.stderr
    assert [tmp_path / "lock"] == list(tmp_path.iterdir())
