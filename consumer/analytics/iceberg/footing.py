"""The footing of an export: the offsets that it takes the table to hold, and whether a table still is as it left it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from consumer.analytics.iceberg.coverage import Coverage, TableFacts, coverage_of


@dataclass(frozen=True, slots=True)
class Footing:
    """What the next commit goes on top of."""

    coverage: Coverage
    anew_on: int | None = None
    """The snapshot whose offsets cannot be told, so that somebody said where to go on; None: the table tells them."""

    def fault_of(self, facts: TableFacts) -> str | None:
        """Why nothing may go on top of this table; None if it may.

        Raises:
            LostCoverageError: it cannot be told.
        """
        if self.anew_on is not None:
            return None if facts.current_id == self.anew_on else "it was changed meanwhile; run it again"
        found = coverage_of(facts)
        if (found.offsets if found is not None else {}) == self.coverage.offsets:
            return None
        return "another export is writing to it, or it was rolled back"

    def with_more(self, taken: Mapping[int, range]) -> "Footing":
        """The same after a commit of these offsets, which the table tells from then on."""
        return Footing(self.coverage.with_more(taken))

    def rewritten(self, old: int | None, new: int) -> Self:
        """The same after this export made of one snapshot another with the same rows."""
        return replace(self, anew_on=new) if self.anew_on is not None and self.anew_on == old else self
