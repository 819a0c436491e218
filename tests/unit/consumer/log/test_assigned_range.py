"""An assigned range: which of the records read are wanted, and when a partition's range is read to its end."""

from hypothesis import given
from hypothesis import strategies as st

from consumer.log.assigned_range import AssignedRange
from consumer.log.fetched import Fetched
from consumer.record import Record


def records(*offsets: int, partition: int = 0) -> list[Record]:
    """Records at these offsets."""
    return [Record("t", partition, offset, 0, None, b"") for offset in offsets]


def test_what_lies_behind_the_range_is_not_wanted() -> None:
    """Its partition was read to the end of the range, and no farther."""
    wanted = AssignedRange({0: range(2, 5), 1: range(10)}).wanted(
        Fetched(records(3, 4, 5, 9) + records(0, partition=1))
    )
    assert records(3, 4) + records(0, partition=1) == wanted.records
    assert {0: 5, 1: 1} == wanted.ends


def test_what_lies_before_the_range_is_not_wanted() -> None:
    """Of a log that does not reach the range any more all is read: other events stand there, or none that are meant."""
    wanted = AssignedRange({0: range(500, 1000)}).wanted(Fetched(records(0, 3), {0: 4}))
    assert ([], {0: 4}) == (wanted.records, wanted.ends)


def test_a_range_that_ends_in_a_gap_is_read_to_its_end() -> None:
    """The end of the log lies behind it, whatever the last offsets of it held."""
    wanted = AssignedRange({0: range(2, 5)}).wanted(Fetched(records(2), {0: 7}))
    assert ([2], {0: 5}) == ([record.offset for record in wanted.records], wanted.ends)


@given(st.sets(st.integers(0, 30)), st.integers(0, 30), st.integers(1, 4))
def test_each_record_of_the_range_comes_once(offsets: set[int], stop: int, count: int) -> None:
    """However the log is cut into looks."""
    source, found, reached = AssignedRange({0: range(stop)}), list[int](), 0
    lies = sorted(offsets)
    for start in range(0, len(lies), count):
        wanted = source.wanted(Fetched(records(*lies[start : start + count])))
        found += [record.offset for record in wanted.records]
        reached = max(reached, *wanted.ends.values())
    assert [offset for offset in lies if offset < stop] == found
    assert reached == min(stop, max(lies, default=-1) + 1)
