"""What moving a cursor repeats and skips, held against the plain meaning: each offset finished or not."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.filters.endpoint_filter import Filter
from consumer.offsets.cursor import Cursor
from consumer.operations.rewind import Move, RewindPlan, SkipsEventsError, refuse_skips
from consumer.record import Record
from producer.event_record import record_of
from runtime.config import EndpointSettings
from schemas.event import Event

END = 30
ODD = 7
"""The offset of a record that is no event."""


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


def read_by(move: Move, offsets: range) -> Move:
    """The move, told of a record at each of these offsets that it passes: pushes, every third a pull, one no event."""
    filter_ = Filter(EndpointSettings(name="ci", url="https://ci/", ignored_actions=frozenset({"pull"})))
    for offset in offsets:
        if offset in move.passes:
            move.count(record(offset), filter_)
    return move


def record(offset: int) -> Record:
    """What lies at an offset."""
    made = record_of(Event(action=action(offset)), topic="t", accepted_ms=0)
    return Record("t", 0, offset, 0, made.key, b"no event" if offset == ODD else made.value, tuple(made.headers))


def action(offset: int) -> str:
    """Of the event at an offset."""
    return "pull" if offset % 3 == 0 else "push"


@given(case=cases())
def test_counts(case: Case) -> None:
    """Repeated is what was finished at and behind the new place; skipped what was not before it; all by the filter."""
    move = read_by(Move(0, case.cursor, case.to), range(END))
    again = [n for n, done in case.finished.items() if done and n >= case.to]
    missed = [n for n, done in case.finished.items() if not done and n < case.to]
    for offsets, count in ((again, move.repeats), (missed, move.skips)):
        readable = [action(offset) for offset in offsets if offset != ODD]
        assert (readable.count("push"), readable.count("pull")) == (count.wanted, count.filtered)
        assert (ODD in offsets) == bool(count.unreadable)


@given(case=cases())
def test_forwards_needs_a_word(case: Case) -> None:
    """Whatever would skip an event is refused without --skip; going back never is, nor skipping what is filtered."""
    move = read_by(Move(0, case.cursor, case.to), range(END))
    plan = RewindPlan("ci", True, [move])  # noqa: FBT003 - it has a cursor
    refuse_skips(plan, skip=True)
    assert plan.skips == move.skips.wanted + move.skips.unreadable
    if case.to <= case.cursor.start:
        refuse_skips(plan, skip=False)
    elif plan.skips:
        with pytest.raises(SkipsEventsError, match="use --skip"):
            refuse_skips(plan, skip=False)


def test_lines() -> None:
    """The sum first, of what the endpoint gets; then the partitions whose cursor moves."""
    moves = [Move(0, Cursor(9, (), -1, 9), 4), Move(1, Cursor(3, (), -1, 3), 3), Move(2, Cursor(1, (), -1, 5), 2)]
    plan = RewindPlan("ci", False, [read_by(move, range(10)) for move in moves])  # noqa: FBT003 - it has no cursor
    head = "ci: 3 events will be delivered again, 1 event will be skipped"
    assert [
        "ci has no cursor yet",
        f"{head}; the move also passes 1 filtered event; 1 record cannot be read by this version",
        "  partition 0: from 9 to 4, 3 again",
        "  partition 2: from 1 to 2, 1 skipped",
    ] == plan.lines()
    assert "ci: 3 events would be delivered again, 1 event would be skipped" in plan.lines(dry_run=True)[1]
