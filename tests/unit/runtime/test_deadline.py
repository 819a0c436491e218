"""A deadline gives each step what is left of the time."""

from runtime.deadline import Deadline, StopDeadline
from tests.kit.still_clock import StillClock


def test_each_step_gets_what_is_left() -> None:
    """And nothing below nothing."""
    clock = StillClock()
    deadline = Deadline.after(12.0, clock)
    assert 12.0 == deadline.left_s
    clock.now += 10.5
    assert 1.5 == deadline.left_s
    clock.now += 10.0
    assert 0.0 == deadline.left_s


def test_a_stop_has_one_deadline() -> None:
    """It begins when somebody first wants it, and is the same for all that come later."""
    clock = StillClock()
    stopping = StopDeadline(5.0, clock)
    clock.now += 100.0
    first = stopping.begun()
    assert 5.0 == first.left_s
    clock.now += 3.0
    assert first is stopping.begun()
    assert 2.0 == first.left_s
