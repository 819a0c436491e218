"""An export to a table that does not say what it holds: it goes on where it is told to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog

from consumer.analytics.arrow import SCHEMA
from consumer.analytics.export import ExportSummary
from consumer.analytics.files import Covered
from consumer.analytics.iceberg.compaction import compact
from consumer.analytics.iceberg.coverage import Coverage, LostCoverageError
from consumer.analytics.iceberg.errors import UnfitTableError
from consumer.analytics.iceberg.options import TableOptions
from consumer.analytics.iceberg.table import ExportTable
from consumer.analytics.iceberg.table_export import TableExport
from consumer.analytics.output import ExportOutput
from consumer.analytics.plan import ExportPlan, plan_of
from consumer.log.record_batch import DAY_MS
from consumer.places import Offsets, Place
from runtime.config import End
from runtime.kafka.cluster_state import Topic
from tests.kit.iceberg_tables import NAME, NOON_MS, TOPIC, append_as_others, places, records, rows, sql_catalog


@dataclass
class TwoPartitions:
    """A log whose second partition has had no record for long, and its export in one thread."""

    ends: Mapping[int, int]
    topic: str = TOPIC

    def topic_id(self) -> str | None:
        """Kafka's id of the topic."""
        return "id"

    def plan(self, covered: Mapping[int, Covered], from_: Place | None, to: Place) -> ExportPlan:
        """What is not covered."""
        return plan_of(Log(self.ends), TOPIC, covered, from_, to, now=0.0)

    def run(self, output: ExportOutput, plan: ExportPlan, *, follow: bool) -> ExportSummary:
        """Writes all in one snapshot."""
        writer = output.begin({number: span.start for number, span in plan.ranges.items()}, 1)
        for number, span in plan.ranges.items():
            if span:
                writer.write(records(number, span.start, span.stop - 1))
        writer.close()
        return ExportSummary(writer.records, writer.files)


@dataclass
class Log:
    """The offsets of two partitions."""

    ends: Mapping[int, int]

    def topic(self, name: str) -> Topic:
        """It is there."""
        return Topic(name, 2, 1, {})

    def beginning(self, topic: str, partitions: object) -> dict[int, int]:
        """Nothing is lost."""
        return {0: 0, 1: 0}

    def end(self, topic: str, partitions: object) -> dict[int, int]:
        """The offsets behind the last records."""
        return dict(self.ends)

    def at(self, topic: str, partitions: object, timestamp_ms: int) -> dict[int, int]:
        """No time is asked for."""
        raise AssertionError


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    """A catalog in a file, with a table that has rows of others."""
    with sql_catalog(tmp_path) as made:
        append_as_others(made, records(0, 6, 7))
        yield made


class Silent:
    """Nobody is told anything."""

    def say(self, line: str) -> None:
        """Nothing."""


def export(folder: Path, **ends: int) -> TableExport:
    """An export of a log whose partitions end there, by `pN`."""
    options = TableOptions(f"local=sqlite:///{folder}/catalog.db", NAME, None, None, compacts=False, expire_s=None)
    return TableExport(TwoPartitions({int(name[1:]): at for name, at in ends.items()}), options, Silent())


FROM = Offsets({0: 8, 1: 20})


def test_it_goes_on_where_it_is_told_to(catalog: Catalog, tmp_path: Path) -> None:
    """The first run needs `--from`; the next ones do not, and repeat nothing of a partition that had no new rows."""
    with pytest.raises(LostCoverageError, match=r"rows that no export has accounted for \(0:7\): say with --from"):
        export(tmp_path, p0=10, p1=20).plan(None, End())
    first = export(tmp_path, p0=10, p1=20)
    assert 2 == first.run(first.plan(FROM, End()), follow=False).records
    second = export(tmp_path, p0=12, p1=21)
    assert 3 == second.run(second.plan(None, End()), follow=False).records
    assert places({0: range(6, 12), 1: [20]}) == rows(catalog.load_table(NAME))


def test_others_meanwhile(catalog: Catalog, tmp_path: Path) -> None:
    """Of two exports that are told so, or an export and others, the second to commit is refused."""
    first, second = export(tmp_path, p0=10, p1=20), export(tmp_path, p0=10, p1=20)
    plans = first.plan(FROM, End()), second.plan(FROM, End())
    first.run(plans[0], follow=False)
    with pytest.raises(UnfitTableError, match="it was changed meanwhile; run it again"):
        second.run(plans[1], follow=False)
    assert places({0: range(6, 10)}) == rows(catalog.load_table(NAME))


def test_its_own_compaction_before_its_first_commit(catalog: Catalog) -> None:
    """It does not take it for a change by others."""
    append_as_others(catalog, records(0, 5, 5))
    table = ExportTable(catalog, NAME, SCHEMA)
    table.open()
    table.begin_anew(Coverage.behind(TOPIC, "id", {0: 8}))
    assert 1 == compact(table, NOON_MS // DAY_MS + 1).days
    table.append([], {0: range(8, 9)})
    held = table.coverage()
    assert held is not None
    assert {0: Covered(8, 8)} == held.offsets
