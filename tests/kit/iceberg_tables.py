"""Tables of an export for the tests: made in a folder, written to without Kafka, and told what they hold."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from consumer.analytics.arrow import SCHEMA, table_of
from consumer.analytics.iceberg.catalog import CatalogName, opened
from consumer.analytics.iceberg.coverage import Coverage
from consumer.analytics.iceberg.data_file import DayFile
from consumer.analytics.iceberg.output import TableOutput, TableTarget
from consumer.analytics.iceberg.table import ExportTable
from consumer.log.record_batch import DAY_MS, RecordBatch, day_of
from schemas.avro import encode, frame
from schemas.catalog import CATALOG
from schemas.event import Event

TOPIC = "registry.events"
NAME = "registry.events"
NOON_MS = 20_454 * DAY_MS + DAY_MS // 2
"""2026-01-01T12:00:00Z."""
VALUE = frame(CATALOG.latest.id, encode(Event(id="x", action="push")))


def sql_catalog(folder: Path) -> Catalog:
    """A catalog in a file, with its warehouse beside it."""
    return opened(CatalogName.read(f"local=sqlite:///{folder}/catalog.db"), f"file://{folder}/warehouse")


def records(
    partition: int, first: int, last: int, *, ms: int = NOON_MS, step_ms: int = 0, value: bytes = VALUE
) -> RecordBatch:
    """Events at these offsets, accepted `step_ms` apart."""
    count = last - first + 1
    times = [ms + step_ms * at for at in range(count)]
    return RecordBatch(TOPIC, partition, range(first, last + 1), times, [value] * count, lambda _: ())


class Exporting:
    """An export to a table, without a log: it goes on from what the table holds."""

    def __init__(self, catalog: Catalog, *, columns: Any = SCHEMA) -> None:
        self.table = ExportTable(catalog, NAME, columns)
        self.table.open()
        held = self.table.coverage() or Coverage(TOPIC, "id", {})
        self.table.begin(held)
        starts = {number: span.last + 1 for number, span in held.offsets.items()}
        output = TableOutput(TableTarget(self.table, TOPIC))
        self.writer = output.begin(starts, 1)

    def write(self, *batches: RecordBatch) -> None:
        """Takes records and commits them in one snapshot."""
        for batch in batches:
            self.writer.write(batch)
        self.writer.close()


def append_as_others(catalog: Catalog, batch: RecordBatch) -> None:
    """Appends rows to the table as somebody does who knows nothing of offsets."""
    export = ExportTable(catalog, NAME, SCHEMA)
    export.open()
    file = DayFile(export.table, export.file_schema, day_of(batch.timestamps_ms[0]), open_files=1)
    file.write(table_of(batch))
    with export.table.transaction() as transaction, transaction.update_snapshot().fast_append() as append:
        append.append_data_file(file.finish())


def rows(table: Table) -> Counter[tuple[int, int]]:
    """Every row of a table by its partition and offset."""
    found = table.scan(selected_fields=("kafka_partition", "kafka_offset")).to_arrow()
    return Counter(zip(found["kafka_partition"].to_pylist(), found["kafka_offset"].to_pylist(), strict=True))


def places(spans: Mapping[int, Sequence[int]]) -> Counter[tuple[int, int]]:
    """Each of these offsets once."""
    return Counter((partition, offset) for partition, offsets in spans.items() for offset in offsets)
