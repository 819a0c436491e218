"""Compaction: the small files of a day become few large ones, in one snapshot with the same rows and offsets."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import pyarrow as pa
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan, schema_to_pyarrow
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask, Table

from consumer.analytics.iceberg.data_file import DayFile, remove
from consumer.analytics.iceberg.errors import told
from consumer.analytics.iceberg.table import ExportTable
from consumer.analytics.output import FULL_BYTES

_SMALL_BYTES: Final = FULL_BYTES // 2
_FEWEST: Final = 2
_FEWEST_OF_TODAY: Final = 32
"""Today's files still become more: rewriting them pays only for many at once."""
_EPOCH: Final = date(1970, 1, 1)


@dataclass(slots=True)
class CompactionSummary:
    """Counts of one compaction."""

    days: int = 0
    before: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A data file, as far as it matters here."""

    day: int
    size: int
    has_deletes: bool


def due_days(files: Sequence[FileFacts], today: int, small_bytes: int = _SMALL_BYTES) -> dict[int, list[int]]:
    """The days that are worth a compaction, with the indexes of their small files.

    A day with rows that another engine marked as deleted is left to that engine.
    """
    left_out = {file.day for file in files if file.has_deletes}
    small: dict[int, list[int]] = {}
    for index, file in enumerate(files):
        if file.size < small_bytes and file.day not in left_out:
            small.setdefault(file.day, []).append(index)
    return {
        day: indexes
        for day, indexes in sorted(small.items())
        if len(indexes) >= (_FEWEST if day < today else _FEWEST_OF_TODAY)
    }


def compact(target: ExportTable, today: int, *, full_bytes: int = FULL_BYTES) -> CompactionSummary:
    """Compact each day that is worth it; `today` in days since the epoch.

    Raises:
        TableError: the catalog or the storage refused; the days before are done.
    """
    summary = CompactionSummary()
    given_up: set[int] = set()
    while (day := _compact_all_but(given_up, target, today, summary, full_bytes)) is not None:
        given_up.add(day)
    return summary


def _compact_all_but(
    given_up: Collection[int], target: ExportTable, today: int, summary: CompactionSummary, full_bytes: int
) -> int | None:
    """Compact the days one after the other; a day during which more than appends came is returned, and ends it."""
    table = target.refresh()
    with told(f"table {target.name}"):
        tasks = [task for task in table.scan().plan_files() if task.file.spec_id == table.spec().spec_id]
    facts = [FileFacts(_day(task.file), task.file.file_size_in_bytes, bool(task.delete_files)) for task in tasks]
    for day, indexes in due_days(facts, today).items():
        if day in given_up:
            continue
        with told(f"table {target.name}"):
            old = [tasks[index] for index in indexes]
            new = _rewritten(table, day, old, full_bytes)
            done = target.rewrite(table, [task.file for task in old], new)
        if done is None:
            _remove(table, new)
            return day
        table = done  # what comes next is planned on what this left
        summary.days += 1
        summary.before += len(old)
        summary.after += len(new)
    return None


def _rewritten(table: Table, day: int, old: Sequence[FileScanTask], full_bytes: int) -> list[DataFile]:
    """All columns of the table, those too that an export does not know."""
    schema = schema_to_pyarrow(table.schema())
    new: list[DataFile] = []
    file: DayFile | None = None
    try:
        for rows in _rows(table, old):
            file = file or DayFile(table, schema, day, open_files=1)
            file.write(rows)
            if file.size >= full_bytes:
                full, file = file, None
                new.append(full.finish())
        if file is not None:
            last, file = file, None
            new.append(last.finish())
    except BaseException:
        if file is not None:
            file.abandon()
        _remove(table, new)
        raise
    return new


def _rows(table: Table, old: Iterable[FileScanTask]) -> Iterator[Any]:
    scan = ArrowScan(table.metadata, table.io, table.schema(), AlwaysTrue())
    for task in old:  # one after the other: the scan reads all that it is given at once
        for batch in scan.to_record_batches([task]):
            yield pa.Table.from_batches([batch])


def _remove(table: Table, files: Iterable[DataFile]) -> None:
    for file in files:
        remove(table, file.file_path)


def _day(file: DataFile) -> int:
    day = file.partition[0]
    return (day - _EPOCH).days if isinstance(day, date) else int(day)
