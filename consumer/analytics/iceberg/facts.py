"""The facts of a table that its coverage depends on, read from pyiceberg."""

from collections.abc import Mapping

import pyarrow.compute as pc
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from consumer.analytics.iceberg.coverage import SnapshotFacts, TableFacts


def facts_of(table: Table) -> TableFacts:
    """A table as far as its coverage depends on it."""
    current = table.current_snapshot()
    return TableFacts(
        current_id=None if current is None else current.snapshot_id,
        snapshots={one.snapshot_id: SnapshotFacts(one.parent_snapshot_id, texts_of(one)) for one in table.snapshots()},
        properties=table.properties,
        greatest=lambda: _greatest(table),
    )


def texts_of(snapshot: Snapshot | None) -> Mapping[str, str]:
    """The entries of its summary."""
    if snapshot is None or snapshot.summary is None:
        return {}
    return snapshot.summary.additional_properties


def _greatest(table: Table) -> dict[int, int]:
    greatest: dict[int, int] = {}
    scan = table.scan(selected_fields=("kafka_partition", "kafka_offset"))
    for batch in scan.to_arrow_batch_reader():
        partitions = batch.column("kafka_partition")
        for partition in pc.unique(partitions).to_pylist():
            offsets = batch.column("kafka_offset").filter(pc.equal(partitions, partition))
            greatest[partition] = max(greatest.get(partition, -1), pc.max(offsets).as_py())
    return greatest
