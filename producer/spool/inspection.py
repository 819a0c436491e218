"""A look at a spool that no intake has: how many events it holds. It writes nothing to the database."""

import sqlite3
from contextlib import closing
from pathlib import Path

from producer.spool.database import FILE
from producer.spool.database_faults import damaged, translated
from producer.spool.files import checked_files
from producer.spool.lock import FolderLock


def held_events(folder: Path) -> int:
    """How many events the spool in a folder holds; their rows are not verified.

    Raises:
        SpoolLockedError: an intake has it.
        SpoolDiskError: it cannot be read.
        SpoolDamagedError: it is not whole.
    """
    file = folder / FILE
    with translated("looking at the spool", folder), FolderLock(folder):
        checked_files(folder)
        if not file.exists() or file.stat().st_size == 0:
            return 0
        try:
            with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
                found = connection.execute("SELECT next - first FROM span").fetchone()
        finally:
            Path(f"{file}-shm").unlink(missing_ok=True)  # which reading makes, and an intake does not have
    if found is None:
        raise damaged(folder, "it does not say which events it holds")
    return int(found[0])
