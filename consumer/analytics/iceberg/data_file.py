"""A data file of the table while it is written: rows of one day, with the statistics that readers skip files by."""

import uuid
from contextlib import suppress
from typing import Any

from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.partitioning import PartitionFieldValue, PartitionKey
from pyiceberg.table import Table

from consumer.analytics.row_groups import RowGroups


class DayFile:
    """A Parquet file at a new place of the table; nobody sees it until a snapshot names it."""

    def __init__(self, table: Table, schema: Any, day: int, *, open_files: int) -> None:
        """Begin it.

        Args:
            table: where it is to be.
            schema: a `pyarrow.Schema` with the ids of the table's columns.
            day: of all rows, in days since the epoch.
            open_files: how many are written at the same time, and share the memory.

        Raises:
            OSError: the place cannot be written to.
        """
        self._table = table
        self._schema = schema
        self._path = table.location_provider().new_data_location(f"{uuid.uuid4()}.parquet", _partition(table, day))
        try:
            self._groups = RowGroups(table.io.new_output(self._path).create(), schema, open_files)
        except BaseException:
            remove(table, self._path)
            raise

    @property
    def size(self) -> int:
        """Bytes written so far, roughly."""
        return self._groups.size

    def write(self, rows: Any) -> None:
        """Take the rows of a `pyarrow.Table` with the same columns."""
        self._groups.write(rows.select(self._schema.names).cast(self._schema))

    def finish(self) -> DataFile:
        """End the file; what a snapshot says of it. A file that cannot be ended is removed."""
        try:
            self._groups.close()
            return self._described()
        except BaseException:
            self.abandon()
            raise

    def abandon(self) -> None:
        """Remove the file, if that can be done."""
        with suppress(Exception):  # it is given up because of an error, which is raised
            self._groups.close()
        remove(self._table, self._path)

    def _described(self) -> DataFile:
        schema, metadata = self._table.schema(), self._groups.metadata
        statistics = data_file_statistics_from_parquet_metadata(
            parquet_metadata=metadata,
            stats_columns=compute_statistics_plan(schema, self._table.properties),
            parquet_column_mapping=parquet_path_to_id_mapping(schema),
        )
        return DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=self._path,
            file_format=FileFormat.PARQUET,
            partition=statistics.partition(self._table.spec(), schema),
            file_size_in_bytes=len(self._table.io.new_input(self._path)),
            sort_order_id=None,
            spec_id=self._table.spec().spec_id,
            equality_ids=None,
            key_metadata=None,
            **statistics.to_serialized_dict(),
        )


def remove(table: Table, path: str) -> None:
    """Remove a file that no snapshot names; where it cannot be removed it stays, and nobody sees it."""
    with suppress(Exception):
        table.io.delete(path)


def _partition(table: Table, day: int) -> PartitionKey:
    spec = table.spec()
    return PartitionKey([PartitionFieldValue(field, day) for field in spec.fields], spec, table.schema())
