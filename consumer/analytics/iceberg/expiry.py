"""Expiry: snapshots older than a time go, and the files that no snapshot names any more.

What the current snapshot needs to say up to which offsets it holds the topic stays: the snapshot that says it, and all
between the two. So do the heads of branches and tags.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from consumer.analytics.iceberg.coverage import TableFacts, carrier_of
from consumer.analytics.iceberg.data_file import remove
from consumer.analytics.iceberg.errors import UnfitTableError, told
from consumer.analytics.iceberg.facts import facts_of
from consumer.analytics.iceberg.table import ExportTable

_TRIES: Final = 10


@dataclass(frozen=True, slots=True)
class ExpirySummary:
    """Counts of one expiry."""

    snapshots: int = 0
    files: int = 0


def needed(facts: TableFacts) -> set[int]:
    """The snapshots from the current one to the one that says what it holds."""
    carrier = carrier_of(facts)
    found = {facts.current_id} - {None} if carrier is None else {carrier}
    at = facts.current_id
    while at != carrier and at is not None and at in facts.snapshots:
        found.add(at)
        at = facts.snapshots[at].parent_id
    return {one for one in found if one is not None}


def expire(target: ExportTable, before_ms: int) -> ExpirySummary:
    """Expire the snapshots that are older than a time, in milliseconds since the epoch, and remove their files.

    Raises:
        UnfitTableError: the table forbids it.
        TableError: the catalog or the storage refused.
    """
    for _ in range(_TRIES):
        table = target.refresh()
        if table.properties.get("gc.enabled", "true").lower() == "false":
            raise UnfitTableError(f"table {target.name}: its property gc.enabled is false: no file may be removed")
        kept = needed(facts_of(table)) | {ref.snapshot_id for ref in table.refs().values()}
        old = [one for one in table.snapshots() if one.timestamp_ms < before_ms and one.snapshot_id not in kept]
        if not old:
            return ExpirySummary()
        with told(f"table {target.name}"):
            manifests = _manifests(table, old)
            try:
                table.maintenance.expire_snapshots().by_ids([one.snapshot_id for one in old]).commit()
            except CommitFailedException:  # somebody else committed: look again
                continue
            return ExpirySummary(len(old), _remove_unnamed(target.refresh(), old, manifests))
    return ExpirySummary()


def _remove_unnamed(table: Table, old: Iterable[Snapshot], manifests: dict[str, ManifestFile]) -> int:
    """Remove what only expired snapshots named; how many data files it were."""
    left = _manifests(table, table.snapshots())
    gone = {path: manifest for path, manifest in manifests.items() if path not in left}
    data = _files(table, gone.values(), with_deleted=True) - _files(table, left.values(), with_deleted=False)
    for path in (*data, *gone, *(one.manifest_list for one in old)):
        remove(table, path)
    return len(data)


def _manifests(table: Table, snapshots: Iterable[Snapshot]) -> dict[str, ManifestFile]:
    return {manifest.manifest_path: manifest for one in snapshots for manifest in one.manifests(table.io)}


def _files(table: Table, manifests: Iterable[ManifestFile], *, with_deleted: bool) -> set[str]:
    return {
        entry.data_file.file_path
        for manifest in manifests
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=not with_deleted)
    }
