"""The table of an export: loaded or made, what it holds, and commits that are conditional on what was read."""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, cast

import structlog
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError, TableAlreadyExistsError
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table, Transaction
from pyiceberg.table.snapshots import Operation, Snapshot

from consumer.analytics.iceberg.columns import ColumnError, file_schema, missing_columns, table_partitions, table_schema
from consumer.analytics.iceberg.coverage import Coverage, LostCoverageError, carrier_of, coverage_of, entries
from consumer.analytics.iceberg.errors import TableError, UnfitTableError, line_of, told
from consumer.analytics.iceberg.facts import facts_of, texts_of
from consumer.analytics.iceberg.footing import Footing
from consumer.analytics.iceberg.one_try import ConflictError, OneTry
from runtime.clock import Clock, SystemClock

_log: Final = structlog.get_logger(__name__)

_TRIES: Final = 20
_PAUSE_S: Final = 1.0
_KEEPS_ITS_OLD_METADATA: Final = {
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
    "write.parquet.compression-codec": "zstd",
}
"""Of a new table: each commit writes the metadata anew, and readers need only the newest."""

Change = Callable[[Transaction], int]
"""Stages a change of the table; returns the snapshot that it makes."""


class ExportTable:
    """A table that an export writes to; one thread at a time commits."""

    def __init__(self, catalog: Catalog, name: str, columns: Any, *, clock: Clock | None = None) -> None:
        """Reach out to nobody yet.

        Args:
            catalog: where the table is.
            name: NAMESPACE.TABLE.
            columns: of the export, a `pyarrow.Schema`.
            clock: for pauses between tries.
        """
        self._catalog = catalog
        self._columns = columns
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._footing: Footing | None = None
        self.name: Final = name
        self.table: Table
        """As this export saw it last; for the thread that commits."""
        self.place: Table
        """As it was opened; for the threads that write files. Objects of pyiceberg remember what they were asked,
        and cannot be written down by one thread while another asks them something new."""
        self.file_schema: Any

    def open(self) -> None:
        """Load the table, or make it; columns that it lacks are added to it.

        Raises:
            UnfitTableError, ColumnError: an export cannot write to it.
            TableError: the catalog does not answer, or refuses.
        """
        with told(f"table {self.name}"):
            self.table = self._loaded() or self._made()
            for _ in range(_TRIES):
                if not self._lacks_columns() or self._add_columns():
                    break
                self.table = self._again()
            self.file_schema = self._schema_of_files()
            self.place = self._again()
        self._check_partitions()

    def coverage(self) -> Coverage | None:
        """The offsets that the table holds; None if it holds none.

        Raises:
            LostCoverageError: it cannot be told.
        """
        with told(f"table {self.name}"):
            try:
                return coverage_of(facts_of(self.table))
            except LostCoverageError as error:
                raise LostCoverageError(f"table {self.name}: {error}") from None

    def begin(self, coverage: Coverage) -> None:
        """Go on from this coverage: every append adds to it."""
        self._footing = Footing(coverage)

    def begin_anew(self, coverage: Coverage) -> None:
        """The same for a table that does not say what it holds: the first append goes on top of it as it is now."""
        current = self.table.current_snapshot()
        self._footing = Footing(coverage, None if current is None else current.snapshot_id)

    def append(self, files: Sequence[DataFile], taken: Mapping[int, range]) -> None:
        """Commit data files and the offsets that they cover, in one snapshot.

        Raises:
            UnfitTableError: another export has written to the table meanwhile.
            TableError: the catalog does not answer, or refuses; whether the snapshot came to be is found out by the
                next run.
        """
        with self._lock:
            footing = self._on()
            after = footing.with_more(taken)

            def change(transaction: Transaction) -> int:
                return _append(transaction, files, after.coverage)

            self._commit(change, footing)
            self._footing = after

    def rewrite(self, planned: Table, old: Sequence[DataFile], new: Sequence[DataFile]) -> Table | None:
        """Commit a snapshot in which new files stand for old ones, and the offsets are the same.

        Args:
            planned: the table when the old files were read.
            old: files that it names.
            new: files with the same rows.

        Returns:
            The table as this commit left it; None if more than appends came between, so that the new files may not
            have the right rows any more.
        """
        with self._lock, told(f"table {self.name}"):
            for _ in range(_TRIES):
                self.table = self._again()
                if not _only_appended(planned, self.table):
                    return None
                transaction = self._transaction()
                _replace(transaction, old, new, _carried(self.table))
                with suppress(ConflictError):
                    committed = transaction.commit_transaction()
                    self._follow(committed.current_snapshot())
                    self.table = self._again()
                    return committed
            return None

    def refresh(self) -> Table:
        """The table as it is now."""
        with self._lock, told(f"table {self.name}"):
            self.table = self._again()
            return self.table

    def _on(self) -> Footing:
        assert self._footing is not None
        return self._footing

    def _follow(self, rewritten: Snapshot | None) -> None:
        if self._footing is not None and rewritten is not None:
            self._footing = self._footing.rewritten(rewritten.parent_snapshot_id, rewritten.snapshot_id)

    def _commit(self, change: Change, footing: Footing) -> None:
        """Try until it is done, each time on a table that was looked at: it must be as the export left it."""
        made: set[int] = set()
        failure = "it was changed too often meanwhile"
        for _ in range(_TRIES):
            facts = facts_of(self.table)
            if carrier_of(facts) in made:
                return
            if fault := footing.fault_of(facts):
                raise UnfitTableError(f"table {self.name}: {fault}")
            self._check_columns()
            transaction = self._transaction()
            try:
                made.add(change(transaction))
                self.table = transaction.commit_transaction()
            except ConflictError as error:
                failure = line_of(error)
            except Exception as error:  # noqa: BLE001 - whatever it is, the snapshot may have come to be all the same
                failure = line_of(error)
                _log.warning("export.commit_unclear", table=self.name, reason=failure, consequence="it is looked up")
                self._clock.sleep(_PAUSE_S)
            else:
                return
            self._look_again()
        raise TableError(f"table {self.name}: {failure}")

    def _look_again(self) -> None:
        for attempt in range(_TRIES):
            try:
                self.table = self._again()
            except Exception as error:
                if attempt == _TRIES - 1:
                    raise TableError(f"table {self.name}: {line_of(error)}") from error
                self._clock.sleep(_PAUSE_S)
            else:
                return

    def _check_columns(self) -> None:
        if not self.file_schema.equals(self._schema_of_files(), check_metadata=True):
            raise UnfitTableError(f"table {self.name}: its columns were changed meanwhile; run it again")

    def _schema_of_files(self) -> Any:
        try:
            return file_schema(self._columns, self.table.schema())
        except ColumnError as error:
            raise UnfitTableError(f"table {self.name}: {error}") from None

    def _transaction(self) -> Transaction:
        table = self.table
        catalog = cast("Catalog", OneTry(self._catalog))
        read = Table(table.name(), table.metadata, table.metadata_location, table.io, catalog, table.config)
        return read.transaction()

    def _loaded(self) -> Table | None:
        try:
            return self._again()
        except NoSuchTableError:
            return None

    def _again(self) -> Table:
        return self._catalog.load_table(self.name)

    def _made(self) -> Table:
        self._catalog.create_namespace_if_not_exists(self.name.rpartition(".")[0])
        schema = table_schema(self._columns)
        try:
            return self._catalog.create_table(
                self.name, schema, partition_spec=table_partitions(schema), properties=_KEEPS_ITS_OLD_METADATA
            )
        except TableAlreadyExistsError:  # another export was quicker
            return self._again()
        except ValueError as error:  # neither the catalog nor the command says where
            raise UnfitTableError(
                f"table {self.name}: it is not there, and cannot be made ({line_of(error)}); "
                "--output names the warehouse of a new table"
            ) from error

    def _lacks_columns(self) -> bool:
        try:
            return bool(missing_columns(self._columns, self.table.schema()))
        except ColumnError as error:
            raise UnfitTableError(f"table {self.name}: {error}") from None

    def _add_columns(self) -> bool:
        transaction = self._transaction()
        with transaction.update_schema() as update:
            update.union_by_name(table_schema(self._columns))
        try:
            transaction.commit_transaction()
        except ConflictError:
            return False
        self.table = self._again()
        return True

    def _check_partitions(self) -> None:
        wanted = table_partitions(self.table.schema())
        found = self.table.spec()
        if [(one.source_id, one.transform) for one in found.fields] != [
            (one.source_id, one.transform) for one in wanted.fields
        ]:
            raise UnfitTableError(
                f"table {self.name}: it is partitioned by {', '.join(map(str, found.fields)) or 'nothing'}, but an "
                "export writes tables that are partitioned by day(accepted_at)"
            )


