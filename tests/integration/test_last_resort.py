"""A process whose interpreter is held by a call that never returns ends all the same."""

import subprocess
import sys

import pytest

from runtime.last_resort import ended_within
from tests.kit.eventually import LIMIT_S
from tests.kit.paths import ROOT

HELD = "import ctypes; ctypes.PyDLL(None).sleep(600)"
"""A call that does not give the interpreter's lock back."""


def run(body: str) -> "subprocess.CompletedProcess[str]":
    """Python with `body` in a `with` of one second."""
    code = f"from runtime.last_resort import ended_within\nwith ended_within(1.0):\n    {body}\nprint('went on')"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LIMIT_S)


def test_a_held_interpreter_ends_with_its_stacks() -> None:
    """Status 1, and where it was held."""
    done = run(HELD)
    assert (1, "") == (done.returncode, done.stdout)
    assert "Timeout (0:00:01)!" in done.stderr
    assert 'File "<string>", line 3' in done.stderr


def test_what_ends_in_time_goes_on() -> None:
    """Nothing is left behind that would end the process later."""
    done = run("pass\nimport time; time.sleep(1.5)")
    assert (0, "went on\n", "") == (done.returncode, done.stdout, done.stderr)


def test_a_fault_goes_its_way() -> None:
    """It is no reason to wait for the watchdog."""
    with pytest.raises(ZeroDivisionError), ended_within(600.0):
        raise ZeroDivisionError
