"""The row groups of a Parquet file, gathered in memory and written one at a time: zstd, dictionaries where they pay."""

from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

_GROUP_BYTES: Final = 32 * 1024 * 1024
"""Of Arrow memory, of all files that are open at once."""
_GROUP_ROWS: Final = 131_072
_SMALLEST_GROUP_BYTES: Final = 1024 * 1024
_REPEATING: Final = [
    *("kafka_topic", "registry", "action", "kind", "repository", "media_type", "from_repository", "actor"),
    *("client_ip", "user_agent", "request_method", "request_host", "source_addr", "source_instance", "content_type"),
    *("source_format", "endpoint", "event_topic", "outcome", "error", "answer"),
]
"""Columns of events and of attempts that are worth a dictionary; for the others building one is thrown away."""


class RowGroups:
    """One Parquet file on a stream that it owns."""

    def __init__(self, stream: Any, schema: Any, open_files: int) -> None:
        """Begin it.

        Args:
            stream: to write to, anything that pyarrow takes.
            schema: a `pyarrow.Schema`.
            open_files: how many are written at the same time, and share the memory.
        """
        self._stream = stream
        self._writer = pq.ParquetWriter(stream, schema, compression="zstd", use_dictionary=_REPEATING)
        self._limit = max(_SMALLEST_GROUP_BYTES, _GROUP_BYTES // max(1, open_files))
        self._waiting: list[Any] = []
        self._waiting_bytes = 0
        self._waiting_rows = 0

    @property
    def size(self) -> int:
        """Bytes written so far; the row group that is being gathered does not count."""
        return int(self._stream.tell())

    @property
    def metadata(self) -> Any:
        """The file's footer, once it is closed."""
        return self._writer.writer.metadata

    def write(self, table: Any) -> None:
        """Take the rows of a `pyarrow.Table`, in order."""
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
            self._stream.close()

    def _write_group(self) -> None:
        self._writer.write_table(pa.concat_tables(self._waiting), row_group_size=_GROUP_ROWS)
        self._waiting, self._waiting_bytes, self._waiting_rows = [], 0, 0
