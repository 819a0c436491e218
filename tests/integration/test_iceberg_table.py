"""The table of an export in real catalogs: each record once, whatever others do to the table meanwhile."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField
from structlog.testing import capture_logs

from consumer.analytics.arrow import SCHEMA
from consumer.analytics.files import Covered
from consumer.analytics.iceberg.catalog import CatalogName, opened
from consumer.analytics.iceberg.columns import DOCS, table_schema
from consumer.analytics.iceberg.coverage import LostCoverageError
from consumer.analytics.iceberg.errors import TableError, UnfitTableError
from consumer.analytics.iceberg.output import TableOutput, TableTarget
from consumer.analytics.iceberg.table import ExportTable
from consumer.log.record_batch import DAY_MS
from schemas import Descriptor, Event, Target
from schemas.avro import encode, frame
from schemas.catalog import CATALOG
from schemas.event import Platform
from tests.kit.iceberg_rest import OVERLOADED, UNANSWERED, RestCatalog
from tests.kit.iceberg_tables import (
    NAME,
    TOPIC,
    Exporting,
    append_as_others,
    places,
    records,
    rows,
    sql_catalog,
)


@pytest.fixture
def rest(tmp_path: Path) -> Iterator[RestCatalog]:
    """A catalog behind HTTP."""
    with RestCatalog(tmp_path / "rest") as server:
        yield server


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    """A catalog in a file."""
    with sql_catalog(tmp_path) as made:
        yield made


def test_columns_days_and_offsets(catalog: Catalog) -> None:
    """Each column has its doc, rows are partitioned by the day of acceptance, and the snapshot says what it holds."""
    export = Exporting(catalog)
    export.write(records(0, 0, 9, step_ms=DAY_MS // 6), records(3, 7, 8))
    table = catalog.load_table(NAME)
    assert DOCS == {field.name: field.doc for field in table.schema().fields}
    assert SCHEMA.names == list(DOCS)
    files = table.inspect.files().to_pylist()
    assert {date(2026, 1, 1): 5, date(2026, 1, 2): 6, date(2026, 1, 3): 1} == {
        file["partition"]["accepted_day"]: file["record_count"] for file in files
    }
    held = export.table.coverage()
    assert held is not None
    assert (TOPIC, "id", {0: Covered(0, 9), 3: Covered(0, 8)}) == (held.topic, held.topic_id, held.offsets)
    assert places({0: range(10), 3: range(7, 9)}) == rows(table)


def test_of_two_at_once_one_goes_on(catalog: Catalog) -> None:
    """The second to commit the same offsets is refused, and the table has each of them once."""
    first, second = Exporting(catalog), Exporting(catalog)
    first.write(records(0, 0, 9))
    with pytest.raises(UnfitTableError, match="another export is writing to it, or it was rolled back"):
        second.write(records(0, 0, 5))
    first.write(records(0, 10, 19))
    assert places({0: range(20)}) == rows(catalog.load_table(NAME))


@pytest.fixture
def hurried() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hurried")
def test_threads_of_one_export(catalog: Catalog) -> None:
    """Each commits while the others write files, and no commit goes wrong."""
    table = Exporting(catalog).table
    output = TableOutput(TableTarget(table, TOPIC))

    def write(partition: int) -> None:
        writer = output.begin({partition: 0}, 3)
        for offset in range(4):
            writer.write(records(partition, offset, offset))
            writer.close()

    with capture_logs() as logged, ThreadPoolExecutor() as pool:
        list(pool.map(write, range(3)))
    assert [] == logged
    assert places(dict.fromkeys(range(3), range(4))) == rows(catalog.load_table(NAME))


def test_a_look_at_the_table_does_not_make_it_ours(catalog: Catalog) -> None:
    """An export that has seen another's snapshot, through its other thread or its care, still cannot commit on it."""
    first, second = Exporting(catalog), Exporting(catalog)
    first.write(records(0, 0, 9))
    with pytest.raises(UnfitTableError, match="another export"):
        second.write(records(0, 0, 9))
    with pytest.raises(UnfitTableError, match="another export"):
        second.write(records(1, 0, 3))
    second.table.refresh()
    with pytest.raises(UnfitTableError, match="another export"):
        second.write(records(1, 4, 5))
    assert places({0: range(10)}) == rows(catalog.load_table(NAME))


