"""What moving a cursor repeats and skips, held against the plain meaning: each offset finished or not."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.cursor import Cursor
from consumer.rewind import Move, Plan, SkipsEventsError, refuse_skips

END = 30


@dataclass(frozen=True)
class Case:
    """A cursor in a log of offsets 0 to `END`, and where it is to go."""

    cursor: Cursor
    to: int
    finished: Mapping[int, bool] = field(default_factory=dict)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Cursors with and without holes."""
    start = draw(st.integers(0, END))
    holes: tuple[int, ...] = ()
    top = -1
    if start < END - 1 and draw(st.booleans()):
        top = draw(st.integers(start + 1, END - 1))
        holes = (start, *sorted(draw(st.sets(st.integers(start + 1, top - 1))) if top > start + 1 else ()))
    finished = {n: n < start or (n <= top and n not in holes) for n in range(END)}
    return Case(Cursor(start, holes, top, END), draw(st.integers(0, END)), finished)


@given(case=cases())
def test_counts(case: Case) -> None:
    """Repeated is what was finished at and behind the new place; skipped is what was not finished before it."""
    move = Move(0, case.cursor, case.to)
    assert sum(done for n, done in case.finished.items() if n >= case.to) == move.repeats
    assert sum(not done for n, done in case.finished.items() if n < case.to) == move.skips


@given(case=cases())
def test_forwards_needs_a_word(case: Case) -> None:
    """Whatever would skip an event is refused without --skip; going back never is."""
    plan = Plan("ci", "g", "t", True, [Move(0, case.cursor, case.to)])  # noqa: FBT003 - it has a cursor
    refuse_skips(plan, skip=True)
    if case.to <= case.cursor.start:
        refuse_skips(plan, skip=False)
    elif plan.skips:
        with pytest.raises(SkipsEventsError, match="say --skip"):
            refuse_skips(plan, skip=False)


def test_lines() -> None:
    """The sum first, then the partitions in which anything changes."""
    moves = [Move(0, Cursor(9, (), -1, 9), 4), Move(1, Cursor(3, (), -1, 3), 3), Move(2, Cursor(1, (), -1, 5), 2)]
    plan = Plan("ci", "g", "t", False, moves)  # noqa: FBT003 - it has no cursor
    assert [
        "ci has no cursor yet: its start would deliver 4 events",
        "ci: 5 events are delivered again, 1 are skipped",
        "  partition 0: from 9 to 4, 5 again",
        "  partition 2: from 1 to 2, 1 skipped",
    ] == plan.lines()
