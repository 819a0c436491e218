"""Runs a report's SQL in an engine and reads what it answers."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from consumer.analytics.report.answers import Cell
from tests.engines.clickhouse import ClickHouse
from tests.engines.environment import ENGINES

_PROGRAM: Final = Path(__file__).with_name("program.py")


@dataclass(frozen=True, slots=True)
class Answer:
    """Columns, empty where the engine does not say them, and rows as they came through JSON."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]

    def like(self, rows: Sequence[Sequence[Cell]]) -> list[tuple[object, ...]]:
        """The rows with numbers and times as those of another engine's rows."""
        return [tuple(map(_like, expected, found)) for expected, found in zip(rows, self.rows, strict=True)]


def _like(expected: Cell, found: object) -> object:
    """A cell: 64-bit numbers come as text from some, times from all."""
    match expected:
        case bool():
            return bool(found)
        case int() | float():
            return float(str(found))
        case datetime():
            return datetime.fromisoformat(str(found))
        case date():
            return date.fromisoformat(str(found))
        case _:
            return found


def answers_of_spark(script: str, folder: Path) -> list[Answer]:
    """What Spark answers to each query of a script."""
    environment = os.environ | {"TZ": "UTC", "SPARK_LOCAL_IP": "127.0.0.1"}
    with (folder / "stderr").open("wb") as log:
        done = subprocess.run(
            [str(ENGINES.python), str(_PROGRAM), str(folder / "warehouse")],
            input=json.dumps(list(_statements(script))),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment,
            check=False,
        )
    assert 0 == done.returncode, (folder / "stderr").read_text("utf-8")[-3000:]
    return [Answer(**json.loads(line)) for line in done.stdout.splitlines()]


def answers_of_clickhouse(script: str, folder: Path) -> list[Answer]:
    """What ClickHouse answers to each query of a script."""
    with ClickHouse(folder) as engine:
        found = [(statement, engine.rows(statement)) for statement in _statements(script)]
    return [Answer((), rows) for statement, rows in found if statement.upper().startswith(("SELECT", "WITH"))]


def _statements(script: str) -> Iterator[str]:
    """Each statement without the comment before it."""
    for part in script.split(";\n"):
        statement = "\n".join(line for line in part.splitlines() if not line.startswith("--")).strip()
        if statement:
            yield statement
