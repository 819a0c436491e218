"""Results: what is written is read again, and the table adds up."""

from tests.chaos.results import HARNESS, VIOLATED, Result, parse
from tests.chaos.table import table

HELD = Result(
    1, "held", [], "crashes", 1, {"worker killed": 2}, events=1000, posts=1100, repeats={"kill": 3}, bounds={"kill": 96}
)


def test_a_line_is_read_again() -> None:
    """As it was."""
    assert [HELD] == parse([HELD.line()])


def test_the_table_adds_up() -> None:
    """By setup, and by kind of fault; a run that could not be judged is none."""
    violated = Result(2, VIOLATED, ["lost: x"], "brokers", 3, {"worker killed": 1}, events=500, lost=1, recovery_s=7.2)
    made = table([HELD, violated, Result(3, HARNESS, ["no broker"])]).splitlines()
    assert "|  | one broker | three brokers | all |" in made
    assert "| runs | 1 | 1 | 2 |" in made
    assert "| runs in which every promise was held | 1 | 0 | 1 |" in made
    assert "| events answered 200 | 1,000 | 500 | 1,500 |" in made
    assert "| events lost | 0 | 1 | 1 |" in made
    assert "| repeats, kill (bound) | 3 (96) | 0 (0) | 3 (96) |" in made
    assert "| slowest recovery | 0 s | 7 s | 7 s |" in made
    assert "| worker killed | 3 |" in made


def test_progress_tells_the_run() -> None:
    """In one line."""
    told = HELD.progress()
    assert told.startswith("seed 1: held (crashes, 1 broker(s), 2 faults, 1000 events")
    assert "3 repeats" in told
