"""Parquet files: the columns of `arrow.py`, zstd, a row group at a time."""

from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from consumer.analytics.arrow import SCHEMA, table_of
from consumer.log.record_batch import RecordBatch

_GROUP_BYTES: Final = 32 * 1024 * 1024
"""Of Arrow memory, of all files that are open at once."""
_GROUP_ROWS: Final = 131_072
_SMALLEST_GROUP_BYTES: Final = 1024 * 1024
_REPEATING: Final = [
    *("kafka_topic", "registry", "action", "kind", "repository", "media_type", "from_repository", "actor"),
    *("client_ip", "user_agent", "request_method", "request_host", "source_addr", "source_instance", "content_type"),
    "source_format",
]
"""Columns worth a dictionary; for the others building one is thrown away."""


class ParquetRows:
    """One Parquet file."""

    def __init__(self, path: Path, open_files: int) -> None:
        self._file = path.open("wb")
        self._writer = pq.ParquetWriter(self._file, SCHEMA, compression="zstd", use_dictionary=_REPEATING)
        self._limit = max(_SMALLEST_GROUP_BYTES, _GROUP_BYTES // max(1, open_files))
        self._waiting: list[Any] = []
        self._waiting_bytes = 0
        self._waiting_rows = 0

    @property
    def size(self) -> int:
        """Bytes on the disk so far; the row group that is being gathered does not count."""
        return self._file.tell()

    def write(self, batch: RecordBatch) -> None:
        """Take these records, in order."""
        table = table_of(batch)
        self._waiting.append(table)
        self._waiting_bytes += table.nbytes
        self._waiting_rows += table.num_rows
        if self._waiting_bytes >= self._limit or self._waiting_rows >= _GROUP_ROWS:
            self._write_group()

    def close(self) -> None:
        """Write what is left, and close."""
        try:
            if self._waiting:
                self._write_group()
            self._writer.close()
        finally:
            self._file.close()

    def _write_group(self) -> None:
        self._writer.write_table(pa.concat_tables(self._waiting), row_group_size=_GROUP_ROWS)
        self._waiting, self._waiting_bytes, self._waiting_rows = [], 0, 0
