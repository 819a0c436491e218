"""Partitions that nobody has: when that is too long, and who joins anew, how often."""

import random
from itertools import pairwise

from consumer.worker.orphans import LATER_S, PATIENCE_S, SPREAD_S, VALID_S, Orphans

DRAIN_S = 10.0
LIMIT_S = PATIENCE_S + DRAIN_S


def orphans(jitter: float = 0.0) -> Orphans:
    """None is known yet."""
    return Orphans(drain_s=DRAIN_S, jitter=lambda: jitter)


def test_a_partition_is_overdue_when_nobody_has_had_it_for_a_minute_and_a_drain() -> None:
    """Each for itself."""
    found = orphans()
    found.look([3], 0.0)
    found.look([3, 5], 40.0)
    assert found.are_suspected
    assert {} == found.overdue(LIMIT_S - 0.1)
    assert {3: LIMIT_S} == found.overdue(LIMIT_S)
    found.look([5], LIMIT_S)
    assert {} == found.overdue(LIMIT_S)
    assert {5: 75.0} == found.overdue(115.0)


def test_whoever_has_it_in_between_begins_the_time_anew() -> None:
    """Only what lasts was forgotten."""
    found = orphans()
    for second in range(0, 600, 10):
        found.look([3] if second % 60 else [], float(second))
        assert {} == found.overdue(float(second))


def test_a_look_that_tells_nothing_changes_nothing_for_a_while() -> None:
    """What was seen last holds, and not for ever: unknown is unknown."""
    found = orphans()
    found.look([3], 0.0)
    found.look(None, LIMIT_S)
    assert {3: LIMIT_S} == found.overdue(LIMIT_S)
    found.look(None, VALID_S + 1.0)
    assert {} == found.overdue(VALID_S + 1.0)
    assert not found.are_suspected


def test_a_member_without_partitions_joins_anew_first() -> None:
    """One that has some leaves the others half a minute to help."""
    found = orphans()
    found.look([3], 0.0)
    assert not found.is_to_rejoin(LIMIT_S - 0.1, has_partitions=False)
    assert found.is_to_rejoin(LIMIT_S, has_partitions=False)
    assert not found.is_to_rejoin(LIMIT_S + LATER_S - 0.1, has_partitions=True)
    assert found.is_to_rejoin(LIMIT_S + LATER_S, has_partitions=True)


def test_members_join_anew_spread_over_time() -> None:
    """Each has a chance of its own."""
    found = orphans(jitter=0.9)
    found.look([3], 0.0)
    assert not found.is_to_rejoin(LIMIT_S + 0.9 * SPREAD_S - 0.1, has_partitions=False)
    assert found.is_to_rejoin(LIMIT_S + 0.9 * SPREAD_S, has_partitions=False)


def test_the_rate_is_bounded() -> None:
    """Where joining anew does not help it is tried ever more seldom: 8 times in an hour, every ten minutes then."""
    found = Orphans(drain_s=DRAIN_S, jitter=random.Random(1).random)
    times = []
    for second in range(2 * 3600):
        if second % 10 == 0:
            found.look([3], float(second))
        if found.is_to_rejoin(float(second), has_partitions=False):
            found.rejoined(float(second))
            times.append(second)
    waits = [after - before for before, after in pairwise(times)]
    assert 60 <= waits[0] <= 75
    assert 600 <= waits[-1] <= 750
    assert sum(second < 3600 for second in times) <= 8


def test_when_all_have_owners_it_is_over() -> None:
    """The next time begins as the first did."""
    found = orphans()
    found.look([3], 0.0)
    for _ in range(5):
        found.rejoined(LIMIT_S)
    found.look([], 100.0)
    found.look([4], 200.0)
    assert found.is_to_rejoin(200.0 + LIMIT_S, has_partitions=False)
