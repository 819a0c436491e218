"""Where an export writes to, as the export knows it: a directory, or a table. Protocols, and a limit."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from consumer.analytics.gaps import Gap
from consumer.log.record_batch import RecordBatch

FULL_BYTES: Final = 128 * 1024 * 1024
"""A file that has as much is ended."""


class BatchWriter(Protocol):
    """Takes the records of some partitions, each partition's in order; belongs to one thread."""

    def write(self, batch: RecordBatch) -> None:
        """Take records, of a new partition too.

        Raises:
            NewerSchemaError: one is of a newer release; all before it are taken.
            FailedWriteError: they cannot be written; what was written whole before stays.
        """
        ...

    def close(self) -> None:
        """Make all that was taken whole, so that others see it.

        Raises:
            FailedWriteError: it cannot be written.
        """
        ...

    def close_if_old(self) -> None:
        """The same for what has been held back for as long as it may be."""
        ...

    def abandon(self) -> None:
        """Leave what is not whole; the next run writes it again."""
        ...

    @property
    def records(self) -> int:
        """How many records were taken."""
        ...

    @property
    def files(self) -> int:
        """How many files are whole."""
        ...

    @property
    def gaps(self) -> Sequence[Gap]:
        """Offsets that the log no longer had."""
        ...


class ExportOutput(Protocol):
    """Makes a writer for each thread of an export."""

    @property
    def topic(self) -> str:
        """The topic whose records it takes."""
        ...

    def begin(self, starts: Mapping[int, int], open_files: int) -> BatchWriter:
        """A writer of these partitions from these offsets on; `open_files` partitions are written at the same time."""
        ...
