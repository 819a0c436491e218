"""docs/quick-start.md: its files are written, its commands run in its order, and the first event arrives.

Only ports and topics are put in place, and the image comes from a folder instead of a network. The first two commands,
the demo and a local Kafka, have tests of their own.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest

from broker import LocalKafka
from broker.leash import Leash
from broker.ports import free_port
from tests.kit import Layout, eventually
from tests.kit.paths import DOCS

pytestmark = [pytest.mark.kafka, pytest.mark.registry]

PAGE = (DOCS / "quick-start.md").read_text("utf-8")
STEP = re.compile(r"^(?P<before>[^\n]*)\n\n```(?P<language>\w+)\n(?P<block>.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`([\w.]+)`:$")
ELSEWHERE = ("make demo\n", ".venv/bin/python -m broker start\n")
"""Run by tests/e2e/test_demo.py and tests/integration/test_local_kafka.py."""
PORTS = (5000, 5050, 5051, 8080)
LIMIT_S = 120


class Clone:
    """The folder in which a reader types the page's commands.

    Args:
        folder: an empty one.
        places: what the page writes, and what stands for it here.
    """

    def __init__(self, folder: Path, places: dict[str, str]) -> None:
        self._folder = folder
        self._places = places
        self._identifier = ""

    def placed(self, text: str) -> str:
        """A text of the page with what differs here."""
        for written, here in self._places.items():
            text = text.replace(written, here)
        return text

    def write(self, name: str, text: str) -> None:
        """A file that the page shows."""
        (self._folder / name).write_text(self.placed(text))

    def has_printed(self, words: list[str]) -> bool:
        """Whether the endpoint has printed a line with these words after an id, which is the reader's `$ID` then."""
        lines = [line.split() for line in (self._folder / "endpoint.py.out").read_text().splitlines()]
        self._identifier = next((line[0] for line in lines if line[1:] == words), "")
        return bool(self._identifier)

    def runs(self, command: str) -> bool:
        """Whether a command succeeds that ends by itself; raises AssertionError with its output if it does not."""
        line = ["bash", "-euc", self.placed(command)]
        done = subprocess.run(
            line,
            cwd=self._folder,
            env={**os.environ, "ID": self._identifier},
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_S,
        )
        assert done.returncode == 0, f"{command}{done.stdout}{done.stderr}"
        return True

    @contextmanager
    def terminal(self, command: str) -> Iterator[None]:
        """A command in a terminal of its own, until Ctrl-C."""
        words = shlex.split(self.placed(command))
        with (self._folder / f"{Path(words[-1]).name}.out").open("w") as out:
            process = subprocess.Popen(words, cwd=self._folder, stdout=out, stderr=subprocess.STDOUT)
        leash = Leash(process.pid)
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(LIMIT_S)
            leash.release()


@pytest.fixture
def clone(kafka: LocalKafka, topic: str, tmp_path: Path) -> Clone:
    """With the Kafka of the tests, and an image for the one that the page fetches."""
    layout = Layout(tmp_path / "image")
    layout.image("latest", layers=[b"first"])
    topics = f"topics: {{events: {topic}, dead_letters: {topic}.dead}}"
    worker = f"worker: {{listen: '127.0.0.1:5051', group_prefix: {topic}}}"
    places = {
        "intake:\n": f"{topics}\n{worker}\nintake:\n  listen: 127.0.0.1:5050\n",
        "127.0.0.1:9092": kafka.bootstrap,
        "docker://docker.io/library/busybox:latest": layout.source("latest"),
        "skopeo copy": "skopeo --insecure-policy copy",
        ".venv/bin/": f"{Path(sys.executable).parent}/",
    }
    for port in PORTS:
        free = free_port()
        places |= {f"127.0.0.1:{port}": f"127.0.0.1:{free}", f'"127.0.0.1", {port}': f'"127.0.0.1", {free}'}
    return Clone(tmp_path, places)


def test_each_step(clone: Clone) -> None:
    """From the top of the page to its bottom."""
    steps = [step for step in STEP.finditer(PAGE) if step["block"] not in ELSEWHERE]
    assert len(steps) == PAGE.count("```") // 2 - len(ELSEWHERE)
    with ExitStack() as terminals:
        for step in steps:
            block, name = step["block"], FILE.search(step["before"])
            if name is not None:
                clone.write(name[1], block)
            elif step["language"] == "text":
                assert eventually(partial(clone.has_printed, block.split()))
            elif "n a terminal of its own" in step["before"]:
                terminals.enter_context(clone.terminal(block))
            else:
                assert eventually(partial(clone.runs, block))
