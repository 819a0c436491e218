"""Who has caught up: what a group owes below ends that were fixed once."""

from hypothesis import given
from hypothesis import strategies as st

from consumer.offsets.cursor import cursor_of
from consumer.offsets.group_position import GroupPosition
from consumer.offsets.ledger import Snapshot
from consumer.places import Bounds
from consumer.worker.caught_up import owed_by

FIRST = {0: 2, 1: 0}


def position(commits: dict[int, int], end: dict[int, int]) -> GroupPosition:
    """A group with these commits in a log that ends there by now."""
    cursors = {
        number: cursor_of(
            Snapshot(commits[number]) if number in commits else None, first=FIRST[number], end=end[number]
        )
        for number in FIRST
    }
    return GroupPosition("g", "t", Bounds(FIRST, end), cursors if commits else {})


def test_what_came_later_is_not_waited_for() -> None:
    """The ends are those of the start; a partition without a commit owes all that it has."""
    at_start = Bounds(FIRST, {0: 5, 1: 3})
    now = {0: 50, 1: 30}
    assert 6 == owed_by(position({}, now), at_start)
    assert 2 + 3 == owed_by(position({0: 3}, now), at_start)
    assert 0 == owed_by(position({0: 5, 1: 3}, now), at_start)
    assert 0 == owed_by(position({0: 50, 1: 7}, now), at_start)
    assert 0 == owed_by(position({}, FIRST), Bounds(FIRST, FIRST)), "nothing is there to be delivered"


def test_a_commit_beyond_the_log_says_nothing_of_it() -> None:
    """It is of a log that was: the topic was made anew."""
    assert 3 == owed_by(position({0: 99, 1: 3}, {0: 5, 1: 3}), Bounds(FIRST, {0: 5, 1: 3}))


@given(st.integers(2, 9), st.integers(0, 9), st.integers(2, 9), st.integers(0, 5))
def test_owed_is_what_lies_between(commit: int, other: int, end: int, more: int) -> None:
    """Never negative, and nothing of one partition pays for another."""
    now = {0: max(end, commit) + more, 1: 9}
    found = owed_by(position({0: commit, 1: other}, now), Bounds(FIRST, {0: end, 1: 9}))
    assert found == max(0, end - commit) + 9 - other
