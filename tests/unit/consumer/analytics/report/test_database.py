"""DuckDB, as a report opens it."""

from pathlib import Path

from consumer.analytics.report.database import opened


def test_no_progress_bar_is_drawn(tmp_path: Path) -> None:
    """DuckDB draws none into what is printed, not even in a Python without a main file, where it does by default."""
    with opened([], tmp_path) as connection:
        assert [(False,)] == connection.execute("select current_setting('enable_progress_bar')").fetchall()
