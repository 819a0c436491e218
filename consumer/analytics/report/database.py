"""DuckDB, opened over the Parquet files of an export. Knows no question and no rule.

DuckDB comes with the extra `analytics`, so it is imported only when a report is made.
"""

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from consumer.analytics.extra import ANALYTICS, how_to_install
from consumer.analytics.report.columns import COLUMNS
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
def opened(files: Sequence[Path], scratch: Path) -> Iterator["DuckDBPyConnection"]:
    """A database in memory with the view `exported` over these files; what does not fit goes to `scratch`.

    It installs and loads no extension, so that nothing is asked of a network. No files: an empty view.

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
            _expose(connection, files)
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


def _expose(connection: "DuckDBPyConnection", files: Sequence[Path]) -> None:
    if not files:
        nothing = ", ".join(f"null::{type_} as {name}" for name, type_ in COLUMNS.items())
        connection.execute(f"create view exported as select {nothing} where false")
        return
    exported = connection.read_parquet([str(file) for file in files], hive_partitioning=False)
    found = dict(zip(exported.columns, map(str, exported.types), strict=True))
    for name, type_ in COLUMNS.items():
        if name not in found:
            raise InputError(f"{files[0].parent} is not an export in Parquet: column {name} is missing")
        if found[name] not in (type_, _unquoted(type_)):
            raise InputError(f"{files[0].parent}: column {name} is {found[name]}, an export has {type_}")
    exported.create_view("exported")


def _unquoted(type_: str) -> str:
    return type_.replace('"', "")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
