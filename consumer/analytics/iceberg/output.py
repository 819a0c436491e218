"""The table as the output of an export: files by the day of acceptance, committed by the thread that wrote them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
from pyiceberg.manifest import DataFile

from consumer.analytics.arrow import table_of
from consumer.analytics.decoding import NewerSchemaError
from consumer.analytics.files import FailedWriteError
from consumer.analytics.gaps import Gap, Progression
from consumer.analytics.iceberg.data_file import DayFile, remove
from consumer.analytics.iceberg.errors import line_of
from consumer.analytics.iceberg.maintenance import Maintenance
from consumer.analytics.iceberg.table import ExportTable
from consumer.analytics.output import FULL_BYTES
from consumer.log.record_batch import RecordBatch, day_of
from runtime.clock import Clock, SystemClock

_MOST_FILES: Final = 64
"""Of one snapshot of one thread: a topic with odd times has many days."""
_MOST_OPEN: Final = 4


@dataclass(frozen=True, slots=True)
class TableTarget:
    """A table, and when a snapshot of it is due."""

    table: ExportTable
    topic: str
    roll_s: float | None = None
    """The longest time that records are held back; None: no limit."""
    full_bytes: int = FULL_BYTES
    clock: Clock = field(default_factory=SystemClock)
    maintenance: Maintenance | None = None
    """What else is done while an export goes on."""


class TableWriter:
    """The partitions that one thread writes; what it holds back is committed as a whole."""

    def __init__(self, target: TableTarget, starts: Mapping[int, int], open_files: int) -> None:
        self._target = target
        self._open_files = open_files
        self._days: dict[int, DayFile] = {}
        self._finished: list[DataFile] = []
        self._finished_bytes = 0
        self._taken: dict[int, range] = {}
        self._since: float | None = None
        self._progress = {number: Progression(number, start) for number, start in starts.items()}
        self.records = 0
        self.files = 0

    @property
    def gaps(self) -> list[Gap]:
        """Offsets that the log no longer had."""
        return [gap for each in self._progress.values() for gap in each.gaps]

    def write(self, batch: RecordBatch) -> None:
        """Take records; commit if enough is held back.

        Raises:
            NewerSchemaError: one is of a newer release; all before it are taken.
            FailedWriteError, TableError: the storage or the catalog refused.
            UnfitTableError: another export has written to the table.
        """
        try:
            self._take(batch)
        except NewerSchemaError as error:
            self._take(batch.part(0, error.index))
            raise
        self._commit_if_old()
        open_bytes = sum(each.size for each in self._days.values())
        if self._finished_bytes + open_bytes >= self._target.full_bytes or len(self._finished) >= _MOST_FILES:
            self.close()

    def close(self) -> None:
        """Commit what is held back, in one snapshot."""
        while self._days:
            self._finish(next(iter(self._days)))
        if not self._taken:
            return
        files, taken = self._finished, self._taken
        self._finished, self._finished_bytes, self._taken, self._since = [], 0, {}, None
        self._target.table.append(files, taken)
        self.files += len(files)

    def close_if_old(self) -> None:
        """Commit what has been held back for as long as it may be; then the table's care may be due."""
        self._commit_if_old()
        if self._target.maintenance is not None and self._since is None:
            self._target.maintenance.run_if_due()

    def _commit_if_old(self) -> None:
        roll_s, since = self._target.roll_s, self._since
        if since is not None and roll_s is not None and self._target.clock.monotonic() - since >= roll_s:
            self.close()

    def abandon(self) -> None:
        """Leave what is not committed, and remove its files: on a full disk they take the room of others."""
        for each in self._days.values():
            each.abandon()
        for file in self._finished:  # `close` has let go of those that a commit may have named
            remove(self._target.table.place, file.file_path)
        self._days, self._finished, self._finished_bytes, self._taken, self._since = {}, [], 0, {}, None

    def _take(self, batch: RecordBatch) -> None:
        if not len(batch):
            return
        rows = table_of(batch)
        for day, part in _by_day(rows, batch):
            self._write(day, part)
        progress = self._progress.setdefault(batch.partition, Progression(batch.partition, 0))
        start = self._taken[batch.partition].start if batch.partition in self._taken else progress.next_offset
        progress.advance(batch)
        self._taken[batch.partition] = range(start, batch.next_offset)
        self.records += len(batch)
        if self._since is None:
            self._since = self._target.clock.monotonic()

    def _write(self, day: int, rows: Any) -> None:
        try:
            file = self._days.pop(day, None) or self._begin(day)
            self._days[day] = file  # the one that was written last stands last
            file.write(rows)
        except Exception as error:
            raise FailedWriteError(f"table {self._target.table.name}: {line_of(error)}") from error

    def _begin(self, day: int) -> DayFile:
        if len(self._days) >= _MOST_OPEN:
            self._finish(next(iter(self._days)))
        table = self._target.table
        return DayFile(table.place, table.file_schema, day, open_files=self._open_files)

    def _finish(self, day: int) -> None:
        try:
            file = self._days.pop(day).finish()
        except Exception as error:
            raise FailedWriteError(f"table {self._target.table.name}: {line_of(error)}") from error
        self._finished.append(file)
        self._finished_bytes += file.file_size_in_bytes


class TableOutput:
    """A table that is open, and knows what it holds."""

    def __init__(self, target: TableTarget) -> None:
        self._target = target

    @property
    def topic(self) -> str:
        """The topic whose records the table holds."""
        return self._target.topic

    def begin(self, starts: Mapping[int, int], open_files: int) -> TableWriter:
        """A writer of these partitions from these offsets on."""
        return TableWriter(self._target, starts, open_files)


def _by_day(rows: Any, batch: RecordBatch) -> list[tuple[int, Any]]:
    """The rows by the UTC day of acceptance, in order within each."""
    days = [day_of(ms) for ms in (min(batch.timestamps_ms), max(batch.timestamps_ms))]
    if days[0] == days[1]:
        return [(days[0], rows)]
    of_rows = pa.array([day_of(ms) for ms in batch.timestamps_ms], pa.int64())
    return [(day, rows.filter(pa.compute.equal(of_rows, day))) for day in sorted(set(of_rows.to_pylist()))]