def test_it_goes_on_after_a_compaction_and_a_delete_by_others(catalog: Catalog) -> None:
    """Snapshots of others that come between neither stop an export nor bring back what they deleted."""
    export = Exporting(catalog)
    export.write(records(0, 0, 9))
    export.write(records(1, 0, 4))
    catalog.load_table(NAME).delete("kafka_partition = 1")
    export.write(records(0, 10, 19))
    catalog.load_table(NAME).delete("kafka_offset >= 10")
    again = Exporting(catalog)
    held = again.table.coverage()
    assert held is not None
    assert {0: Covered(0, 19), 1: Covered(0, 4)} == held.offsets
    again.write(records(0, 20, 21))
    assert places({0: [*range(10), 20, 21]}) == rows(catalog.load_table(NAME))


def test_a_rollback_takes_the_offsets_back(catalog: Catalog) -> None:
    """A running export stops, and the next one writes the rows again that the rollback took."""
    export = Exporting(catalog)
    export.write(records(0, 0, 9))
    kept = catalog.load_table(NAME).current_snapshot()
    assert kept is not None
    export.write(records(0, 10, 19))
    catalog.load_table(NAME).manage_snapshots().rollback_to_snapshot(kept.snapshot_id).commit()
    with pytest.raises(UnfitTableError, match="rolled back"):
        export.write(records(0, 20, 29))
    Exporting(catalog).write(records(0, 10, 29))
    assert places({0: range(30)}) == rows(catalog.load_table(NAME))


def test_the_properties_outlast_the_snapshot(catalog: Catalog) -> None:
    """If others expire the snapshot that says the offsets, the table's properties still do."""
    export = Exporting(catalog)
    export.write(records(0, 0, 1))
    export.write(records(0, 2, 9))
    _delete(catalog, "kafka_offset < 2")
    _expire_all_but_the_current(catalog)
    held = Exporting(catalog).table.coverage()
    assert held is not None
    assert {0: Covered(0, 9)} == held.offsets


def test_the_rows_speak_where_the_chain_is_broken(catalog: Catalog) -> None:
    """Several snapshots of others whose first is expired: the rows decide, or the export asks where to go on."""
    export = Exporting(catalog)
    for first in range(2):
        export.write(records(0, first, first))
    export.write(records(0, 2, 8), records(1, 0, 4))
    export.write(records(0, 9, 9))
    _delete(catalog, "kafka_offset < 1 and kafka_partition = 0")
    _delete(catalog, "kafka_offset < 2 and kafka_partition = 0")
    _expire_all_but_the_current(catalog)
    held = Exporting(catalog).table.coverage()
    assert held is not None
    assert {0: Covered(0, 9), 1: Covered(0, 4)} == held.offsets
    _delete(catalog, "kafka_offset > 8")
    table = ExportTable(catalog, NAME, SCHEMA)
    table.open()
    with pytest.raises(LostCoverageError, match=r"0:9, 1:4.* elsewhere \(0:8, 1:4\): say with --from"):
        table.coverage()


def _delete(catalog: Catalog, rows: str) -> None:
    catalog.load_table(NAME).delete(rows)


def _expire_all_but_the_current(catalog: Catalog) -> None:
    table = catalog.load_table(NAME)
    table.maintenance.expire_snapshots().older_than(datetime(9999, 1, 1, tzinfo=UTC)).commit()


def test_rows_of_nobody_are_not_taken_for_ours(catalog: Catalog) -> None:
    """A table that has rows, but no word of an export, is not written to until it is said where to go on."""
    append_as_others(catalog, records(2, 6, 7))
    with pytest.raises(LostCoverageError, match=r"rows that no export has accounted for \(2:7\)"):
        Exporting(catalog)


def test_a_commit_without_an_answer_is_looked_up(rest: RestCatalog) -> None:
    """A snapshot that came to be although the connection broke is not committed again; one that did not is."""
    export = Exporting(_at(rest))
    rest.faults += [UNANSWERED]
    export.write(records(0, 0, 9))
    rest.faults += [OVERLOADED]
    export.write(records(0, 10, 19))
    assert 3 == rest.commits
    assert places({0: range(20)}) == rows(rest.catalog.load_table(NAME))
    assert export.writer.files == 2


