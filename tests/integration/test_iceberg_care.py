"""The care of a table in a real catalog: small files become large ones, old snapshots go, and no row changes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.types import StringType
from structlog.testing import capture_logs

from consumer.analytics.files import Covered
from consumer.analytics.iceberg.compaction import compact
from consumer.analytics.iceberg.errors import UnfitTableError
from consumer.analytics.iceberg.expiry import expire
from consumer.analytics.iceberg.maintenance import Care, Maintenance
from consumer.analytics.iceberg.output import TableOutput, TableTarget
from consumer.log.record_batch import DAY_MS
from tests.kit.iceberg_tables import NAME, NOON_MS, TOPIC, Exporting, places, records, rows, sql_catalog
from tests.kit.still_clock import StillClock

FOR_EVER = 1 << 60
TODAY = NOON_MS // DAY_MS
HOUR_S = 3600.0
FAR_S = float(1 << 33)
"""So far ahead that every day is over and every snapshot old."""


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    """A catalog in a file."""
    with sql_catalog(tmp_path) as made:
        yield made


def test_compaction(catalog: Catalog) -> None:
    """The small files of each day that is over become one, columns of others stay, and the export goes on."""
    export = Exporting(catalog)
    for at in range(3):
        days = [records(day, at, at, ms=NOON_MS + day * DAY_MS) for day in range(3)]
        export.write(*days)
    with catalog.load_table(NAME).update_schema() as update:
        update.add_column("cost_centre", StringType())
    done = compact(export.table, TODAY + 2)
    assert (2, 6, 2) == (done.days, done.before, done.after)
    table = catalog.load_table(NAME)
    assert 5 == len(table.inspect.files())
    assert places(dict.fromkeys(range(3), range(3))) == rows(table)
    assert "cost_centre" in table.scan().to_arrow().column_names
    export.write(records(0, 3, 4))
    again = Exporting(catalog)
    again.write(records(0, 5, 6))
    assert places({0: range(7), 1: range(3), 2: range(3)}) == rows(catalog.load_table(NAME))


def test_a_delete_during_a_compaction_wins(catalog: Catalog) -> None:
    """A compaction whose files were read before somebody deleted rows is given up; beside an append it is not."""
    export = Exporting(catalog)
    for at in range(2):
        export.write(records(0, 10 * at, 10 * at + 9))
    planned = catalog.load_table(NAME)
    old = [task.file for task in planned.scan().plan_files()]
    Exporting(catalog).write(records(0, 20, 29))
    assert export.table.rewrite(planned, old, []) is not None
    assert places({0: range(20, 30)}) == rows(catalog.load_table(NAME))
    planned = catalog.load_table(NAME)
    old = [task.file for task in planned.scan().plan_files()]
    catalog.load_table(NAME).delete("kafka_offset < 40")
    assert export.table.rewrite(planned, old, []) is None
    assert places({}) == rows(catalog.load_table(NAME))


def test_expiry(catalog: Catalog, tmp_path: Path) -> None:
    """Old snapshots go, and the files that only they named; the offsets stay, and so does all that is needed."""
    export = Exporting(catalog)
    for at in range(3):
        export.write(records(0, 10 * at, 10 * at + 9))
    export.write(records(1, 0, 4, ms=NOON_MS + DAY_MS))
    compact(export.table, TODAY + 1)
    catalog.load_table(NAME).delete("kafka_partition = 1")
    gone = expire(export.table, FOR_EVER)
    table = catalog.load_table(NAME)
    assert (4, 3) == (gone.snapshots, gone.files)
    assert 2 == len(table.snapshots())
    named = {file["file_path"] for file in table.inspect.all_files().to_pylist()}
    assert named == {f"file://{path}" for path in tmp_path.rglob("data/**/*.parquet")}
    assert {0: Covered(0, 29), 1: Covered(0, 4)} == getattr(Exporting(catalog).table.coverage(), "offsets", None)
    assert places({0: range(30)}) == rows(table)
    catalog.load_table(NAME).transaction().set_properties({"gc.enabled": "false"}).commit_transaction()
    with pytest.raises(UnfitTableError, match=r"gc\.enabled is false"):
        expire(export.table, FOR_EVER)


@dataclass
class Said:
    """The lines for the user."""

    lines: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        """Take one."""
        self.lines.append(line)


def test_once_an_hour(catalog: Catalog) -> None:
    """An export that goes on cares for the table once an hour; a failure is logged, and the export still goes on."""
    clock, said, table = StillClock(), Said(), Exporting(catalog).table
    clock.now = FAR_S
    care = Maintenance(table, Care(compacts=True, expire_s=DAY_MS / 1000), clock, said)
    writer = TableOutput(TableTarget(table, TOPIC, 60.0, clock=clock, maintenance=care)).begin({0: 0}, 1)
    for offset in range(3):
        writer.write(records(0, offset, offset))
        clock.now += 60
        writer.close_if_old()
    assert [] == said.lines
    clock.now += HOUR_S
    for _ in range(2):
        writer.close_if_old()
    assert ["compacted 1 day: 3 files became 1", "expired 3 snapshots and removed 3 files"] == said.lines
    catalog.load_table(NAME).transaction().set_properties({"gc.enabled": "false"}).commit_transaction()
    clock.now += HOUR_S
    with capture_logs() as logged:
        writer.close_if_old()
    assert ["export.maintenance_failed"] == [line["event"] for line in logged]
    writer.write(records(0, 3, 3))
    writer.close()
    assert places({0: range(4)}) == rows(catalog.load_table(NAME))
