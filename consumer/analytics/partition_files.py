"""One partition's files, one after the other: when a file ends, and which offsets the log no longer had.

Each file is written under another name and gets its own only when it is whole.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from consumer.analytics.decoding import NewerSchemaError
from consumer.analytics.files import FailedWriteError, directory_of, file_name, publish, unfinished_path
from consumer.analytics.formats import ExportFormat, Rows
from consumer.analytics.gaps import Gap, Progression
from consumer.log.record_batch import DAY_MS, RecordBatch, day_of
from runtime.clock import Clock, SystemClock

FULL_BYTES: Final = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ExportTarget:
    """The directory and the format of files."""

    output: Path
    topic: str
    format_name: str
    opened: ExportFormat
    roll_s: float | None = None
    """The longest time of acceptance, and of being written, that a file covers, in seconds; None: no limit."""
    full_bytes: int = FULL_BYTES
    clock: Clock = field(default_factory=SystemClock)


@dataclass(slots=True)
class _Open:
    """The file that is being written."""

    path: Path
    rows: Rows
    first: int
    last: int
    ends_ms: int
    """A record accepted then or later begins the next file."""
    since: float


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
        self.files: Final[list[Path]] = []

    @property
    def gaps(self) -> list[Gap]:
        """Offsets that the log no longer had."""
        return self._progression.gaps

    def write(self, batch: RecordBatch) -> None:
        """Take records.

        Raises:
            NewerSchemaError: one is of a newer release; all before it are taken.
            FailedWriteError: the disk refused.
        """
        while len(batch):
            file = self._file or self._begin(batch)
            cut = _first_from(batch, file.ends_ms)
            try:
                self._take(file, batch.part(0, cut))
            except NewerSchemaError as error:
                self._take(file, batch.part(0, error.index))
                raise
            if cut < len(batch) or file.rows.size >= self._target.full_bytes:
                self.close()
            batch = batch.part(cut, len(batch))

    def close(self) -> None:
        """End the file, if there is one with records, and give it its name."""
        file, self._file = self._file, None
        if file is None:
            return
        try:
            file.rows.close()
        except OSError as error:
            raise FailedWriteError(f"writing {file.path}: {error.strerror or error}") from error
        if file.last < file.first:
            file.path.unlink()
            return
        name = file_name(self._target.topic, self._partition, file.first, file.last, self._target.format_name)
        self.files.append(publish(file.path, name))

    def close_if_old(self) -> None:
        """End the file if it has been written for as long as one may be."""
        file, roll_s = self._file, self._target.roll_s
        if file is not None and roll_s is not None and self._target.clock.monotonic() - file.since >= roll_s:
            self.close()

    def abandon(self) -> None:
        """Leave the file unfinished; it goes without a trace, and its records with it."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):  # it is given up because of an error, which is raised; this may be the same again
                file.rows.close()
            file.path.unlink(missing_ok=True)

    def _begin(self, batch: RecordBatch) -> _Open:
        target, first, accepted_ms = self._target, batch.offsets[0], batch.timestamps_ms[0]
        day = day_of(accepted_ms)
        directory = directory_of(target.output, day)
        path = unfinished_path(directory, target.topic, self._partition, first, target.format_name)
        try:
            directory.mkdir(exist_ok=True)
            rows = target.opened(path, self._open_files)
        except OSError as error:
            raise FailedWriteError(f"writing {path}: {error.strerror or error}") from error
        ends_ms = (day + 1) * DAY_MS
        if target.roll_s is not None:
            ends_ms = min(ends_ms, max(accepted_ms, 0) + max(1, int(target.roll_s * 1000)))
        self._file = _Open(path, rows, first, first - 1, ends_ms, target.clock.monotonic())
        return self._file

    def _take(self, file: _Open, batch: RecordBatch) -> None:
        if not len(batch):
            return
        try:
            file.rows.write(batch)
        except OSError as error:
            raise FailedWriteError(f"writing {file.path}: {error.strerror or error}") from error
        self._progression.advance(batch)
        file.last = batch.offsets[-1]
        self.records += len(batch)


def _first_from(batch: RecordBatch, limit_ms: int) -> int:
    """The index of the first record accepted at the limit or later; the first of a file always belongs to it."""
    if max(batch.timestamps_ms) < limit_ms:
        return len(batch)
    return next(at for at, ms in enumerate(batch.timestamps_ms) if ms >= limit_ms) or 1
