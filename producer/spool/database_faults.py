"""SQLite's errors and the system's in our words: a disk that fails, a limit that is reached, files that are damaged."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from producer.spool.directory import free_bytes
from producer.spool.errors import SpoolDamagedError, SpoolDiskError, SpoolError, SpoolFullError
from producer.spool.room import CHECKPOINT_BYTES

_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_TOOBIG})
WHAT_TO_DO: Final = (
    "no event was removed: bring back a copy of the whole folder, or move the folder away (what it holds is then not "
    "delivered) and start again"
)


@contextmanager
def translated(doing: str, folder: Path) -> Iterator[None]:
    """SQLite's errors and the system's in our words.

    Raises:
        SpoolDiskError, SpoolFullError, SpoolDamagedError: instead.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _fault_of(error, doing, folder) from error
    except OSError as error:
        raise SpoolDiskError(f"{doing} in {folder}: {error.strerror or error}") from error


def _fault_of(error: sqlite3.DatabaseError, doing: str, folder: Path) -> SpoolError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in _DAMAGE:
        return damaged(folder, str(error))
    if code == sqlite3.SQLITE_FULL:
        return SpoolFullError(
            "the spool is full (intake.spool.max)" if _has_room(folder) else f"no space left on the disk of {folder}"
        )
    name = getattr(error, "sqlite_errorname", "")
    return SpoolDiskError(f"{doing} in {folder}: {error}{f' ({name})' if name else ''}")


def _has_room(folder: Path) -> bool:
    """Whether SQLite's "full" is that of its own limit: both have one code."""
    with suppress(OSError):
        return free_bytes(folder) > CHECKPOINT_BYTES
    return False


def damaged(folder: Path, why: str) -> SpoolDamagedError:
    """What an operator reads of files that are not as they were written."""
    return SpoolDamagedError(f"the spool in {folder} is damaged: {why}; {WHAT_TO_DO}")