def _carried(table: Table) -> dict[str, str]:
    """The offsets that the current snapshot holds, for one with the same rows."""
    carrier = carrier_of(facts_of(table))
    return {} if carrier is None else entries(texts_of(table.snapshot_by_id(carrier)))


def _only_appended(planned: Table, now: Table) -> bool:
    base, at = planned.current_snapshot(), now.current_snapshot()
    while at is not None and base is not None and at.snapshot_id != base.snapshot_id:
        if at.summary is None or at.summary.operation is not Operation.APPEND or at.parent_snapshot_id is None:
            return False
        at = now.snapshot_by_id(at.parent_snapshot_id)
    return at is not None and base is not None


def _replace(
    transaction: Transaction, old: Sequence[DataFile], new: Sequence[DataFile], carried: Mapping[str, str]
) -> None:
    with transaction.update_snapshot(snapshot_properties=dict(carried)).overwrite() as overwrite:
        for file in old:
            overwrite.delete_data_file(file)
        for file in new:
            overwrite.append_data_file(file)


def _append(transaction: Transaction, files: Sequence[DataFile], coverage: Coverage) -> int:
    with transaction.update_snapshot(snapshot_properties=coverage.summary()).fast_append() as append:
        for file in files:
            append.append_data_file(file)
    transaction.set_properties(coverage.properties(append.snapshot_id))
    return append.snapshot_id
