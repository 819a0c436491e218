"""The table of the engines' last run: `make test-engines` writes it."""

import re
from datetime import date
from pathlib import Path

import pytest

from tests.engines.recorded import PAGE, Reading, record

MARKED = "before\n\n<!-- written by `make test-engines` -->\n\n{}\n<!-- end of it -->\n\nbehind\n"
HEAD = "| reader | version | read | last run |\n|---|---|---|---|\n"
EARLIER = "| b | 1 | all | 2026-01-01 |\n"


def test_a_run_replaces_the_rows_of_its_readers(tmp_path: Path) -> None:
    """A row of the same reader is written again, one of another reader stays, and so does the page around them."""
    page = tmp_path / "page.md"
    page.write_text(MARKED.format(HEAD + EARLIER + "| c | 1 | all | 2026-01-01 |\n"))
    record({"c": Reading("c", "2", "some"), "a": Reading("a", "1", "all")}, date(2026, 2, 3), page)
    rows = ["| a | 1 | all | 2026-02-03 |\n", EARLIER, "| c | 2 | some | 2026-02-03 |\n"]
    assert MARKED.format(HEAD + "".join(rows)) == page.read_text()


def test_a_page_without_the_table_is_refused(tmp_path: Path) -> None:
    """Nothing is written where the marks are missing."""
    page = tmp_path / "page.md"
    page.write_text("before\n")
    with pytest.raises(AssertionError, match=r"has no table between its marks"):
        record({}, date(2026, 2, 3), page)


def test_every_page_has_a_row() -> None:
    """Each page of docs/engines has a row of the table that leads to it, and no row leads elsewhere."""
    rows = re.findall(r"^\| \[[^\]]+\]\((engines/[a-z-]+\.md)\)", PAGE.read_text("utf-8"), re.MULTILINE)
    assert set(rows) == {f"engines/{page.name}" for page in (PAGE.parent / "engines").glob("*.md")}
