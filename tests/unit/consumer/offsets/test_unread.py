"""The records behind cursors: offsets without a record are no lag, and the oldest record that waits has its time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from consumer.offsets.backlog import Waiting, total
from consumer.offsets.cursor import Cursor
from consumer.offsets.unread import unfinished_in
from consumer.record import Record

END = 12
TIMES = st.dictionaries(
    st.integers(0, END - 1), st.one_of(st.integers(0, 99), st.sampled_from([-1, -(2**63), 2**63 - 1]))
)
"""Some are no time."""


@dataclass
class FakeSource:
    """A partition 0 in memory: the time of acceptance of the record at each offset that holds one."""

    times: Mapping[int, int]
    read_so_far: int = 0

    def read(self, topic: str, ranges: Mapping[int, range], *, limit: int | None = None) -> Iterator[Record]:
        """The records at these offsets."""
        for offset in sorted(at for at in self.times if at in ranges.get(0, ()))[:limit]:
            self.read_so_far += 1
            yield Record(topic, 0, offset, self.times[offset], None, None)


@st.composite
def cursors(draw: st.DrawFn) -> Cursor:
    """With and without holes."""
    start = draw(st.integers(0, END))
    if start >= END - 1 or not draw(st.booleans()):
        return Cursor(start, (), -1, END)
    top = draw(st.integers(start + 1, END - 1))
    return Cursor(start, (start, *sorted(draw(st.sets(st.integers(start + 1, top))) - {top})), top, END)


@given(times=TIMES, cursor=cursors())
def test_what_lags_is_what_may_hold_a_record(times: dict[int, int], cursor: Cursor) -> None:
    """Lag ends with the last record that waits; its age is that of the first hole or of the first record behind."""
    source = FakeSource(times)
    found = unfinished_in(source, "t", {0: cursor})
    unread = [offset for offset in sorted(times) if offset >= cursor.unread]
    first = unread[0] if unread else END
    assert len(cursor.holes) + END - max(first, cursor.unread) == found.cursors[0].lag
    waiting = [times[offset] for offset in (*cursor.holes[:1], *unread[:1]) if offset in times]
    all_valid = all(0 <= time <= 99 for time in waiting)
    assert found.oldest_ms == ({0: min(waiting)} if waiting and all_valid else {})
    assert len(waiting) == source.read_so_far


class TwoPartitions:
    """Partition 0 has a record of no time, partition 1 one of 7 ms."""

    def read(self, topic: str, ranges: Mapping[int, range], *, limit: int | None = None) -> Iterator[Record]:
        """The first record of each range."""
        for number, span in ranges.items():
            yield Record(topic, number, span.start, -1 if number == 0 else 7, None, None)


def test_the_age_of_all_is_unknown_where_that_of_one_partition_is() -> None:
    """The age of a younger event is no answer, as long as something waits in that partition."""
    waits, finished = Cursor(0, (), -1, 500), Cursor(500, (), -1, 500)
    found = unfinished_in(TwoPartitions(), "t", {0: waits, 1: Cursor(0, (), -1, 1)})
    assert Waiting(501, None) == total(found.waiting.values())
    found = unfinished_in(TwoPartitions(), "t", {0: finished, 1: Cursor(0, (), -1, 1)})
    assert Waiting(1, 7) == total(found.waiting.values())
