"""docs/report.md: the SQL it shows is what runs, and what it tells a reader to run by hand does."""

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from consumer.analytics.report.questions import ATTEMPT_QUESTIONS, ATTEMPT_RULES, QUESTIONS, RULES, sql_of
from consumer.analytics.report.script import AS_OF, ATTEMPTS_PREPARATION, PREPARATION
from tests.kit.parquet_rows import answers_of, row, undecodable, write_export
from tests.kit.paths import DOCS, ROOT

PAGE = (DOCS / "report.md").read_text("utf-8")
BLOCKS = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
ABOUT_ATTEMPTS = (ATTEMPTS_PREPARATION, *ATTEMPT_RULES, *(question.name for question in ATTEMPT_QUESTIONS))
NAMES = (PREPARATION, *RULES, *(question.name for question in QUESTIONS), *ABOUT_ATTEMPTS)
A, B, C = (f"sha256:{letter * 64}" for letter in "abc")

ROWS = [
    row("push", "index", tag="v1", digest=A, refs=[B]),
    row("pull", "index", tag="latest", digest=A, at=60),
    row("pull", "manifest", digest=B, at=61),
    row("delete", "tag", tag="v1", at=62),
    undecodable(at=63),
]


def by_hand(folder: Path, rows: list[dict[str, Any]]) -> duckdb.DuckDBPyConnection:
    """What the page says to run, run: its preparation, the rules, the moment from which it counts back."""
    connection = duckdb.connect(":memory:")
    [as_of] = [block for block in BLOCKS if block == AS_OF]
    connection.execute(sql_of(PREPARATION).replace("events/", f"{write_export(folder, rows)}/"))
    for rule in RULES:
        connection.execute(sql_of(rule))
    connection.execute(as_of)
    return connection


@pytest.mark.parametrize("name", NAMES)
def test_the_page_shows_the_sql_that_runs(name: str) -> None:
    """Each file stands in the page under its name, word for word: after a change of either, change the other."""
    assert f"`{name}.sql`\n\n```sql\n{sql_of(name)}```" in PAGE


def test_every_file_is_used_and_says_what_it_is() -> None:
    """No SQL lies about, and each begins with a comment."""
    folder = ROOT / "consumer" / "analytics" / "report" / "sql"
    assert sorted(NAMES) == sorted(path.stem for path in folder.iterdir())
    assert all(sql_of(name).startswith("-- ") for name in NAMES)


def test_the_questions_can_be_asked_by_hand(tmp_path: Path) -> None:
    """With nothing but DuckDB and the page; the answers are those of the command."""
    connection = by_hand(tmp_path / "by-hand", ROWS)
    expected = answers_of(tmp_path, ROWS, tag="latest")
    for question in QUESTIONS:
        found = connection.execute(sql_of(question.name))
        columns = [column[0] for column in found.description or ()]
        assert expected[question.name] == [dict(zip(columns, cells, strict=True)) for cells in found.fetchall()]


def test_the_table_of_current_tags(tmp_path: Path) -> None:
    """The last push of a tag stands; deletes of tag, manifest or repository take it away, a later push sets it."""
    rows = [
        row("push", "manifest", tag="moved", digest=A),
        row("push", "manifest", tag="moved", digest=B, at=1),
        row("push", "manifest", tag="untagged", digest=B, at=2),
        row("delete", "tag", tag="untagged", at=3),
        row("push", "manifest", tag="deleted", digest=C, at=4),
        row("delete", "unknown", digest=C, at=5),
        row("push", "manifest", tag="back", digest=A, at=6),
        row("delete", "tag", tag="back", at=7),
        row("push", "manifest", tag="back", digest=A, at=8),
        row("push", "manifest", tag="v1", digest=A, repository="gone", at=9),
        row("delete", "repository", repository="gone", at=10),
        row("pull", "manifest", tag="only-pulled", digest=A, at=11),
    ]
    connection = by_hand(tmp_path, rows)
    [block] = [block for block in BLOCKS if "current_tags" in block]
    connection.execute(block)
    found = connection.execute("select repository, tag, digest from current_tags order by tag").fetchall()
    assert [("team/app", "back", A), ("team/app", "moved", B)] == found
