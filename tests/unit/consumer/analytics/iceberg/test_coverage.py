"""The offsets that a table says it holds: written, read, checked, and what cannot be told."""

from collections.abc import Mapping

import pytest

from consumer.analytics.files import Covered
from consumer.analytics.iceberg.coverage import (
    Coverage,
    ForeignTopicError,
    LostCoverageError,
    SnapshotFacts,
    TableFacts,
    coverage_of,
)

HELD = Coverage("events", "id-1", {0: Covered(3, 9), 11: Covered(0, 0)})


def table(
    snapshots: Mapping[int, SnapshotFacts], current: int | None, properties: Mapping[str, str], **greatest: int
) -> TableFacts:
    """A table whose rows reach to these offsets, by `pN`."""
    return TableFacts(current, snapshots, properties, lambda: {int(name[1:]): at for name, at in greatest.items()})


def test_a_summary_gives_back_what_was_written() -> None:
    """Topic, id and the offsets of every partition."""
    assert HELD == coverage_of(table({1: SnapshotFacts(None, HELD.summary())}, 1, {}))
    nameless = Coverage("events", None, {})
    assert nameless == coverage_of(table({1: SnapshotFacts(None, nameless.summary())}, 1, {}))


def test_more_offsets_go_on_behind_those_held() -> None:
    """A partition that is held keeps its first offset; a new one begins where its records do."""
    more = HELD.with_more({0: range(10, 15), 2: range(7, 8)})
    assert {0: Covered(3, 14), 2: Covered(7, 7), 11: Covered(0, 0)} == more.offsets


def test_an_empty_table_holds_nothing() -> None:
    """Without a snapshot, whatever the properties say."""
    assert coverage_of(table({}, None, HELD.properties(5))) is None
    assert coverage_of(table({1: SnapshotFacts(None, {})}, 1, {})) is None


def test_the_properties_count_for_the_snapshot_that_they_name() -> None:
    """If the snapshot before the oldest one left is theirs, nothing else needs to be asked."""
    found = coverage_of(table({2: SnapshotFacts(1, {})}, 2, HELD.properties(1)))
    assert HELD == found


def test_what_cannot_be_told_is_asked() -> None:
    """Neither a summary nor the properties nor the rows say it: the error names both ends and the way out."""
    with pytest.raises(LostCoverageError) as caught:
        coverage_of(table({3: SnapshotFacts(2, {})}, 3, HELD.properties(1), p0=7))
    assert (
        "the snapshot of the last export (0:9, 11:0) is gone, and its rows end elsewhere (0:7): say with "
        "--from PARTITION:OFFSET[,...], for all partitions, where the export is to go on"
    ) == str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": [1, 2]}', '{"1": 5}', '{"1": [1]}'])
def test_a_summary_that_somebody_damaged(text: str) -> None:
    """It is named, not guessed at."""
    summary = {**HELD.summary(), "registry-worker.offsets": text}
    with pytest.raises(LostCoverageError, match=r"its entry registry-worker\.offsets cannot be read"):
        coverage_of(table({1: SnapshotFacts(None, summary)}, 1, {}))


def test_a_table_is_of_one_topic() -> None:
    """Another topic, and an earlier one of the same name, are refused; an id that nobody knows is no obstacle."""
    HELD.check("t", "events", "id-1")
    HELD.check("t", "events", None)
    with pytest.raises(ForeignTopicError, match="table t holds topic events: give topic other a table of its own"):
        HELD.check("t", "other", "id-1")
    with pytest.raises(ForeignTopicError, match="an earlier topic events, which was deleted and created again"):
        HELD.check("t", "events", "id-2")
