"""The report as one file of SQL: what DuckDB answers to it is what the command answers."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from consumer.analytics.report.questions import QUESTIONS
from consumer.analytics.report.script import ScriptScope, script_of
from tests.kit.parquet_rows import answers_of, row, undecodable, write_export

A, B = (f"sha256:{letter * 64}" for letter in "ab")
ROWS = [
    row("push", "index", tag="it's", digest=A, refs=[B]),
    row("pull", "index", tag="it's", digest=A, at=60),
    row("pull", "manifest", digest=B, at=61),
    row("push", "manifest", tag=f"sha256-{'a' * 64}.sig", digest=B, at=62),
    row("delete", "tag", tag="v1", at=63),
    undecodable(at=64),
]


def answered(script: str) -> list[list[dict[str, Any]]]:
    """What each question of a script finds, in its order; whatever else it runs finds nothing."""
    connection = duckdb.connect(":memory:")
    found = []
    for statement in duckdb.extract_statements(script):
        result = connection.execute(statement)
        if statement.type == duckdb.StatementType.SELECT:
            columns = [column[0] for column in result.description or ()]
            found.append([dict(zip(columns, cells, strict=True)) for cells in result.fetchall()])
    return found


@pytest.mark.parametrize("everything", [False, True])
def test_the_file_answers_as_the_command_does(tmp_path: Path, *, everything: bool) -> None:
    """Every question, in the order of the report; with a tag and a directory that need quoting."""
    export = write_export(tmp_path / "o'clock", ROWS)
    expected = answers_of(tmp_path, ROWS, tag="it's", everything=everything)
    script = script_of(ScriptScope(directory=f"{export}/", tag="it's", everything=everything))
    assert [expected[question.name] for question in QUESTIONS] == answered(script)


def test_without_a_tag_nobody_pulls_it(tmp_path: Path) -> None:
    """The tag is null, and no sample of the file stays."""
    script = script_of(ScriptScope(directory=str(write_export(tmp_path, ROWS))))
    assert "set variable tag = null;" in script
    assert [] == answered(script)[1]
