"""Reading the dead-letter topic: some letters at a time."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from consumer.dead_letters.topic import rounds


@given(st.sets(st.tuples(st.integers(0, 3), st.integers(0, 5_000)), max_size=40))
def test_rounds_hold_every_place_without_wide_gaps(places: set[tuple[int, int]]) -> None:
    """Each place is read once, one range of a partition at a time, and no more than 500 offsets between two of them."""
    read = [(partition, offset) for part in rounds(places) for partition, span in part.items() for offset in span]
    assert len(read) == len(set(read))
    assert places <= set(read)
    for part in rounds(places):
        for partition, span in part.items():
            wanted = sorted(offset for at, offset in places if at == partition and offset in span)
            assert (span.start, span.stop - 1) == (wanted[0], wanted[-1])
            assert all(after - before <= 501 for before, after in pairwise(wanted))
