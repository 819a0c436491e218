"""How a child ended, in words."""

from runtime.processes.child_process import how_ended


def test_how_it_ended() -> None:
    """An exit status, a signal by its name, or one that has none."""
    assert ["exit 0", "exit 2", "SIGKILL", "SIGSEGV", "signal 99"] == [how_ended(one) for one in (0, 2, -9, -11, -99)]
