"""A runner for tests of campaigns: its runs are a process that sleeps, and have no end of their own."""

import asyncio
import os
import sys
from pathlib import Path

import uvloop

from tests.chaos.results import Result
from tests.chaos.runner import serve


class IdleRuns:
    """Runs without brokers, see `tests.chaos.runner.Runs`.

    Args:
        file: gets the ids of this process and of the one that a run starts, in a line.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    async def make(self, seed: int) -> Result:
        """Sleep until it is broken off; then end what was started."""
        process = await asyncio.create_subprocess_exec("sleep", "600")
        try:
            self._file.write_text(f"{os.getpid()} {process.pid}\n")
            await process.wait()
        finally:
            process.kill()
            await process.wait()
        raise AssertionError(f"the run of seed {seed} ended")


if __name__ == "__main__":
    uvloop.run(serve(IdleRuns(Path(sys.argv[1]))))
