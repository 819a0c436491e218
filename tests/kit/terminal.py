"""A terminal with one of our commands in it, that can be closed under the command, as a window or an ssh session is."""

import os
import pty
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from broker.leash import Leash
from tests.kit.eventually import LIMIT_S, eventually
from tests.kit.paths import ROOT
from tests.kit.process import WITH_SIGNALS
from tests.kit.running import Running


class Terminal(Running):
    """`python -m MODULE ARGUMENTS` as the leader of a session whose controlling terminal this is.

    Entering it starts the command; leaving it kills the command if it still runs.

    Args:
        module: what to run, e.g. `consumer.cli`.
        arguments: of the command.
        output: a file for standard output; the terminal if there is none.
        program: what runs the module; another program takes its first argument in place of the module.
    """

    def __init__(
        self,
        module: str,
        *arguments: str,
        output: Path | None = None,
        program: Sequence[str] = (sys.executable, "-m"),
    ) -> None:
        self._command = ["setsid", "--ctty", *WITH_SIGNALS, *program, module, *arguments]
        self._output = output
        self._shown = bytearray()
        self._wake, self._woken = os.pipe()

    def begin(self) -> None:
        """Starts the command."""
        self._ours, theirs = pty.openpty()
        out = self._output.open("wb") if self._output else None
        self._process = subprocess.Popen(self._command, cwd=ROOT, stdin=theirs, stdout=out or theirs, stderr=theirs)
        self._leash = Leash(self._process.pid)
        os.close(theirs)
        if out:
            out.close()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def report(self) -> str:
        """What the terminal has shown."""
        return f"--- terminal\n{self.shown}"

    def stop(self) -> None:
        """Kills the command if it still runs, and closes the terminal."""
        if self._process.poll() is None:
            self._process.kill()
        self._leash.release()
        self._process.wait()
        self.close()
        os.close(self._wake)

    @property
    def shown(self) -> str:
        """What it has shown so far."""
        return self._shown.decode(errors="replace")

    def wait_for(self, text: str, timeout: float = LIMIT_S) -> None:
        """Return as soon as it shows this; AssertionError after `timeout` seconds."""
        eventually(lambda: text in self.shown, timeout)

    @property
    def children(self) -> list[int]:
        """The processes that the command has started and not ended."""
        pid = self._process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def signal(self, number: signal.Signals) -> None:
        """Sends the command a signal."""
        self._process.send_signal(number)

    def close(self) -> None:
        """Hang up: the command gets SIGHUP, and what it writes to the terminal from here on fails with EIO."""
        if self._reading.is_alive():
            os.close(self._woken)
            self._reading.join()
            os.close(self._ours)

    def wait(self, timeout: float = LIMIT_S) -> int:
        """The command's exit status (negative: the signal that ended it)."""
        return self._process.wait(timeout)

    def _read(self) -> None:
        """Take what it shows, lest the command waits for a full terminal; until it is closed."""
        while True:
            ready, _, _ = select.select([self._ours, self._wake], [], [])
            if self._wake in ready:
                return
            try:
                self._shown += os.read(self._ours, 65_536)
            except OSError:  # the command has ended
                select.select([self._wake], [], [])
                return
