"""One child, from its start to its end: this very program, in another process."""

import asyncio
import signal
import sys
from dataclasses import dataclass
from typing import Final

import msgspec

from runtime.config import Settings
from runtime.processes.order import STOP, ChildDuty, ChildOrder, LogOptions, ReloadOrder
from runtime.processes.slot import UP, ChildSlot, ReloadAnswer

_PROGRAM: Final = "runtime.cli.process"


class ChildProcess:
    """A process that runs, or has ended."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process: Final = process
        self._reloading: Final = asyncio.Lock()
        self._reloads = 0

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def up(self) -> bool:
        """Wait until it listens: True; or until it ends before that: False."""
        assert self._process.stdout is not None
        return await self._process.stdout.readline() == UP

    async def reload(self, settings: Settings) -> str:
        """Give it these settings, when it listens; why it has not taken them, empty if it has."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._reloading:
            self._reloads += 1
            self._process.stdin.write(ReloadOrder(self._reloads, settings).encoded())
            while line := await self._process.stdout.readline():
                answer = msgspec.json.decode(line, type=ReloadAnswer)
                if answer.number == self._reloads:  # else it is late: nobody waits for it any more
                    return answer.fault
        return "it ended"

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


@dataclass(slots=True)
class ChildStarter:
    """Starts children that all have the same duty; after a reload those that are started then have another."""

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
