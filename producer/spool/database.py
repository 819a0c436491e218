"""The rows of a spool on disk: one SQLite database in WAL mode, every commit on disk before it returns.

For one thread at a time, which alone has the connection. The rows are those from `first` to before `next`, without a
gap: appended at the end, removed at the beginning. A row of its own says which they are, in the same transaction, so a
row that is missing is noticed wherever it stood.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from producer.spool.amount import SpoolAmount, SpoolSpan
from producer.spool.database_faults import damaged, translated
from producer.spool.database_file import APPLICATION, VERSION
from producer.spool.directory import file_bytes, make_file
from producer.spool.errors import SpoolDiskError, SpoolError, SpoolFullError
from producer.spool.file_place import FilePlace
from producer.spool.reserve import DiskReserve
from producer.spool.room import CHECKPOINT_BYTES, PAGE_BYTES, SpoolRoom
from producer.spool.spooled_record import RowDraft, SpoolRow

FILE: Final = "spool.db"
LOG: Final = f"{FILE}-wal"
_PROGRESS_EVERY: Final = 1000
_MAKING: Final = f"PRAGMA page_size = {PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL;"
"""What a file must be told before anything is in it."""
_OPENING: Final = f"""
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA secure_delete = OFF;
PRAGMA fullfsync = ON;
PRAGMA checkpoint_fullfsync = ON;
PRAGMA cell_size_check = ON;
PRAGMA wal_autocheckpoint = {CHECKPOINT_BYTES // PAGE_BYTES};
PRAGMA journal_size_limit = {CHECKPOINT_BYTES};
"""
_TABLES: Final = (
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
    "CREATE TABLE record (seq INTEGER PRIMARY KEY, accepted_ms INTEGER NOT NULL, content BLOB NOT NULL, checksum BLOB)",
    "CREATE TABLE span (first INTEGER NOT NULL, next INTEGER NOT NULL, is_open INTEGER NOT NULL)",
    "CREATE TABLE trial (content BLOB NOT NULL)",
    "INSERT INTO span VALUES (1, 1, 0)",
)


class SpoolDatabase:
    """The open database of a spool's folder."""

    def __init__(self, folder: Path, room: SpoolRoom) -> None:
        """Opens it, and makes it if it is not there; the rows are not verified yet.

        Raises:
            SpoolDiskError: the disk fails.
            SpoolDamagedError: it is no spool, or not whole.
        """
        self._files = (folder / FILE, folder / LOG)
        self._reserve = DiskReserve(folder)
        self._room = room
        self._folder = folder
        with translated("opening the spool", folder):
            make_file(self._files[0])
            self._connection = sqlite3.connect(self._files[0], isolation_level=None)
            self._connection.text_factory = bytes  # damage can make a text of what is none
            self._is_said_open = True  # unless the file says otherwise
            try:
                self._open()
            except BaseException:
                self.close()
                raise
        self.place: Final = FilePlace(*self._files)

    def _open(self) -> None:
        if file_bytes(*self._files) == 0:
            self._connection.executescript(_MAKING)
        self._connection.executescript(_OPENING)
        if (mode := self._value("PRAGMA journal_mode")) != b"wal":
            raise SpoolDiskError(f"opening the spool in {self._folder}: SQLite offers journal mode {mode}, and not wal")
        if self._value("SELECT count(*) FROM sqlite_schema") == 0:
            with self._transaction("making the spool"):
                for statement in _TABLES:
                    self._connection.execute(statement)
        self._limit()
        self.span = self._read_span()

    def verify(self, advanced: Callable[[int], None]) -> None:
        """Read everything once; `advanced` is told now and then how many rows were read.

        Raises:
            SpoolDiskError: the disk fails.
            SpoolDamagedError: something is not as it was written.
        """
        with translated("verifying the spool", self._folder):
            found = self._value("PRAGMA quick_check(1)").decode()
            if found != "ok":
                raise damaged(self._folder, found.splitlines()[-1])
            expected = self.span.first
            for row in self._rows(0):
                self._check(row, expected)
                expected += 1
                if expected % _PROGRESS_EVERY == 0:
                    advanced(expected - self.span.first)
            if expected != self.span.next:
                raise damaged(self._folder, f"events {expected} to {self.span.next - 1} are missing")

    def append(self, groups: Sequence[Sequence[RowDraft]]) -> None:
        """Add rows behind the last one, all or none; on disk when it returns.

        Raises:
            SpoolFullError: there is no room for them.
            SpoolDiskError: the disk fails; whether they are on it is not known.
        """
        seq = self.span.next
        with self._transaction("writing to the spool"):
            for drafts in groups:
                rows = (draft.at(seq + at) for at, draft in enumerate(drafts))
                self._connection.executemany("INSERT INTO record VALUES (?, ?, ?, ?)", rows)
                seq += len(drafts)
            self._connection.execute("UPDATE span SET next = ?", (seq,))
        self.span = SpoolSpan(self.span.first, seq)

    def read(self, after: int, *, most: int, most_bytes: int) -> list[SpoolRow]:
        """The first rows after a place: at most so many, and so many bytes, but at least one if there is one.

        Raises:
            SpoolDiskError: the disk fails.
            SpoolDamagedError: one is not as it was written.
        """
        found: list[SpoolRow] = []
        size = 0
        with translated("reading the spool", self._folder):
            for row in self._rows(after):
                size += len(row.content)
                if found and (len(found) == most or size > most_bytes):
                    break
                self._check(row, max(self.span.first, after + 1) + len(found))
                found.append(row)
        return found

    def remove_to(self, seq: int) -> int:
        """Remove the rows up to this one, and say how many; the last one gives the disk its room back.

        Raises:
            SpoolDiskError: the disk fails.
        """
        before, span = self.span.records, self._span_after(seq)
        if span == self.span:
            return 0
        try:
            self._remove_to(seq, span)
        except SpoolFullError:
            if not self._reserve.release():
                raise
            self._remove_to(seq, span)
        self.span = span
        if span.records == 0:
            with suppress(SpoolFullError):  # the rows are removed, and their room is used again
                self._give_back()
        return before - span.records

    def _give_back(self) -> None:
        with translated("giving back the room of the spool", self._folder):
            self._connection.executescript("PRAGMA incremental_vacuum")  # which `execute` would do for one page only
            self._begin_log_anew()
            self._limit()
        self._reserve.keep()

    def _remove_to(self, seq: int, span: SpoolSpan) -> None:
        with self._transaction("removing events from the spool"):
            self._connection.execute("DELETE FROM record WHERE seq <= ?", (seq,))
            self._connection.execute("UPDATE span SET first = ?", (span.first,))

    def _span_after(self, seq: int) -> SpoolSpan:
        return SpoolSpan(min(max(self.span.first, seq + 1), self.span.next), self.span.next)

    def remove_from(self, seq: int) -> None:
        """Remove the rows from this one on: of writes that failed and all the same came to be on disk.

        Raises:
            SpoolDiskError: the disk fails.
        """
        with self._transaction("removing unanswered events from the spool"):
            self._connection.execute("DELETE FROM record WHERE seq >= ?", (seq,))
            self._connection.execute("UPDATE span SET next = ?", (seq,))
        self.span = SpoolSpan(self.span.first, seq)

    def try_to_write(self, size: int) -> None:
        """Write the log back, then so many bytes, and take them away again: whether the disk works and has room.

        What a failed fsync left in the log may be in the system's cache alone: so the log begins anew. The file says
        from then on that it is open: rows may be appended, which are in the log alone.

        Raises:
            SpoolDiskError: it does not.
            SpoolFullError: the spool has reached its own limit.
        """
        self._say_open(is_open=True)
        with translated("writing the log of the spool back", self._folder):
            self._begin_log_anew()
        with self._transaction("trying to write to the spool"):
            self._connection.execute("INSERT INTO trial VALUES (zeroblob(?))", (size,))
        with self._transaction("trying to write to the spool"):
            self._connection.execute("DELETE FROM trial")
        self._reserve.keep()

    def amount(self) -> SpoolAmount:
        """How much it holds.

        Raises:
            SpoolDiskError: the disk fails.
        """
        with translated("reading the spool", self._folder):
            used = self._value("PRAGMA page_count") - self._value("PRAGMA freelist_count")
            oldest_ms = self._connection.execute("SELECT accepted_ms FROM record ORDER BY seq LIMIT 1").fetchone()
            return SpoolAmount(
                self.span.records,
                used * PAGE_BYTES,
                file_bytes(*self._files, self._reserve.file),
                oldest_ms[0] if oldest_ms else None,
            )

    def close(self) -> None:
        """Close it, quietly: what is on disk is whole, whatever happens now."""
        with suppress(SpoolError):
            self._say_open(is_open=False)
        with suppress(sqlite3.Error):
            self._connection.close()
        if self._is_said_open:
            with suppress(OSError):
                make_file(self._files[1])  # which SQLite has removed, and the next process would miss

    def _say_open(self, *, is_open: bool) -> None:
        """Let the file say whether it is open; it does when the log is written back next."""
        if is_open != self._is_said_open:
            with self._transaction("opening the spool" if is_open else "closing the spool"):
                self._connection.execute("UPDATE span SET is_open = ?", (is_open,))
            self._is_said_open = is_open

    def _rows(self, after: int) -> Iterator[SpoolRow]:
        found = self._connection.execute("SELECT * FROM record WHERE seq > ? ORDER BY seq", (after,))
        try:
            yield from map(SpoolRow._make, found)
        finally:
            found.close()

    def _check(self, row: SpoolRow, expected: int) -> None:
        if row.seq != expected:
            raise damaged(self._folder, f"event {expected} is missing")
        if not row.is_whole:
            raise damaged(self._folder, f"event {row.seq} is not as it was written")

    def _read_span(self) -> SpoolSpan:
        found = self._connection.execute("SELECT first, next, is_open FROM span").fetchall()
        if len(found) != 1 or not 1 <= found[0][0] <= found[0][1]:
            raise damaged(self._folder, "it does not say which events it holds")
        *span, self._is_said_open = found[0]
        return SpoolSpan(*span)

    def _limit(self) -> None:
        """Bound the pages; the bound is not below what there is, so one that was lowered is set again and again."""
        self._value(f"PRAGMA max_page_count = {self._room.pages}")

    def _begin_log_anew(self) -> None:
        """Write the log back. It keeps its blocks if they are few: so rows can be removed from a disk that is full."""
        is_large = file_bytes(self._files[1]) > 2 * CHECKPOINT_BYTES
        is_blocked, _, _ = self._connection.execute(
            f"PRAGMA wal_checkpoint({'TRUNCATE' if is_large else 'RESTART'})"
        ).fetchone()
        if is_blocked:
            raise SpoolDiskError(f"writing the log of the spool back in {self._folder}: the database is in use")

    def _value(self, statement: str) -> Any:
        return self._connection.execute(statement).fetchone()[0]

    @contextmanager
    def _transaction(self, doing: str) -> Iterator[None]:
        with translated(doing, self._folder):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise
