"""A runner: a process that makes run after run on brokers of its own; seeds come in by lines, results go out."""

import asyncio
import shutil
import sys
import time
import traceback
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import uvloop

from broker import NEWEST
from tests.chaos.drawing import draw
from tests.chaos.oracle import judge
from tests.chaos.plan import Schedule
from tests.chaos.results import HARNESS, HELD, Result, result_of
from tests.chaos.rig import Rig
from tests.chaos.run import Stage, run
from tests.chaos.story import report

OURS = "registry-event-bridge"


async def one(schedule: Schedule, rig: Rig, folder: Path) -> Result:
    """Make a run and judge it; the files of one in which something went wrong stay in `folder`."""
    began = time.monotonic()
    try:
        cluster, wiring = await rig.of(schedule.brokers)
        evidence = await run(schedule, Stage(cluster, wiring, folder))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not the bridge that was judged
        await rig.give_up()
        _write(folder, f"{schedule}\n\n{traceback.format_exc()}")
        why = [f"{type(error).__name__}: {error}"]
        return Result(schedule.seed, HARNESS, why, schedule.profile, schedule.brokers, versions=versions())
    judgement = judge(evidence)
    result = result_of(evidence, judgement, seconds=time.monotonic() - began, versions=versions())
    if result.verdict == HELD:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        _write(folder, report(evidence, judgement.violations))
        for broker in cluster.brokers:
            shutil.copy(broker.log, folder / f"{broker.log.parent.name}.log")
        await rig.give_up()  # whatever is amiss must not reach the next run
    return result


def _write(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.txt").write_text(text)


@cache
def versions() -> Mapping[str, str]:
    """What runs."""
    return {
        "bridge": version(OURS),
        "python": sys.version.split()[0],
        "confluent-kafka": version("confluent-kafka"),
        "kafka": NEWEST.version,
    }


class Runs(Protocol):
    """Makes runs, one at a time."""

    async def make(self, seed: int) -> Result:
        """The run of a seed; when it is cancelled, nothing of it goes on."""


class RigRuns:
    """Runs on a rig.

    Args:
        rig: to run on.
        home: gets a folder for each run in which something went wrong.
    """

    def __init__(self, rig: Rig, home: Path) -> None:
        self._rig = rig
        self._home = home

    async def make(self, seed: int) -> Result:
        """See `Runs`."""
        return await one(draw(seed), self._rig, self._home / f"seed-{seed}")


async def serve(runs: Runs) -> None:
    """Make a run for each line of standard input, a seed, and write a line with its result.

    Whoever asks waits for each result. If the input ends before, he is gone: the run is broken off, and nothing of it
    goes on.
    """
    asked = _next_line()
    while line := await asked:
        asked = _next_line()
        running = asyncio.create_task(runs.make(int(line)))
        await asyncio.wait((running, asked), return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            running.cancel()
            await asyncio.wait([running])
            return
        sys.stdout.write(running.result().line())
        sys.stdout.flush()


async def _serve_with_brokers(home: Path) -> None:
    async with Rig(home / "kafka") as rig:
        await serve(RigRuns(rig, home.parent))


def _next_line() -> "asyncio.Task[str]":
    return asyncio.create_task(asyncio.to_thread(sys.stdin.readline))


if __name__ == "__main__":
    uvloop.run(_serve_with_brokers(Path(sys.argv[1])))
