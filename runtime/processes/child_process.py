"""One child, from its start to its end: this very program, in another process."""

import asyncio
import signal
import sys
from dataclasses import dataclass
from typing import Final

from runtime.processes.order import STOP, ChildDuty, ChildOrder, LogOptions
from runtime.processes.slot import UP, ChildSlot

_PROGRAM: Final = "runtime.cli.process"


class ChildProcess:
    """A process that runs, or has ended."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process: Final = process

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def up(self) -> bool:
        """Wait until it listens: True; or until it ends before that: False."""
        assert self._process.stdout is not None
        return await self._process.stdout.readline() == UP

    async def ended(self) -> int:
        """Wait for its end: the exit status, negative if a signal ended it."""
        return await self._process.wait()

    def stop(self) -> None:
        """Ask it to stop in order."""
        assert self._process.stdin is not None
        self._process.stdin.write(STOP)
        self._process.stdin.close()

    def kill(self) -> None:
        """End it at once. Quiet if it has ended."""
        if self._process.returncode is None:
            self._process.kill()


@dataclass(frozen=True, slots=True)
class ChildStarter:
    """Starts children that all have the same duty."""

    command: str
    """As a person calls it, `registry-worker deliver` say: it shows in the list of processes."""
    duty: ChildDuty
    logs: LogOptions

    async def start(self, slot: ChildSlot) -> ChildProcess:
        """Start one, in a session of its own: a signal to the parent's terminal or group is the parent's to pass on.

        Raises:
            OSError: the system gives no process.
        """
        program, *words = self.command.split()
        arguments = [sys.executable, "-P", "-m", _PROGRAM, program, *words, str(slot.number)]
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*arguments, stdin=pipe, stdout=pipe, start_new_session=True)
        assert process.stdin is not None
        process.stdin.write(ChildOrder(self.duty, slot, self.logs).encoded())
        return ChildProcess(process)


def how_ended(status: int) -> str:
    """For a log line: `SIGKILL`, `exit 1`."""
    if status >= 0:
        return f"exit {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
