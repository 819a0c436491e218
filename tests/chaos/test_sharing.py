"""Sharing out: against every way there is."""

from collections import Counter
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.oracle.sharing import share_out

CAUSES = "abc"
CHOICES = st.lists(st.lists(st.sampled_from(CAUSES), min_size=1, max_size=3, unique=True), max_size=6)
ROOMS = st.fixed_dictionaries(dict.fromkeys(CAUSES, st.integers(0, 2)))


@given(CHOICES, ROOMS)
def test_nothing_is_beyond_its_room_that_need_not_be(choices: list[list[str]], rooms: dict[str, int]) -> None:
    """And each thing has a cause of its own."""
    shared = share_out(choices, rooms)
    assert all(cause in causes for cause, causes in zip(shared, choices, strict=True))
    assert _beyond(shared, rooms) == min(_beyond(way, rooms) for way in product(*choices))


def test_the_likeliest_comes_first() -> None:
    """As long as it has room."""
    assert Counter(a=2, b=1) == Counter(share_out([["a", "b"]] * 3, {"a": 2, "b": 2}))
    assert ["b", "a"] == share_out([["a", "b"], ["a"]], {"a": 1, "b": 1})


def _beyond(way: tuple[str, ...] | list[str], rooms: dict[str, int]) -> int:
    return sum(max(0, count - rooms[cause]) for cause, count in Counter(way).items())
