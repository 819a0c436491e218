"""DuckDB, opened over the Parquet files of an export. Knows no question and no rule.

DuckDB comes with the extra `analytics`, so it is imported only when a report is made.
"""

import importlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from consumer.analytics.extra import ANALYTICS, how_to_install
from consumer.analytics.report.columns import ATTEMPT_COLUMNS, COLUMNS
from runtime.errors import BridgeError
from runtime.extras import ExtraMissingError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_INTERRUPTED: Final = "Query interrupted"
"""The text of DuckDB's error when a signal's handler raised; it drops the handler's exception."""


class InputError(BridgeError):
    """The input is not an export in Parquet."""

    exit_code: ClassVar[int] = 2


class QueryError(BridgeError):
    """DuckDB could not answer: no memory or room on the disk, or a file that cannot be read."""


def require_duckdb() -> None:
    """See that a report can be made at all.

    Raises:
        ExtraMissingError: DuckDB is not installed.
    """
    try:
        importlib.import_module("duckdb")
    except ImportError:
        needs = "report needs duckdb, which is not installed"
        raise ExtraMissingError(f"{needs}: {how_to_install(ANALYTICS)}") from None


def parquet_files(directory: Path) -> list[Path]:
    """The Parquet files below a directory, but for those still being written (hidden, or `_...`)."""
    return sorted(
        path
        for path in directory.rglob("*.parquet")
        if path.is_file() and not any(part.startswith((".", "_")) for part in path.relative_to(directory).parts)
    )


@contextmanager
def opened(files: Sequence[Path], scratch: Path, *, attempts: Sequence[Path] = ()) -> Iterator["DuckDBPyConnection"]:
    """A database in memory with the views `exported` and `exported_attempts` over these files.

    What does not fit goes to `scratch`. It installs and loads no extension, so that nothing is asked of a network, and
    draws no progress bar into what is printed. No files: an empty view.

    Raises:
        ExtraMissingError: DuckDB is not installed.
        InputError: a file is no Parquet, or columns are missing or of other types.
        QueryError: DuckDB failed within the `with`.
        KeyboardInterrupt: a signal ended a query.
    """
    require_duckdb()
    import duckdb  # noqa: PLC0415 - an extra, asked for just above

    options: dict[str, str | bool | int | float | list[str]] = {
        "temp_directory": str(scratch),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection = duckdb.connect(":memory:", config=options)
    try:
        try:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute("set enable_progress_bar = false")
            _expose(connection, "exported", files, COLUMNS)
            _expose(connection, "exported_attempts", attempts, ATTEMPT_COLUMNS)
        except duckdb.Error as error:
            raise InputError(_one_line(error)) from None
        yield connection
    except duckdb.Error as error:
        raise QueryError(f"DuckDB: {_one_line(error)}") from error
    except RuntimeError as error:
        if str(error) == _INTERRUPTED:
            raise KeyboardInterrupt from error
        raise
    finally:
        connection.close()


def _expose(connection: "DuckDBPyConnection", view: str, files: Sequence[Path], columns: Mapping[str, str]) -> None:
    if not files:
        nothing = ", ".join(f'null::{type_} as "{name}"' for name, type_ in columns.items())
        connection.execute(f"create view {view} as select {nothing} where false")
        return
    _see_that_they_are_paths(files)
    what = "an export" if columns is COLUMNS else "an export of attempts"
    read = connection.read_parquet([escape(str(file)) for file in files], hive_partitioning=False)
    found = dict(zip(read.columns, map(str, read.types), strict=True))
    for name, type_ in columns.items():
        if name not in found:
            raise InputError(f"{files[0].parent} is not {what} in Parquet: column {name} is missing")
        if found[name] not in (type_, _unquoted(type_)):
            raise InputError(f"{files[0].parent}: column {name} is {found[name]}, {what} has {type_}")
    read.create_view(view)


def _see_that_they_are_paths(files: Sequence[Path]) -> None:
    """An escaped path matches just itself, unless it has a backslash too, which DuckDB then takes for a separator."""
    for file in files:
        if "\\" in str(file) and escape(str(file)) != str(file):
            raise InputError(
                f"{file.parent}: DuckDB cannot read a path that has a \\ and any of * ? [ too; name the directory by a "
                "symbolic link without these"
            )


def _unquoted(type_: str) -> str:
    return type_.replace('"', "")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
