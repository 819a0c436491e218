"""A process whose work is done ends at once."""

import subprocess
import sys

import pytest

from tests.kit.eventually import LIMIT_S

FAREWELL = """
import atexit, sys
from runtime.cli.leaving import leave
atexit.register(print, "the interpreter's own end")
print("written")
print("told", file=sys.stderr)
{more}
leave(3)
"""


@pytest.mark.parametrize("more", ["", "sys.stdout.close()"])
def test_what_was_written_goes_out_and_nothing_is_waited_for(more: str) -> None:
    """With the exit status that was asked for, whatever became of the streams."""
    ended = subprocess.run(
        [sys.executable, "-c", FAREWELL.format(more=more)], capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert (3, "written\n", "told\n") == (ended.returncode, ended.stdout, ended.stderr)
