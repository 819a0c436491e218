"""A spool's database file as it is on disk, without its log: looked at before SQLite may write to it.

SQLite takes a log that is missing for one that was empty. So the file says whether a process has it open: that is
written before the first event, and taken back when all is in the file and the log may go.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from producer.spool.database_faults import translated

APPLICATION: Final = 0x52455350
"""`RESP`: what kind of database it is, in its header."""
VERSION: Final = 1


class DatabaseFile(NamedTuple):
    """What the file says."""

    is_ours: bool = True
    """Whether it is a spool of this version, or empty."""
    is_open: bool = False
    """Whether a process has it open, or had when it ended: what it wrote last is in the log."""


def database_file(file: Path) -> DatabaseFile:
    """Read the file alone; nothing is written, and no file is made.

    Raises:
        SpoolDiskError: it cannot be read.
        SpoolDamagedError: it is no database, or not whole.
    """
    with translated("opening the spool", file.parent):
        if not file.exists():
            return DatabaseFile()
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            connection.text_factory = bytes  # damage can make a text of what is none
            if _value(connection, "SELECT count(*) FROM sqlite_schema") == 0:
                return DatabaseFile()
            kind = _value(connection, "PRAGMA application_id"), _value(connection, "PRAGMA user_version")
            if kind != (APPLICATION, VERSION):
                return DatabaseFile(is_ours=False)
            return DatabaseFile(is_open=_value(connection, "SELECT max(is_open) FROM span") == 1)


def _value(connection: sqlite3.Connection, statement: str) -> int | None:
    found: int | None = connection.execute(statement).fetchone()[0]
    return found
