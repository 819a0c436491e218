"""Waits: growing, capped, stretched and never shortened."""

from hypothesis import given
from hypothesis import strategies as st

from runtime.backoff import Backoff

_FIRST = st.floats(0.001, 86400.0)
_MOST = st.floats(0.001, 86400.0)
_JITTER = st.floats(0.0, 1.0, exclude_max=True)


def _after(tries: int, first: float, most: float, jitter: float) -> float:
    return Backoff(first, most, lambda: jitter).after(tries)


def test_the_registrys_backoff_doubles_to_five_minutes() -> None:
    """With the defaults: 1, 2, 4 ... 256, then 300 seconds."""
    waits = [_after(tries, 1.0, 300.0, 0.0) for tries in range(1, 12)]
    assert [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] == waits


@given(st.integers(1, 10**6), _FIRST, _MOST, _JITTER)
def test_waits_are_capped_and_stretched_upwards(tries: int, first: float, most: float, jitter: float) -> None:
    """Jitter adds up to a quarter and takes nothing away; the cap holds before it, at any number of tries."""
    plain = _after(tries, first, most, 0.0)
    stretched = _after(tries, first, most, jitter)
    assert min(first, most) <= plain <= most
    assert plain <= stretched <= plain * 1.25


@given(st.integers(1, 10**6), st.integers(0, 10**6), _FIRST, _MOST, _JITTER)
def test_waits_never_fall(tries: int, more: int, first: float, most: float, jitter: float) -> None:
    """More tries never wait less, up to a million of them."""
    sooner = _after(tries, first, most, jitter)
    assert sooner <= _after(tries + more, first, most, jitter)


@given(st.integers(1, 30), _JITTER, _JITTER)
def test_different_jitter_gives_different_waits(tries: int, one: float, other: float) -> None:
    """Lanes that failed together do not come back together."""
    waits = {_after(tries, 1.0, 300.0, jitter) for jitter in (one, other)}
    assert (abs(one - other) > 1e-9) <= (len(waits) == 2)
