"""The ceiling of requests in flight: halved by overload, raised one by one, never outside its bounds."""

from hypothesis import given
from hypothesis import strategies as st

from consumer.delivery.policy.concurrency_limit import ConcurrencyLimit


def test_starts_at_concurrency() -> None:
    """Before anything is known, an endpoint gets what its configuration says."""
    assert 64 == ConcurrencyLimit(64).value


def test_overload_halves_but_not_below_one() -> None:
    """A timeout, 429 or 503 halves it."""
    ceiling = ConcurrencyLimit(64)
    limits = []
    for _ in range(8):
        ceiling.overloaded()
        limits.append(ceiling.value)
    assert [32, 16, 8, 4, 2, 1, 1, 1] == limits


def test_as_many_deliveries_as_it_is_wide_raise_it_by_one() -> None:
    """After an open breaker: 1 delivery makes it 2, 2 more make it 3, and so on up to `concurrency`."""
    ceiling = ConcurrencyLimit(4)
    ceiling.start_over()
    limits = []
    for _ in range(12):
        ceiling.delivered()
        limits.append(ceiling.value)
    assert [2, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4] == limits


def test_overload_begins_the_count_again() -> None:
    """Deliveries before an overload do not count for the next step."""
    ceiling = ConcurrencyLimit(8)
    ceiling.overloaded()
    for _ in range(3):
        ceiling.delivered()
    ceiling.overloaded()
    ceiling.delivered()
    assert 2 == ceiling.value
    ceiling.delivered()
    assert 3 == ceiling.value


@given(st.integers(1, 30), st.integers(0, 30), st.lists(st.integers(0, 60), max_size=5))
def test_a_batch_counts_as_its_events_one_by_one(most: int, first: int, batches: list[int]) -> None:
    """Wherever the count stands, and however many steps one batch is enough for."""
    together, apart = ConcurrencyLimit(most), ConcurrencyLimit(most)
    for ceiling in (together, apart):
        ceiling.start_over()
    for events in (first, *batches):
        together.delivered(events)
        for _ in range(events):
            apart.delivered()
        assert apart.value == together.value


@given(st.integers(1, 100), st.lists(st.sampled_from(["delivered", "overloaded", "start_over"]), max_size=200))
def test_stays_within_its_bounds(most: int, steps: list[str]) -> None:
    """Between 1 and `concurrency`, and never up by more than one at a time."""
    ceiling = ConcurrencyLimit(most)
    for step in steps:
        before = ceiling.value
        getattr(ceiling, step)()
        assert 1 <= ceiling.value <= min(most, before + 1)