def _at(rest: RestCatalog) -> Catalog:
    return opened(CatalogName.read(f"rest={rest.uri}"), None)


def test_a_new_column_is_added(catalog: Catalog) -> None:
    """A release with one more column adds it to the table, where earlier rows have null; an earlier release goes on."""
    Exporting(catalog, columns=SCHEMA.remove(SCHEMA.get_field_index("source_body"))).write(records(0, 0, 4))
    assert "source_body" not in catalog.load_table(NAME).schema().column_names
    Exporting(catalog).write(records(0, 5, 9))
    table = catalog.load_table(NAME)
    assert DOCS["source_body"] == table.schema().find_field("source_body").doc
    assert 10 == table.scan().to_arrow()["source_body"].null_count
    Exporting(catalog, columns=SCHEMA.remove(SCHEMA.get_field_index("source_body"))).write(records(0, 10, 11))
    assert places({0: range(12)}) == rows(catalog.load_table(NAME))


def test_a_new_field_of_a_column_is_added(catalog: Catalog) -> None:
    """A release with one more field in the references adds it, where earlier rows have null; an earlier one goes on."""
    event = Event(target=Target(references=[Descriptor(platform=Platform(os="linux", variant="v8"))]))
    value = frame(CATALOG.latest.id, encode(event))
    Exporting(catalog, columns=_without_variant()).write(records(0, 0, 0, value=value))
    Exporting(catalog).write(records(0, 1, 1, value=value))
    Exporting(catalog, columns=_without_variant()).write(records(0, 2, 2, value=value))
    found = catalog.load_table(NAME).scan().to_arrow().sort_by("kafka_offset")["refs"].to_pylist()
    assert [("linux", None), ("linux", "v8"), ("linux", None)] == [(one["os"], one["variant"]) for (one,) in found]


def _without_variant() -> Any:
    fields = [field for field in SCHEMA.field("refs").type.value_type if field.name != "variant"]
    return SCHEMA.set(SCHEMA.get_field_index("refs"), pa.field("refs", pa.list_(pa.struct(fields))))


def test_tables_that_an_export_cannot_write_to(catalog: Catalog) -> None:
    """Another type, another partitioning, a column that must not be null or is not there: one line names it."""
    catalog.create_namespace("registry")
    ours = table_schema(SCHEMA)
    tag = ours.find_field("tag")
    other = [NestedField(tag.field_id, "tag", LongType()) if field.name == "tag" else field for field in ours.fields]
    for name, fields, said in (
        ("type", other, "its column tag is of type long, but the export writes string"),
        (
            "cost",
            [*ours.fields, NestedField(99, "cost", LongType(), required=True)],
            "its column cost must not be null",
        ),
        ("days", ours.fields, "it is partitioned by nothing, but an export writes tables"),
        ("none", ours.fields[1:], "it has no column kafka_topic"),
    ):
        catalog.create_table(f"registry.{name}", Schema(*fields))
        with pytest.raises(UnfitTableError, match=said):
            ExportTable(catalog, f"registry.{name}", SCHEMA).open()


def test_a_catalog_that_does_not_answer(tmp_path: Path) -> None:
    """It is named with the cause, and without what stands before an @ in its URI."""
    with pytest.raises(TableError) as caught:
        opened(CatalogName.read("gone=http://me:hunter2@127.0.0.1:9/?token=hunter2"), None)
    assert str(caught.value) == "catalog gone (http://127.0.0.1:9/): ConnectionError: Connection refused"


def test_a_new_table_needs_a_place(tmp_path: Path) -> None:
    """The line names the option that says where."""
    said = r"^table registry.events: it is not there, .* --output names"
    with opened(CatalogName.read(f"local=sqlite:///{tmp_path}/x.db"), None) as catalog:
        table = ExportTable(catalog, "registry.events", SCHEMA)
        with pytest.raises(UnfitTableError, match=said):
            table.open()
