"""What tests/unit/conftest.py forbids: a run of pytest over tests that open sockets or start processes there."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.paths import ROOT

CASES = {
    "connect": ("import socket\nsocket.socket().connect(('127.0.0.1', 9))", "connects a socket"),
    "listen": ("import socket\nsocket.create_server(('127.0.0.1', 0))", "binds a socket"),
    "name": ("import socket\nsocket.getaddrinfo('localhost', 80)", "looks a host name up"),
    "process": ("import subprocess\nsubprocess.run(['true'])", "starts a process"),
    "fork": ("import os\nif os.fork() == 0: os._exit(0)", "forks"),
    "swallowed": ("import os\ntry: os.system('true')\nexcept RuntimeError: pass", "starts a shell"),
    "thread": (
        "import subprocess, threading\nthread = threading.Thread(target=subprocess.run, args=[['true']])\n"
        "thread.start()\nthread.join()",
        "starts a process",
    ),
}


def run(folder: Path, body: str) -> str:
    """What pytest says of a unit test with this body."""
    (folder / "conftest.py").write_text((ROOT / "tests" / "unit" / "conftest.py").read_text("utf-8"))
    lines = "\n    ".join(body.splitlines())
    (folder / "test_it.py").write_text(f"import asyncio\ndef test_it():\n    {lines}\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:threadexception", "--rootdir"]
    done = subprocess.run([*command, str(folder), str(folder)], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout


@pytest.mark.parametrize("case", CASES)
def test_what_is_forbidden_fails(case: str, tmp_path: Path) -> None:
    """Whoever does it, and also if the error is swallowed."""
    body, reason = CASES[case]
    said = run(tmp_path, body)
    assert "1 failed" in said
    assert f"a unit test {reason}" in said


def test_an_event_loop_is_allowed(tmp_path: Path) -> None:
    """It wakes itself by a pair of sockets."""
    assert "1 passed" in run(tmp_path, "asyncio.run(asyncio.to_thread(asyncio.sleep, 0))")
