"""A page of the docs, typed: its files are written and its commands run in its order, in a reader's folder.

Knows nothing of what the pages say, but how they write a file, a command and a terminal.
"""

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from broker.leash import Leash
from tests.kit.eventually import LIMIT_S, eventually

STEP = re.compile(r"^(?P<before>[^\n]*)\n\n```(?P<language>\w+)\n(?P<block>.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`([\w.]+)`:$")


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

    def follow(self, steps: Sequence[re.Match[str]]) -> None:
        """Do what these say, one after the other; what stays in the foreground is ended at last."""
        with ExitStack() as terminals:
            for step in steps:
                self._do(step, terminals)

    def _do(self, step: re.Match[str], terminals: ExitStack) -> None:
        block, name = step["block"], FILE.search(step["before"])
        if name is not None:
            self.write(name[1], block)
        elif step["language"] == "text":
            assert eventually(partial(self.has_printed, block.split()))
        elif "n a terminal of its own" in step["before"]:
            terminals.enter_context(self.terminal(block))
        else:
            assert eventually(partial(self.runs, block))


def steps_of(page: str) -> list[re.Match[str]]:
    """The page's files, commands and what is printed; none is passed over."""
    steps = list(STEP.finditer(page))
    assert len(steps) == page.count("```") // 2
    return steps
