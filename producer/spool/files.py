"""The spool's files as a process opens them, again and again if the disk fails: looked at, then opened."""

from pathlib import Path
from typing import Final

import structlog

from producer.spool.database import FILE, LOG, SpoolDatabase
from producer.spool.database_faults import WHAT_TO_DO
from producer.spool.database_file import is_ours, is_said_open
from producer.spool.directory import file_bytes
from producer.spool.errors import SpoolDamagedError, SpoolDiskError
from producer.spool.room import SpoolRoom
from producer.spool.write_ahead_log import LogState, state_of
from runtime.units import rounded_size

_log: Final = structlog.get_logger(__name__)


class SpoolFiles:
    """The files of one folder."""

    def __init__(self, folder: Path, room: SpoolRoom) -> None:
        """Opens nothing yet."""
        self._was_open = False
        self.folder: Final = folder
        self.room: Final = room

    def open(self) -> SpoolDatabase:
        """The open database; its rows are not verified, and nothing was written to it yet.

        The end of the log that does not verify is cut off, and a log line says so.

        Raises:
            SpoolDiskError: the disk fails.
            SpoolDamagedError: something before the end does not verify.
        """
        found = checked_files(self.folder)
        database = SpoolDatabase(self.folder, self.room)
        if found.tail_bytes and not self._was_open:  # else it is what our own write left that failed
            _log.warning(
                "spool.damaged_end_cut",
                folder=str(self.folder),
                bytes=found.tail_bytes,
                whole_writes=found.commits,
                reason="the last write was broken off; it was not answered unless the disk has changed it since",
            )
        self._was_open = True
        return database


def checked_files(folder: Path) -> LogState:
    """What the write-ahead log of a folder holds, while no database is open; nothing is changed.

    Raises:
        SpoolDiskError: the files cannot be read.
        SpoolDamagedError: they are no spool, the log is missing, or something before its end does not verify.
    """
    if not is_ours(folder / FILE):
        raise SpoolDamagedError(f"{folder / FILE} is not a spool of this version of registry-bridge; {WHAT_TO_DO}")
    try:
        with (folder / LOG).open("rb") as file:
            found = state_of(file)
    except FileNotFoundError:
        if is_said_open(folder / FILE):
            raise SpoolDamagedError(
                f"the spool in {folder} is damaged: {LOG} is missing, which held the events that were answered last; "
                "bring it back, or make an empty file of that name to go on without those events"
            ) from None
        return LogState()
    except OSError as error:
        raise SpoolDiskError(f"reading the log of the spool in {folder}: {error.strerror}") from error
    if found.is_damaged_within:
        raise SpoolDamagedError(
            f"the spool in {folder} is damaged: after {found.commits} whole writes, {LOG} has {_unreadable(found)}, "
            f"and events in them were answered; {WHAT_TO_DO}"
        )
    if found.commits and file_bytes(folder / FILE) == 0:
        raise SpoolDamagedError(
            f"the spool in {folder} is damaged: {FILE} is missing, though {LOG} is the log of one; {WHAT_TO_DO}"
        )
    return found


def _unreadable(found: LogState) -> str:
    if found.header_is_damaged:
        return "a header that does not verify before all others"
    return f"{found.tail_commits} that do not verify ({rounded_size(found.tail_bytes)})"
