"""Parquet files: the columns of `arrow.py`."""

from pathlib import Path

from consumer.analytics.arrow import SCHEMA, table_of
from consumer.analytics.row_groups import RowGroups
from consumer.log.record_batch import RecordBatch


class ParquetRows:
    """One Parquet file."""

    def __init__(self, path: Path, open_files: int) -> None:
        self._groups = RowGroups(path.open("wb"), SCHEMA, open_files)

    @property
    def size(self) -> int:
        """Bytes on the disk so far; the row group that is being gathered does not count."""
        return self._groups.size

    def write(self, batch: RecordBatch) -> None:
        """Take these records, in order."""
        self._groups.write(table_of(batch))

    def close(self) -> None:
        """Write what is left, and close."""
        self._groups.close()
