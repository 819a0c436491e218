"""The oracle finds what it is there for: bugs planted in our own programs, each in a run of a few seconds."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import pytest
import uvloop

from tests.chaos.oracle import judge
from tests.chaos.oracle.endings import STOOD_STILL
from tests.chaos.oracle.losses import LOST
from tests.chaos.oracle.truth import LIED
from tests.chaos.plan import EndpointPlan, Fault, Kind, LoadPlan, Schedule
from tests.chaos.rig import Rig
from tests.chaos.run import NotStartedError, Stage, run
from tests.chaos.story import report

pytestmark = pytest.mark.kafka

TRIES = 4
"""Faults come by the clock: on a busy machine a bug may have had no occasion to show itself."""
FAST_REST_S = 12.0
"""A run with a bug need not wait for long."""
AWAY_S = 4.0
"""Shorter than it is promised: whoever never tells, does not tell in time either."""
WAITING = {"backoff": "3s", "max_backoff": "3s"}


@dataclass(frozen=True)
class Planted:
    """A bug, the faults under which it shows, and what the oracle must say."""

    bug: str
    endpoint: EndpointPlan
    faults: tuple[Fault, ...]
    promise: str


CASES = (
    Planted(
        "commit_before_delivery",
        EndpointPlan("slow", 4, delay=0.2),
        (Fault(Kind.WORKER_KILLED, 2.5, 0.0, "w1"),),
        LOST,
    ),
    Planted(
        "commit_past_a_hole",
        EndpointPlan("single", 8, poison=6, more=WAITING),
        (Fault(Kind.WORKER_KILLED, 2.5, 0.0, "w1"),),
        LOST,
    ),
    Planted(
        "drop_unwritten_letters",
        EndpointPlan("single", 8, poison=4),
        (Fault(Kind.LETTERS_REFUSED, 0.5, 4.0),),
        LOST,
    ),
    Planted(
        "acknowledge_before_kafka",
        EndpointPlan("single", 8),
        (Fault(Kind.LINK_BLACK_HOLE, 1.0, 1.5, "i1>kafka"), Fault(Kind.INTAKE_KILLED, 1.5, 1.0, "i1")),
        LOST,
    ),
    Planted("miss_a_commits_answer", EndpointPlan("single", 2), (), STOOD_STILL),
    Planted(
        "always_ready",
        EndpointPlan("single", 8),
        (Fault(Kind.LINK_CUT, 0.5, 9.0, "w1>kafka"),),
        LIED,
    ),
)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    """The loop of the brokers' links, and of all runs."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as running:
        yield running


@pytest.fixture(scope="module")
def rig(loop: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """One broker for all."""
    made = Rig(tmp_path_factory.mktemp("chaos"))
    yield made
    loop.run(made.give_up())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.bug)
def test_the_oracle_finds_a_planted_bug(case: Planted, loop: asyncio.Runner, rig: Rig, tmp_path: Path) -> None:
    """By the promise that it breaks."""
    schedule = Schedule(
        seed=0,
        profile=case.bug,
        brokers=1,
        workers=("w1",),
        endpoints=(case.endpoint,),
        partitions=2,
        load=LoadPlan(envelopes=40, seconds=4.0, repositories=4, most_events=2),
        faults=case.faults,
    )

    async def found(folder: Path) -> str:
        """What the oracle says; empty if it has found the bug."""
        cluster, wiring = await rig.of(1)
        planted = ("tests.chaos.planted", case.bug)
        commands = {True: (*planted, "serve"), False: (*planted, "deliver")}
        try:
            evidence = await run(schedule, Stage(cluster, wiring, folder, commands, FAST_REST_S))
        except NotStartedError as error:
            return str(error)
        violations = judge(evidence, away_s=AWAY_S).violations
        is_found = case.promise in {violation.promise for violation in violations}
        return "" if is_found else report(evidence, violations)

    folders = [tmp_path / str(number) for number in range(TRIES)]
    for folder in folders:
        folder.mkdir()
    said = (loop.run(found(folder)) for folder in folders)
    missed = list(takewhile(bool, said))
    assert len(missed) < TRIES, missed[-1]
