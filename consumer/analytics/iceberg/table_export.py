"""An export to a table, from what it holds to its care. Knows neither Kafka nor a terminal."""

from collections.abc import Mapping
from typing import Protocol

from consumer.analytics.arrow import SCHEMA
from consumer.analytics.export import ExportSummary
from consumer.analytics.files import Covered
from consumer.analytics.iceberg.catalog import CatalogName, opened
from consumer.analytics.iceberg.coverage import Coverage, LostCoverageError
from consumer.analytics.iceberg.maintenance import Care, Maintenance, Notices
from consumer.analytics.iceberg.options import TableOptions
from consumer.analytics.iceberg.output import TableOutput, TableTarget
from consumer.analytics.iceberg.table import ExportTable
from consumer.analytics.iceberg.warehouse import location
from consumer.analytics.output import ExportOutput
from consumer.analytics.plan import ExportPlan
from consumer.places import Offsets, Place
from runtime.clock import Clock, SystemClock


class TopicExport(Protocol):
    """Reads a topic and writes it to an output."""

    @property
    def topic(self) -> str:
        """Which it is."""
        ...

    def topic_id(self) -> str | None:
        """The id that Kafka gave the topic."""
        ...

    def plan(self, covered: Mapping[int, Covered], from_: Place | None, to: Place) -> ExportPlan:
        """The offsets that are still to be exported."""
        ...

    def run(self, output: ExportOutput, plan: ExportPlan, *, follow: bool) -> ExportSummary:
        """Export what is planned, and if asked, what comes in."""
        ...


class TableExport:
    """An export to one table."""

    def __init__(self, export: TopicExport, options: TableOptions, notices: Notices) -> None:
        """Reach out to Kafka and the catalog; the table is made if it is missing.

        Args:
            export: of the topic.
            options: which table, and what is done to it.
            notices: told what was done to the table.

        Raises:
            BridgeError: Kafka or the catalog does not answer, or an export cannot write to the table.
        """
        self._export = export
        self._options = options
        name = CatalogName.read(options.catalog)
        warehouse = None if options.warehouse is None else location(options.warehouse)
        self._topic_id = export.topic_id()
        catalog = opened(name, warehouse)
        self._table = ExportTable(catalog, options.table, SCHEMA)
        self._table.open()
        self._maintenance = _maintenance(self._table, Care(options.compacts, options.expire_s), SystemClock(), notices)

    def plan(self, from_: Place | None, to: Place) -> ExportPlan:
        """The offsets that the table does not hold yet.

        Raises:
            LostCoverageError: the table does not say what it holds, and `from_` names no offsets.
            ForeignTopicError: it holds another topic.
            BridgeError: as `plan_of` raises.
        """
        try:
            held = self._table.coverage()
        except LostCoverageError:
            if not isinstance(from_, Offsets):
                raise
            return self._plan_anew(from_, to)
        if held is None:
            held = Coverage(self._export.topic, self._topic_id, {})
        held.check(self._table.name, self._export.topic, self._topic_id)
        plan = self._export.plan(held.offsets, from_, to)
        self._table.begin(held)
        return plan

    def run(self, plan: ExportPlan, *, follow: bool) -> ExportSummary:
        """Export what is planned, and if asked, what comes in; the table is cared for meanwhile, or at the end.

        Raises:
            BridgeError: it could not go on; all that was committed is whole.
        """
        target = TableTarget(self._table, self._export.topic, self._options.roll_s, maintenance=self._maintenance)
        summary = self._export.run(TableOutput(target), plan, follow=follow)
        if self._maintenance is not None and not follow and not summary.stopped:
            self._maintenance.run()
        return summary

    def _plan_anew(self, from_: Offsets, to: Place) -> ExportPlan:
        """The offsets from those named on; the first snapshot names each of these partitions, even one without rows."""
        plan = self._export.plan({}, from_, to)
        starts = {**from_.of, **{partition: span.start for partition, span in plan.ranges.items()}}
        self._table.begin_anew(Coverage.behind(self._export.topic, self._topic_id, starts))
        return plan


def _maintenance(table: ExportTable, care: Care, clock: Clock, notices: Notices) -> Maintenance | None:
    return Maintenance(table, care, clock, notices) if care.compacts or care.expire_s is not None else None
