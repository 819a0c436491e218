"""The options of an export to a table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableOptions:
    """The options of `export --format iceberg`."""

    catalog: str
    """NAME, or NAME=URI."""
    table: str
    """NAMESPACE.TABLE."""
    warehouse: str | None
    """Where a new table is made, a directory or a URL; None leaves it to the catalog."""
    roll_s: float | None
    """The longest time that records are held back."""
    compacts: bool
    """Whether small files become large ones."""
    expire_s: float | None
    """The age of snapshots that are removed; None keeps all."""
