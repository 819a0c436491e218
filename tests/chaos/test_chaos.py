"""A handful of chaos: four seeds with every kind of fault among them. `make chaos` runs as many as you like."""

import re
from pathlib import Path

import pytest

from tests.chaos.campaign import Campaign
from tests.chaos.drawing import draw
from tests.chaos.oracle.endings import ENDED_WRONG
from tests.chaos.plan import Kind
from tests.chaos.results import HARNESS, HELD, Result

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(1800)]  # each run comes to rest within minutes, some run twice

SEEDS = (457, 4433, 21929, 75865)
JOBS = 1  # of several, each holds up the others' sessions
SLOW_END = re.compile(rf"{ENDED_WRONG}: \S+ took \S+ s after SIGTERM, \S+ s allowed")
FORCED_END = re.compile(rf"{ENDED_WRONG}: (\S+) ended with 1 after SIGTERM")


def test_the_seeds_have_every_kind_of_fault() -> None:
    """On one broker and on three."""
    schedules = [draw(seed) for seed in SEEDS]
    assert set(Kind) == {fault.kind for schedule in schedules for fault in schedule.faults}
    assert {1, 3} == {schedule.brokers for schedule in schedules}


def test_every_promise_is_held(tmp_path: Path) -> None:
    """Whatever fails; a run that a machine with other things to do has spoilt is made again, once."""
    first = _run(tmp_path / "first", SEEDS)
    again = [result.seed for result in first if result.verdict == HARNESS or _only_ended_late(tmp_path, result)]
    made = [result for result in first if result.seed not in again] + _run(tmp_path / "again", again)
    assert sorted(SEEDS) == sorted(result.seed for result in made)
    assert [] == [_told(tmp_path, result) for result in made if result.verdict != HELD]


def _run(home: Path, seeds: tuple[int, ...] | list[int]) -> list[Result]:
    home.mkdir()
    return Campaign(home, JOBS, home / "results.jsonl").run(seeds, lambda result: print(result.progress()))  # noqa: T201


def _only_ended_late(home: Path, result: Result) -> bool:
    """Whether nothing is amiss but how long processes took to end; one that is too late for itself ends with 1."""

    def is_late(why: str) -> bool:
        if forced := FORCED_END.fullmatch(why):
            log = home / "first" / f"seed-{result.seed}" / forced[1] / "stderr"
            return any(line.startswith("Timeout (") for line in log.read_text(errors="replace").splitlines())
        return SLOW_END.fullmatch(why) is not None

    return result.verdict != HELD and all(map(is_late, result.why))


def _told(home: Path, result: Result) -> str:
    """The report of the run."""
    reports = list(home.glob(f"*/seed-{result.seed}/report.txt"))
    return "\n".join([result.progress(), *result.why, *(report.read_text() for report in reports)])
