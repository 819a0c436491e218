"""Spools for tests: folders, rows, a disk that fails when it is told to."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from producer.spool.database import LOG, SpoolDatabase
from producer.spool.errors import SpoolDiskError, SpoolFullError
from producer.spool.files import SpoolFiles
from producer.spool.room import SpoolRoom
from producer.spool.spooled_record import RowDraft

ROOM = SpoolRoom(64 * 2**20, 2**20)
SMALL = SpoolRoom(16 * 2**20, 2**20)


def drafts(first: int, last: int, size: int = 100) -> list[RowDraft]:
    """Rows whose content begins with their number."""
    return [RowDraft(1000 + number, str(number).encode().ljust(size, b".")) for number in range(first, last + 1)]


def numbers(database: SpoolDatabase) -> list[int]:
    """The numbers of all rows that are there."""
    rows = database.read(0, most=10**9, most_bytes=10**9)
    return [int(row.content.rstrip(b".")) for row in rows]


def opened(folder: Path) -> SpoolDatabase:
    """The verified database of a folder."""
    database = SpoolFiles(folder, ROOM).open()
    database.verify(lambda _: None)
    return database


def has_room(database: SpoolDatabase, rows: list[RowDraft]) -> bool:
    """Whether the rows were appended."""
    try:
        database.append([rows])
    except SpoolFullError as error:
        return str(error) != "the spool is full (intake.spool.max)"
    return True


def crashed(folder: Path, to: Path) -> Path:
    """A copy of the files of an open database: what a killed process leaves."""
    return Path(shutil.copytree(folder, to))


def log_of(folder: Path) -> Path:
    """The write-ahead log."""
    return folder / LOG


class FailingFiles:
    """Files whose disk fails in one of these ways while `fault` says so.

    Args:
        folder: of the spool.
        room: of the spool.
    """

    def __init__(self, folder: Path, room: SpoolRoom = ROOM) -> None:
        self._files = SpoolFiles(folder, room)
        self.room = room
        self.fault: Exception | None = None
        self.trials: list[int] = []

    def open(self) -> SpoolDatabase:
        """The database, or the fault."""
        if self.fault is not None:
            raise self.fault
        self._files.open().close()
        return FailingDatabase(self)


class FailingDatabase(SpoolDatabase):
    """A database that raises its files' fault at the end of an append, when the rows are on disk."""

    def __init__(self, files: FailingFiles) -> None:
        super().__init__(files._files.folder, files.room)
        self._source = files

    def try_to_write(self, size: int) -> None:
        """As ever, and keep how much."""
        self._source.trials.append(size)
        super().try_to_write(size)

    def append(self, groups: Sequence[Sequence[RowDraft]]) -> None:
        """As ever, and then the fault."""
        super().append(groups)
        if self._source.fault is not None:
            raise self._source.fault


def disk_fault(text: str = "no space left") -> SpoolDiskError:
    """What a disk says."""
    return SpoolDiskError(text)
