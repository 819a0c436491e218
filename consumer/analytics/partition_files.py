"""One partition's files, one after the other: when a file ends, and which offsets the log no longer had.

Each file is written under another name and gets its own only when it is whole.
"""

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from consumer.analytics.decoding import NewerSchemaError
from consumer.analytics.files import FailedWriteError, NamedFile, directory_of, file_name, unfinished_name
from consumer.analytics.formats import ExportFormat, Rows
from consumer.analytics.gaps import Gap, Progression
from consumer.analytics.output import FULL_BYTES
from consumer.analytics.storage import Storage
from consumer.log.record_batch import DAY_MS, RecordBatch, day_of
from runtime.clock import Clock, SystemClock


@dataclass(frozen=True, slots=True)
class ExportTarget:
    """The storage and the format of files."""

    storage: Storage
    topic: str
    format_name: str
    opened: ExportFormat
    roll_s: float | None = None
    """The longest time of acceptance, and of being written, that a file covers, in seconds; None: no limit."""
    full_bytes: int = FULL_BYTES
    clock: Clock = field(default_factory=SystemClock)
    awaited: Mapping[int, NamedFile] = field(default_factory=dict)
    """Files that an earlier run announced, by partition: each is written with just these offsets, or not at all."""


@dataclass(frozen=True, slots=True)
class _Limits:
    """Where a file belongs, and where it ends."""

    directory: str
    ends_ms: float
    """A record accepted then or later begins the next file."""
    ends_offset: float
    """So does a record with this offset or a higher one."""
    awaited: NamedFile | None = None


@dataclass(slots=True)
class _Open:
    """The file that is being written."""

    path: Path
    rows: Rows
    limits: _Limits
    first: int
    since: float
    last: int = -1
    records: int = 0


class PartitionFiles:
    """Takes a partition's records in order."""

    def __init__(self, target: ExportTarget, partition: int, next_offset: int, *, open_files: int = 1) -> None:
        """No file yet; `next_offset` is the first that is expected."""
        self._target = target
        self._partition = partition
        self._open_files = open_files
        self._file: _Open | None = None
        self._progression = Progression(partition, next_offset)
        self.records = 0
        self.files = 0

    @property
    def gaps(self) -> list[Gap]:
        """Offsets that the log no longer had."""
        return self._progression.gaps

    def write(self, batch: RecordBatch) -> None:
        """Take records.

        Raises:
            NewerSchemaError: one is of a newer release; all before it are taken.
            FailedWriteError: the output refused.
        """
        while len(batch):
            file = self._file or self._begin(batch)
            cut = _first_beyond(batch, file)
            try:
                self._take(file, batch.part(0, cut))
            except NewerSchemaError as error:
                self._take(file, batch.part(0, error.index))
                raise
            if cut < len(batch) or self._is_full(file):
                self._end()
            batch = batch.part(cut, len(batch))

    def close(self) -> None:
        """End the file, if there is one with records, and give it its name; an awaited one waits for all of its own."""
        if self._file is not None and self._file.limits.awaited is not None:
            self.abandon()
        else:
            self._end()

    def close_if_old(self) -> None:
        """End the file if it has been written for as long as one may be."""
        file, roll_s = self._file, self._target.roll_s
        if file is None or file.limits.awaited is not None or roll_s is None:
            return
        if self._target.clock.monotonic() - file.since >= roll_s:
            self._end()

    def abandon(self) -> None:
        """Leave the file unfinished; it goes without a trace, and its records with it."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):  # it is given up because of an error, which is raised; this may be the same again
                file.rows.close()
            file.path.unlink(missing_ok=True)

    def _end(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        try:
            file.rows.close()
        except OSError as error:
            raise _refused(file.path, error) from error
        if file.records:
            self._target.storage.publish(file.path, self._path_of(file))
            self.files += 1
            self.records += file.records
        else:
            file.path.unlink()

    def _path_of(self, file: _Open) -> str:
        if file.limits.awaited is not None:
            return file.limits.awaited.path
        name = file_name(self._target.topic, self._partition, file.first, file.last, self._target.format_name)
        return f"{file.limits.directory}/{name}"

    def _begin(self, batch: RecordBatch) -> _Open:
        target, first = self._target, batch.offsets[0]
        limits = self._limits(first, batch.timestamps_ms[0])
        name = unfinished_name(target.topic, self._partition, first, target.format_name)
        path = target.storage.unfinished(limits.directory, name)
        try:
            rows = target.opened(path, self._open_files)
        except OSError as error:
            raise _refused(path, error) from error
        self._file = _Open(path, rows, limits, first, target.clock.monotonic())
        return self._file

    def _limits(self, first: int, accepted_ms: int) -> _Limits:
        awaited, roll_s = self._target.awaited.get(self._partition), self._target.roll_s
        if awaited is not None and awaited.first <= first <= awaited.last:
            return _Limits(awaited.directory, math.inf, awaited.last + 1, awaited)
        day = day_of(accepted_ms)
        ends_ms = (day + 1) * DAY_MS
        if roll_s is not None:
            ends_ms = min(ends_ms, max(accepted_ms, 0) + max(1, int(roll_s * 1000)))
        ends_offset = awaited.first if awaited is not None and first < awaited.first else math.inf
        return _Limits(directory_of(day), ends_ms, ends_offset)

    def _is_full(self, file: _Open) -> bool:
        if file.limits.awaited is not None:
            return file.last >= file.limits.awaited.last
        return file.rows.size >= self._target.full_bytes

    def _take(self, file: _Open, batch: RecordBatch) -> None:
        if not len(batch):
            return
        try:
            file.rows.write(batch)
        except OSError as error:
            raise FailedWriteError(f"writing {file.path}: {error.strerror or error}") from error
        self._progression.advance(batch)
        file.last = batch.offsets[-1]
        file.records += len(batch)


def _refused(path: Path, error: OSError) -> FailedWriteError:
    """The error of a file that cannot be written, and that is removed: on a full disk it takes the room of others."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
    return FailedWriteError(f"writing {path}: {error.strerror or error}")


def _first_beyond(batch: RecordBatch, file: _Open) -> int:
    """The index of the first record that belongs to the next file; the first of a file always belongs to it."""
    limits, begun = file.limits, file.records > 0
    if max(batch.timestamps_ms) < limits.ends_ms and batch.offsets[-1] < limits.ends_offset:
        return len(batch)
    places = zip(batch.timestamps_ms, batch.offsets, strict=True)
    beyond = (at for at, (ms, offset) in enumerate(places) if ms >= limits.ends_ms or offset >= limits.ends_offset)
    cut = next(beyond, len(batch))
    return cut if cut or begun else 1
