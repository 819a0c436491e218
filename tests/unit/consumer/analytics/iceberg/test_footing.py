"""What a commit may go on top of."""

import pytest

from consumer.analytics.files import Covered
from consumer.analytics.iceberg.coverage import Coverage, LostCoverageError, SnapshotFacts, TableFacts
from consumer.analytics.iceberg.footing import Footing

HELD = Coverage("events", "id-1", {0: Covered(3, 9)})
OTHERS = TableFacts(5, {5: SnapshotFacts(None, {})}, {}, lambda: {0: 7})
"""Rows that no export has accounted for."""


def ours(coverage: Coverage) -> TableFacts:
    """A table whose snapshot says these offsets."""
    return TableFacts(6, {6: SnapshotFacts(5, coverage.summary())}, {}, dict)


def test_a_table_as_it_was_left() -> None:
    """The offsets count, not the snapshot that says them; other offsets are another export's."""
    assert Footing(HELD).fault_of(ours(HELD)) is None
    more = Footing(HELD).with_more({0: range(10, 12)})
    assert "another export is writing to it, or it was rolled back" == more.fault_of(ours(HELD))
    assert more.fault_of(ours(more.coverage)) is None


def test_a_table_that_does_not_say() -> None:
    """Where somebody said where to go on, the snapshot counts, until the first commit tells the offsets again."""
    with pytest.raises(LostCoverageError):
        Footing(HELD).fault_of(OTHERS)
    anew = Footing(HELD, 5)
    assert anew.fault_of(OTHERS) is None
    assert "it was changed meanwhile; run it again" == Footing(HELD, 4).fault_of(OTHERS)
    after = anew.with_more({0: range(10, 12)})
    assert after.fault_of(ours(after.coverage)) is None


def test_a_compaction_of_ones_own() -> None:
    """Its snapshot takes the place of the one that it was made of, and of no other."""
    assert Footing(HELD, 5) == Footing(HELD, 4).rewritten(4, 5)
    assert Footing(HELD, 4) == Footing(HELD, 4).rewritten(3, 5)
    assert Footing(HELD) == Footing(HELD).rewritten(None, 5)
