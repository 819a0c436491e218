"""Runs ClickHouse's engine and asks it; `program` is the other side."""

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from broker.leash import Leash
from tests.engines.environment import ENGINES

_PROGRAM: Final = Path(__file__).with_name("program.py")


class ClickHouseError(Exception):
    """ClickHouse refuses a statement; the text is its own."""


class ClickHouse:
    """An engine with its data in a folder; use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self._leash: Leash | None = None

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "stderr").open("wb") as log:
            command = [str(ENGINES.python), str(_PROGRAM), str(self._folder / "data")]
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=log, text=True)
        self._leash = Leash(self._process.pid)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        assert self._leash is not None
        self._leash.release()
        self._process.kill()
        self._process.communicate()

    def run(self, script: str) -> None:
        """Runs statements that end with a semicolon each; raises ClickHouseError at the first that is refused."""
        for statement in script.split(";\n"):
            if statement.strip():
                self.rows(statement.strip().removesuffix(";"))

    def rows(self, sql: str) -> list[list[Any]]:
        """The rows that a statement answers; 64-bit numbers come as text, as ClickHouse writes JSON."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(sql)}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise ClickHouseError(f"it has ended: {(self._folder / 'stderr').read_text()[-2000:]}")
        answer = json.loads(line)
        if "error" in answer:
            raise ClickHouseError(f"{answer['error']}\n{sql}")
        return list(answer["rows"])
