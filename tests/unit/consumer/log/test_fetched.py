"""Which offsets reading passed over, and which of them retention took."""

from hypothesis import given
from hypothesis import strategies as st

from consumer.log.fetched import Fetched, ReadPositions, lost_of
from consumer.record import Record


def records(*offsets: int, partition: int = 0) -> list[Record]:
    """Records at these offsets."""
    return [Record("t", partition, offset, 0, None, b"") for offset in offsets]


def test_offsets_without_a_record_are_passed_over() -> None:
    """Between records, before the first, and up to the end that was met; each once."""
    positions = ReadPositions()
    positions.begin({0: 3, 1: 0})
    fetched = Fetched(records(5, 6, 9) + records(0, partition=1), {0: 12, 1: 1})
    assert {0: [range(3, 5), range(7, 9), range(10, 12)]} == positions.advance(fetched)
    assert {} == positions.advance(Fetched(records(12)))


def test_an_end_that_was_met_before_more_came_takes_nothing_back() -> None:
    """Ends come after the records of the same look, though some were met before."""
    positions = ReadPositions()
    positions.begin({0: 0})
    assert {} == positions.advance(Fetched(records(0, 1), {0: 1}))
    assert {} == positions.advance(Fetched(records(2)))


def test_a_log_that_was_made_anew_begins_again() -> None:
    """Lower offsets than before pass over nothing."""
    positions = ReadPositions()
    positions.begin({0: 50})
    assert {} == positions.advance(Fetched(records(0, 1)))
    assert {0: [range(2, 4)]} == positions.advance(Fetched(records(4)))


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5))), st.integers(0, 30))
def test_lost_is_what_lies_before_the_beginning(spans: list[tuple[int, int]], begins: int) -> None:
    """Of what was passed over: each offset before the log's beginning, and none behind it."""
    passed = [range(start, start + length) for start, length in spans]
    lost = [offset for span in lost_of(passed, begins) for offset in span]
    assert [offset for span in passed for offset in span if offset < begins] == lost
