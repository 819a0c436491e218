"""Room for bodies: never more is held than there is, and batches get it in the order in which they came for it."""

from dataclasses import dataclass
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from consumer.delivery.body_room import BodyRoom, HeldRoom
from consumer.lanes.delivery import Batch, Delivery, Lane
from consumer.record import Record

SMALL: Final = 4096
"""Bytes of the largest batch that needs no room."""
ROOM: Final = 100_000 * 20
"""For records of 100,000 bytes."""


class Bell:
    """Counts how often it was rung."""

    def __init__(self) -> None:
        self.rung = 0

    def wake(self) -> None:
        """Once more."""
        self.rung += 1


def batch(*sizes: int) -> Batch:
    """Records of these sizes, all they cost counted."""
    lane = Lane((0, b"a"))
    records = [Record("t", 0, at, 0, b"", bytes(size - 256)) for at, size in enumerate(sizes)]
    return Batch([Delivery(record, None, lane, 0.0, None) for record in records])


def taken(room: BodyRoom, one: Batch) -> HeldRoom:
    """What a batch holds that needs some."""
    held = room.take(one)
    assert held is not None
    return held


def test_large_ones_wait_for_each_other_in_order() -> None:
    """The second waits for room, and so does a smaller one behind it; both may go when the first ends."""
    bell = Bell()
    room, (first, second, third) = BodyRoom(bell, ROOM), (batch(60_000), batch(60_000), batch(10_000))
    assert room.admits(first)
    held = taken(room, first)
    assert [False, False] == [room.admits(second), room.admits(third)]
    assert (None, 0) == (room.next(), bell.rung)
    held.give_back()
    assert (1, second) == (bell.rung, room.next())
    taken(room, second)
    assert third is room.next()
    assert not room.waiting


def test_what_the_body_does_not_take_is_free_at_once() -> None:
    """A batch takes as much as it might need, which is known better when its body is written."""
    bell = Bell()
    room, second = BodyRoom(bell, ROOM), batch(90_000)
    held = taken(room, batch(100_000))
    assert not room.admits(second)
    held.keep(ROOM // 10)
    assert (1, second) == (bell.rung, room.next())


def test_what_waits_for_something_else_is_not_short_of_room() -> None:
    """A batch that has room now, and waits for the rate or a place, waits for no other's end."""
    room = BodyRoom(Bell(), ROOM)
    seen = [room.is_short]
    held = taken(room, batch(60_000))
    assert not room.admits(batch(60_000))
    seen.append(room.is_short)
    held.give_back()
    assert 1 == len(room.waiting)
    assert [False, True, False] == [*seen, room.is_short]


def test_a_crowd_is_drawn_no_further() -> None:
    """A thousand wait at most; the rest waits in its lanes."""
    room, one = BodyRoom(Bell(), ROOM), batch(100_000)
    taken(room, one)
    seen = []
    for _ in range(1000):
        room.admits(one)
        seen.append(room.is_crowded)
    assert [*[False] * 999, True] == seen


def test_one_that_might_need_all_goes_beside_bodies_that_are_written() -> None:
    """While these hold half at most; never two whose size is not known."""
    room, first, second = BodyRoom(Bell(), ROOM), batch(1_000_000), batch(1_000_000)
    held = [taken(room, batch(40_000)), taken(room, batch(60_000))]
    assert not room.admits(first)
    held[0].keep(ROOM // 4)
    assert room.next() is None
    held[1].keep(ROOM // 4)
    assert first is room.next()
    taken(room, first)
    assert not room.admits(second)


def test_one_that_needs_more_than_there_is_goes_alone() -> None:
    """It waits until all is free, and not for ever."""
    room, largest = BodyRoom(Bell(), ROOM), batch(1_000_000)
    held = taken(room, batch(5000))
    assert not room.admits(largest)
    held.give_back()
    assert largest is room.next()
    taken(room, largest)
    assert not room.admits(batch(5000))


def test_a_small_one_waits_for_nobody() -> None:
    """However many wait: so many small ones may be under way as requests."""
    room = BodyRoom(Bell(), ROOM)
    taken(room, batch(100_000))
    assert not room.admits(batch(5000))
    assert room.admits(batch(SMALL // 2, SMALL // 2))
    assert room.take(batch(SMALL)) is None


def test_those_that_are_dismissed_wait_no_longer() -> None:
    """All at once, in order."""
    room, waiting = BodyRoom(Bell(), ROOM), [batch(5000), batch(6000)]
    held = taken(room, batch(100_000))
    assert [False, False] == [room.admits(one) for one in waiting]
    assert waiting == room.dismiss()
    held.give_back()
    assert room.next() is None


_STEPS: Final = st.tuples(st.sampled_from(["come", "next", "keep", "end", "dismiss"]), st.integers(0, 120))


@dataclass(eq=False)
class Held:
    """What one batch holds, as the test counts it."""

    room: HeldRoom
    size: int
    is_written: bool = False

    def keep(self, size: int) -> None:
        """Its body is written."""
        self.size, self.is_written = size, True
        self.room.keep(size)


@given(st.lists(_STEPS, max_size=40))
def test_room_is_kept_whatever_the_order(steps: list[tuple[str, int]]) -> None:
    """No more is held than there is, or one body beside half of it; none overtakes another; in the end all is free."""
    room, under_way, in_line = BodyRoom(Bell(), ROOM), list[Held](), list[Batch]()

    def start(one: Batch) -> None:
        others = sum(held.size for held in under_way)
        needed = min(one.deliveries[0].record.size * 20, ROOM)
        is_alone = all(held.is_written for held in under_way) and others <= ROOM / 2
        assert is_alone or others + needed <= ROOM
        under_way.append(Held(taken(room, one), needed))

    for step, number in steps:
        if step == "come":
            one = batch(5000 + 1000 * number)
            if room.admits(one):
                start(one)
            else:
                in_line.append(one)
        elif step == "next" and (found := room.next()) is not None:
            assert found is in_line.pop(0)
            start(found)
        elif step == "dismiss":
            assert in_line == room.dismiss()
            in_line.clear()
        elif step == "keep" and under_way:
            held = under_way[number % len(under_way)]
            held.keep(held.size * number // 120)
        elif step == "end" and under_way:
            under_way.pop(number % len(under_way)).room.give_back()
    room.dismiss()
    for held in under_way:
        held.room.give_back()
    taken(room, batch(95_000))
    assert room.admits(batch(5000))
    assert not room.admits(batch(6000))
