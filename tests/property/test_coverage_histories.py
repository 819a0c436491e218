"""Random histories of a table: exports, changes by others, rollbacks, expiry. What it says it holds is never wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.analytics.files import Covered
from consumer.analytics.iceberg.coverage import Coverage, LostCoverageError, SnapshotFacts, TableFacts, coverage_of
from tests.kit.examples import examples

_NOTHING: Final = Coverage("events", None, {})


@dataclass
class Model:
    """A table as it is, with what each snapshot truly holds beside it."""

    snapshots: dict[int, SnapshotFacts] = field(default_factory=dict)
    truth: dict[int, Coverage] = field(default_factory=dict)
    rows: dict[int, frozenset[tuple[int, int]]] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    current: int | None = None

    def facts(self) -> TableFacts:
        """What an export sees."""
        return TableFacts(self.current, dict(self.snapshots), dict(self.properties), self._greatest)

    def _greatest(self) -> Mapping[int, int]:
        found: dict[int, int] = {}
        for partition, offset in self.rows[self.current] if self.current is not None else ():
            found[partition] = max(found.get(partition, -1), offset)
        return found

    def held(self) -> Coverage:
        """What the current snapshot truly holds."""
        return _NOTHING if self.current is None else self.truth[self.current]

    def export(self, partition: int, count: int) -> None:
        """An export takes the next records of a partition, if it can tell where it is."""
        try:
            held = coverage_of(self.facts()) or _NOTHING
        except LostCoverageError:
            return
        assert held.offsets == self.held().offsets
        last = held.offsets[partition].last if partition in held.offsets else -1
        taken = range(last + 1, last + 1 + count)
        after = held.with_more({partition: taken})
        number = self._add(after, self._now() | {(partition, offset) for offset in taken}, after.summary())
        self.properties.update(after.properties(number))

    def others(self, *, deletes_above: int | None) -> None:
        """Somebody rewrites the rows, or deletes some."""
        if self.current is None:
            return
        kept = {(n, at) for n, at in self._now() if deletes_above is None or at <= deletes_above}
        self._add(self.held(), frozenset(kept), {})

    def roll_back(self) -> None:
        """To the snapshot before, if it is left."""
        before = None if self.current is None else self.snapshots[self.current].parent_id
        if before in self.snapshots:
            self.current = before

    def expire(self, *, forgets_parents: bool) -> None:
        """All but the current snapshot go; some libraries then forget their children's parents too."""
        self.snapshots = {
            number: SnapshotFacts(None, facts.summary) if forgets_parents else facts
            for number, facts in self.snapshots.items()
            if number == self.current
        }

    def _now(self) -> frozenset[tuple[int, int]]:
        return frozenset() if self.current is None else self.rows[self.current]

    def _add(self, truth: Coverage, rows: frozenset[tuple[int, int]], summary: Mapping[str, str]) -> int:
        number = len(self.truth) + 1
        self.snapshots[number] = SnapshotFacts(self.current, summary)
        self.truth[number], self.rows[number], self.current = truth, rows, number
        return number


_STEPS: Final = st.one_of(
    st.tuples(st.just("export"), st.integers(0, 2), st.integers(1, 3)),
    st.tuples(st.just("others"), st.one_of(st.none(), st.integers(0, 4)), st.none()),
    st.tuples(st.just("roll_back"), st.none(), st.none()),
    st.tuples(st.just("expire"), st.booleans(), st.none()),
)


@given(st.lists(_STEPS, max_size=12))
@settings(max_examples=examples(20_000, suite=500))
def test_what_a_table_says_is_never_wrong(steps: list[tuple[str, int | None, int | None]]) -> None:
    """Whatever happens, an export goes on exactly where the current snapshot ends, or says that it cannot tell."""
    model = Model()
    for name, first, second in steps:
        if name == "export":
            model.export(first or 0, second or 1)
        elif name == "others":
            model.others(deletes_above=first)
        elif name == "roll_back":
            model.roll_back()
        else:
            model.expire(forgets_parents=bool(first))
    try:
        found = coverage_of(model.facts())
    except LostCoverageError:
        return
    assert (found or _NOTHING).offsets == model.held().offsets


def test_exports_alone_are_always_told() -> None:
    """As long as nobody else expires snapshots, an export always knows where it is."""
    model = Model()
    for step in range(4):
        model.export(0, 2)
        model.others(deletes_above=step)
        model.roll_back()
    found = coverage_of(model.facts())
    assert found is not None
    assert {0: Covered(0, 7)} == found.offsets
