"""Partitions of other workers in which nothing is finished: told once, and only what lasts."""

from consumer.offsets.cursor import Cursor
from consumer.worker.standstills import PATIENCE_S, Standstills


def at(start: int, end: int, *holes: int, top: int = -1) -> Cursor:
    """A cursor."""
    return Cursor(start, holes, top, end)


def test_what_lasts_is_told_once() -> None:
    """Whatever comes into the log behind it."""
    found = Standstills()
    for second in range(0, int(PATIENCE_S), 10):
        found.look({0: at(5, 9 + second), 1: at(7, 7)}, float(second))
        assert {} == found.untold(float(second))
    found.look({0: at(5, 1000), 1: at(7, 7)}, PATIENCE_S)
    assert {0: PATIENCE_S} == found.untold(PATIENCE_S)
    found.look({0: at(5, 1001)}, PATIENCE_S + 10)
    assert {} == found.untold(PATIENCE_S + 10)


def test_the_delay_of_the_endpoint_is_no_standstill() -> None:
    """Its events wait so long on purpose."""
    found = Standstills()
    found.look({0: at(5, 9)}, 0.0)
    found.look({0: at(5, 9)}, PATIENCE_S + 59)
    assert {} == found.untold(PATIENCE_S + 59, 60.0)
    assert {0: PATIENCE_S + 60} == found.untold(PATIENCE_S + 60, 60.0)


def test_whatever_is_finished_begins_the_time_anew() -> None:
    """Also an event behind others that wait; and where nothing waits nothing stands still."""
    found = Standstills()
    found.look({0: at(5, 99), 1: at(5, 99, 5, top=7), 2: at(5, 5)}, 0.0)
    found.look({0: at(6, 99), 1: at(5, 99, 5, top=8), 2: at(5, 5)}, PATIENCE_S - 1)
    found.look({0: at(6, 99), 1: at(5, 99, 5, top=8), 2: at(5, 5)}, PATIENCE_S)
    assert {} == found.untold(PATIENCE_S)
    assert {0: PATIENCE_S, 1: PATIENCE_S} == found.untold(2 * PATIENCE_S - 1)


def test_another_partition_is_news() -> None:
    """Told with all that stand still; so is one that stood still before, moved, and stands still again."""
    found = Standstills()
    found.look({0: at(5, 9)}, 0.0)
    found.look({0: at(5, 9), 1: at(1, 9)}, 100.0)
    assert {0: PATIENCE_S} == found.untold(PATIENCE_S)
    assert {0: 400.0, 1: 300.0} == found.untold(400.0)
    found.look({0: at(6, 9), 1: at(1, 9)}, 410.0)
    assert {} == found.untold(410.0)
    found.look({0: at(6, 9), 1: at(1, 9)}, 800.0)
    assert {0: 390.0, 1: 700.0} == found.untold(800.0)


def test_of_a_partition_that_is_ones_own_nothing_is_told() -> None:
    """The worker says itself why it waits; when another has it again the time begins anew."""
    found = Standstills()
    found.look({0: at(5, 9)}, 0.0)
    found.look({}, 200.0)
    found.look({0: at(5, 9)}, 250.0)
    assert {} == found.untold(PATIENCE_S)
