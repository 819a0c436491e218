"""A spool's database file as it is on disk, without its log: looked at before SQLite may write to it.

SQLite takes a log that is missing for one that was empty. So the file says whether a process has it open: that is
written before the first event, and taken back when all is in the file and the log may go. With its log beside it the
file need not be whole: the log may have been written back in part when the disk was full. So only the header is looked
at then, which is described in SQLite's database file format (section 1.3).
"""

import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from typing import Final

from producer.spool.database_faults import translated
from producer.spool.room import PAGE_BYTES

APPLICATION: Final = 0x52455350
"""`RESP`: what kind of database it is, in its header."""
VERSION: Final = 1
_HEADER: Final = struct.Struct(">16s44xI4xI28x")
_MAGIC: Final = b"SQLite format 3\0"


def is_ours(file: Path) -> bool:
    """Whether it is a spool of this version, or nothing yet.

    Raises:
        SpoolDiskError: it cannot be read.
    """
    with translated("opening the spool", file.parent):
        if not file.exists():
            return True
        with file.open("rb") as opened:
            start = opened.read(_HEADER.size)
        if not start:
            return True
        magic, version, application = _HEADER.unpack(start.ljust(_HEADER.size, b"\0"))
        is_empty = file.stat().st_size <= PAGE_BYTES and (version, application) == (0, 0)
        return magic == _MAGIC and (is_empty or (version, application) == (VERSION, APPLICATION))


def is_said_open(file: Path) -> bool:
    """Whether a process has it open, or had when it ended: what it wrote last is in a log.

    Raises:
        SpoolDiskError: it cannot be read.
        SpoolDamagedError: it is not whole.
    """
    with translated("opening the spool", file.parent):
        if not file.exists():
            return False
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
                return False
            return bool(connection.execute("SELECT max(is_open) FROM span").fetchone()[0])
