"""Runs what docs/report.md shows for an engine in a shell, and reads the tables that it prints."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from broker.java import find_java
from consumer.analytics.report.answers import Cell
from tests.engines.environment import ENGINES

_NULLS: Final = ("NULL", "\\N")
_OF_SPARK: Final = "Response code"
"""What Spark heads the answer of a statement with that asks nothing."""
_SMALL: Final = """\
spark.master                        local[2]
spark.ui.enabled                    false
spark.ui.showConsoleProgress        false
spark.sql.shuffle.partitions        1
spark.sql.adaptive.enabled          false
spark.sql.codegen.wholeStage        false
spark.sql.codegen.factoryMode       NO_CODEGEN
spark.driver.extraJavaOptions       -XX:+UseSerialGC -XX:TieredStopAtLevel=1
spark.driver.host                   127.0.0.1
spark.driver.bindAddress            127.0.0.1
spark.sql.cli.print.header          true
"""
"""Spark computes little here and plans much: what only pays with many rows is off. Answers begin with their columns."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows below a line of columns, as texts."""

    rows: Sequence[Sequence[str]]

    def like(self, rows: Sequence[Sequence[Cell]]) -> list[tuple[object, ...]]:
        """The cells with the types of another engine's."""
        return [tuple(map(_like, expected, found)) for expected, found in zip(rows, self.rows, strict=True)]


def answers(commands: str, folder: Path, columns: Sequence[Sequence[str]]) -> list[Answer]:
    """What the commands print, run in a folder: for each question the rows below its columns, in this order.

    Raises:
        AssertionError: a command fails, or the columns of a question are not there.
    """
    done = subprocess.run(
        ["bash", "-euc", commands], cwd=folder, env=_environment(folder), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stderr[-6000:]}"
    return list(_tables(done.stdout.splitlines(), columns))


def _tables(lines: Sequence[str], columns: Sequence[Sequence[str]]) -> Iterator[Answer]:
    """The lines from each question's columns up to the next one's."""
    begins: list[int] = []
    for names in columns:
        head = "\t".join(names)
        after = begins[-1] + 1 if begins else 0
        assert head in lines[after:], f"no answer has the columns {head!r}:\n" + "\n".join(lines[after:][:20])
        begins.append(lines.index(head, after))
    for begin, end in zip(begins, [*begins[1:], len(lines)], strict=True):
        yield Answer([line.split("\t") for line in lines[begin + 1 : end] if line != _OF_SPARK])


def _like(expected: Cell, found: str) -> object:
    """A cell of the type that is expected, if it holds anything."""
    if found in _NULLS:
        return None
    match expected:
        case bool():
            return found == "true"
        case int() | float():
            return float(found)
        case datetime():
            return datetime.fromisoformat(found)
        case date():
            return date.fromisoformat(found)
        case _:
            return found.replace("\\'", "'")


def _environment(folder: Path) -> dict[str, str]:
    """The engines' commands before ours, the Java that the broker has, and Spark's settings in a file of its own."""
    settings = folder / "spark" / "spark-defaults.conf"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(_SMALL, "utf-8")
    programs = [str(ENGINES.python.parent), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    home = str(Path(find_java(os.environ)).resolve().parents[1])
    foreign = ("PYTHONPATH", "SPARK_HOME")
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    places = {"JAVA_HOME": home, "SPARK_CONF_DIR": str(settings.parent), "SPARK_LOCAL_IP": "127.0.0.1"}
    return {**kept, **places, "PATH": os.pathsep.join(programs), "TZ": "UTC"}
