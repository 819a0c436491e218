"""Ids: UUID version 7, always rising."""

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from producer.bridge.event_id import TimeOrderedIds, new_id

TIMES = st.integers(0, (1 << 47) * 1_000_000)


def ids_at(times: list[int], random: bytes = b"\x00" * 8) -> list[str]:
    """The ids of a process whose clock shows these times, one an id."""
    clock: Iterator[int] = iter(times)
    make = TimeOrderedIds(clock=lambda: next(clock), randomness=lambda size: random[:size])
    return [make() for _ in times]


def test_the_layout_is_version_7() -> None:
    """Milliseconds, version, fraction, variant and random bits stand where RFC 9562 puts them."""
    [made] = ids_at([0x017F_22E2_79B0 * 1_000_000], b"\xff" * 8)
    assert made == "017f22e2-79b0-7000-bfff-ffffffffffff"


def test_what_is_made_here_is_like_the_registry_s() -> None:
    """The process's own ids are UUIDs of version 7, 36 characters of lower-case hex, of the present time."""
    before = time.time_ns() // 1_000_000
    made = new_id()
    read = uuid.UUID(made)
    assert (7, uuid.RFC_4122, str(read)) == (read.version, read.variant, made)
    assert before <= read.int >> 80 <= time.time_ns() // 1_000_000 + 1


@given(st.lists(TIMES, min_size=2, max_size=30))
def test_ids_rise_whatever_the_clock_does(times: list[int]) -> None:
    """A clock that stands or goes back gives no id twice and none out of order, as text and as number."""
    made = ids_at(times)
    assert all(one < next_one for one, next_one in pairwise(made))
    assert all(uuid.UUID(one).version == 7 for one in made)


@given(st.lists(TIMES, min_size=1, max_size=30, unique=True).map(sorted))
def test_the_time_is_in_the_id(times: list[int]) -> None:
    """A clock that goes forward by milliseconds is read back from the ids."""
    millis = sorted({when // 1_000_000 for when in times})
    made = ids_at([one * 1_000_000 for one in millis])
    assert millis == [uuid.UUID(one).int >> 80 for one in made]


def test_threads_never_share_an_id() -> None:
    """Ids of many threads are all different, even from a clock that stands and without randomness."""
    make = TimeOrderedIds(clock=lambda: 0, randomness=bytes)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: make(), range(4000)))
    assert len(set(made)) == 4000
