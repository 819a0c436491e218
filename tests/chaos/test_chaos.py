"""A handful of chaos: four seeds with every kind of fault among them. `make chaos` runs as many as you like."""

from pathlib import Path

import pytest

from tests.chaos.campaign import Campaign
from tests.chaos.drawing import draw
from tests.chaos.plan import Kind
from tests.chaos.results import HARNESS, HELD, Result

pytestmark = pytest.mark.kafka

SEEDS = (457, 4433, 21929, 75865)
JOBS = 2


def test_the_seeds_have_every_kind_of_fault() -> None:
    """On one broker and on three."""
    schedules = [draw(seed) for seed in SEEDS]
    assert set(Kind) == {fault.kind for schedule in schedules for fault in schedule.faults}
    assert {1, 3} == {schedule.brokers for schedule in schedules}


def test_every_promise_is_held(tmp_path: Path) -> None:
    """Whatever fails; a run that could not be judged, on a machine that has other things to do, is made again."""
    made = _run(tmp_path / "first", SEEDS)
    again = [result.seed for result in made if result.verdict == HARNESS]
    made = [result for result in made if result.verdict != HARNESS] + _run(tmp_path / "again", again)
    assert sorted(SEEDS) == sorted(result.seed for result in made)
    assert [] == [_told(tmp_path, result) for result in made if result.verdict != HELD]


def _run(home: Path, seeds: tuple[int, ...] | list[int]) -> list[Result]:
    home.mkdir()
    return Campaign(home, JOBS, home / "results.jsonl").run(seeds, lambda result: print(result.progress()))  # noqa: T201


def _told(home: Path, result: Result) -> str:
    """The report of the run."""
    reports = list(home.glob(f"*/seed-{result.seed}/report.txt"))
    return "\n".join([result.progress(), *result.why, *(report.read_text() for report in reports)])
