"""How long a process that ended is not started again."""

from runtime.processes.restart_pauses import HEALTHY_S, MOST_S, RestartPauses


def without_chance() -> float:
    """No stretch."""
    return 0.0


def test_pauses_grow_and_begin_again() -> None:
    """They double up to the most; a process that lived for a while begins them again."""
    pauses = RestartPauses(without_chance)
    assert [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, MOST_S, MOST_S] == [pauses.after(HEALTHY_S - 0.1) for _ in range(8)]
    assert [1.0, 2.0] == [pauses.after(HEALTHY_S), pauses.after(0.0)]
