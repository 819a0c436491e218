"""What waits in all partitions of a group, as far as it is known."""

from hypothesis import given
from hypothesis.strategies import builds, dictionaries, integers, none

from consumer.offsets.backlog import Waiting, backlog, total

PARTS = dictionaries(integers(0, 3), builds(Waiting, integers(0, 3), none() | integers(1, 9)))


def test_nothing_waits() -> None:
    """That is known, and is not the same as not to know."""
    assert Waiting(0) == backlog({0: Waiting(0)}, {1: Waiting(0)}, 2)


def test_unknown_is_not_zero() -> None:
    """One partition of which nobody says anything makes the whole unknown; so does a topic never looked at."""
    assert backlog({0: Waiting(0)}, None, 2) is None
    assert backlog({0: Waiting(0)}, {2: Waiting(1)}, 3) is None
    assert backlog({}, {}, 0) is None


def test_own_partitions_are_fresher() -> None:
    """What was seen of one from outside, before it came here, counts no more."""
    assert Waiting(1, 7) == backlog({0: Waiting(1, 7)}, {0: Waiting(9, 1), 1: Waiting(0)}, 2)


def test_the_age_of_what_was_not_read_yet_is_seen_from_outside() -> None:
    """Its own lag is fresher all the same, and where nothing waits any more there is no age."""
    assert Waiting(5, 3) == backlog({0: Waiting(5)}, {0: Waiting(9, 3)}, 1)
    assert Waiting(0) == backlog({0: Waiting(0)}, {0: Waiting(9, 3)}, 1)
    assert Waiting(5) == backlog({0: Waiting(5)}, None, 1)


def test_the_oldest_is_unknown_where_the_age_of_something_that_waits_is() -> None:
    """It may be the one that was not read yet; what does not wait has no age."""
    assert Waiting(3, None) == total([Waiting(1, 5), Waiting(2, None)])
    assert Waiting(3, 4) == total([Waiting(1, 5), Waiting(2, 4), Waiting(0, None)])


@given(PARTS, PARTS, integers(1, 4))
def test_it_is_the_sum_of_what_is_known_best(
    own: dict[int, Waiting], elsewhere: dict[int, Waiting], partitions: int
) -> None:
    """Whatever is where."""
    own = {number: part for number, part in own.items() if number < partitions}
    found = backlog(own, elsewhere, partitions)
    best = {number: own.get(number, elsewhere.get(number)) for number in range(partitions)}
    if any(part is None for part in best.values()):
        assert found is None
    else:
        assert found is not None
        assert sum(part.lag for part in best.values() if part) == found.lag
