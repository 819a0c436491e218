"""A deadline gives each step what is left of the time."""

from runtime.deadline import Deadline
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
