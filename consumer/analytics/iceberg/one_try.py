"""A catalog that commits once: a conflict is an error, and nothing goes on top of a snapshot that was not looked at.

pyiceberg tries a refused commit again on the newest snapshot. For appended offsets this is wrong: the newest snapshot
may be that of another export, which holds the same records.
"""

from typing import Any

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import CommitTableResponse, Table
from pyiceberg.table.update import TableRequirement, TableUpdate


class ConflictError(Exception):
    """The table is no longer as it was when the commit was made."""


class OneTry:
    """A catalog in all but the repeats."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def __getattr__(self, name: str) -> Any:
        return getattr(self._catalog, name)

    def commit_table(
        self, table: Table, requirements: tuple[TableRequirement, ...], updates: tuple[TableUpdate, ...]
    ) -> CommitTableResponse:
        """Commit once.

        Raises:
            ConflictError: a requirement is not met, or somebody else committed at the same moment.
        """
        try:
            return self._catalog.commit_table(table, requirements, updates)
        except CommitFailedException as error:
            raise ConflictError(str(error)) from error
