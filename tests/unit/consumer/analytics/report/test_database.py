"""DuckDB, as a report opens it."""

from pathlib import Path

import pytest

from consumer.analytics.report.database import InputError, opened, parquet_files
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


@pytest.mark.parametrize("name", ["d\\e[1]", "d\\e*", "d\\e?"])
def test_a_directory_that_duckdb_cannot_read(tmp_path: Path, name: str) -> None:
    """It is refused with a way out: by a symbolic link its files are read."""
    meant = write_export(tmp_path / name, [row("push", "manifest", tag="meant")])
    with (
        pytest.raises(InputError, match=r"^/.*: DuckDB cannot read a path .* symbolic link"),
        opened(parquet_files(meant), tmp_path),
    ):
        pass
    link = tmp_path / "link"
    link.symlink_to(meant)
    with opened(parquet_files(link), tmp_path) as connection:
        assert [("meant",)] == connection.execute("select tag from exported").fetchall()
