"""What tests/unit/conftest.py forbids: one run of pytest over tests that open sockets or start processes there."""

import os
import subprocess
from xml.etree import ElementTree as ET

import pytest

from tests.kit.foreign_pytest import PYTEST, WITHOUT_PLUGINS
from tests.kit.paths import ROOT

FORBIDDEN = {
    "connect": ("socket.socket().connect(('127.0.0.1', 9))", "connects a socket"),
    "listen": ("socket.create_server(('127.0.0.1', 0))", "binds a socket"),
    "name": ("socket.getaddrinfo('localhost', 80)", "looks a host name up"),
    "process": ("subprocess.run(['true'])", "starts a process"),
    "fork": ("os._exit(0) if os.fork() == 0 else None", "forks"),
    "swallowed": ("with suppress(RuntimeError): os.system('true')", "starts a shell"),
    "thread": ("t = Thread(target=subprocess.run, args=[['true']]); t.start(); t.join()", "starts a process"),
}
ALLOWED = "asyncio.run(asyncio.to_thread(os.getpid))"
"""A loop wakes itself by a pair of sockets."""
IMPORTS = "import asyncio, os, socket, subprocess\nfrom contextlib import suppress\nfrom threading import Thread\n"


@pytest.fixture(scope="module")
def failures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Why each of these tests failed in a folder with that conftest; empty: it did not."""
    folder = tmp_path_factory.mktemp("unit")
    (folder / "conftest.py").write_text((ROOT / "tests" / "unit" / "conftest.py").read_text("utf-8"))
    bodies = {**{name: body for name, (body, _) in FORBIDDEN.items()}, "allowed": ALLOWED}
    tests = [f"def test_{name}():\n    {body}\n" for name, body in bodies.items()]
    (folder / "test_it.py").write_text(IMPORTS + "".join(tests))
    report = folder / "report.xml"
    command = [*PYTEST, "--rootdir", str(folder), f"--junitxml={report}", str(folder)]
    subprocess.run(command, cwd=folder, env=os.environ | WITHOUT_PLUGINS, capture_output=True, check=False)
    cases = ET.parse(report).getroot().iter("testcase")
    return {str(case.get("name")): "".join(case.itertext()) for case in cases}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_is_forbidden_fails(name: str, failures: dict[str, str]) -> None:
    """Whichever thread does it, and also if the error is swallowed."""
    assert f"a unit test {FORBIDDEN[name][1]}" in failures[f"test_{name}"]


def test_an_event_loop_is_allowed(failures: dict[str, str]) -> None:
    """And it is seen to be."""
    assert failures["test_allowed"] == ""
