"""DuckDB, as a report opens it."""

from pathlib import Path

import pytest

from consumer.analytics.report.database import opened, parquet_files
from tests.kit.parquet_rows import row, write_export


def test_no_progress_bar_is_drawn(tmp_path: Path) -> None:
    """DuckDB draws none into what is printed, not even in a Python without a main file, where it does by default."""
    with opened([], tmp_path) as connection:
        assert [(False,)] == connection.execute("select current_setting('enable_progress_bar')").fetchall()


@pytest.mark.parametrize("name", ["br[1]", "br[12]", "br?", "br*", "b{r,}1", "br\\1"])
def test_a_directory_is_no_pattern(tmp_path: Path, name: str) -> None:
    """Whatever its name: DuckDB takes a path for a pattern, and would read the files of the directory beside it."""
    write_export(tmp_path / "br1", [row("push", "manifest", tag="beside")])
    meant = write_export(tmp_path / name, [row("push", "manifest", tag="meant")])
    with opened(parquet_files(meant), tmp_path) as connection:
        assert [("meant",)] == connection.execute("select tag from exported").fetchall()
