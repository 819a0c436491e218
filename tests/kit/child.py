"""A program as a child process that ends with this one, whatever happens; what it says goes to a log file."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from broker.leash import Leash


class Child:
    """Runs from the moment it is made until `kill`, or until it or this process ends.

    It inherits no environment: what it does must follow from its arguments and the files in its folder.

    Args:
        command: the program and its arguments.
        folder: where it runs.
        log: gets its standard output and error, after what is in it already.
    """

    def __init__(self, command: Sequence[str], *, folder: Path, log: Path) -> None:
        self._log = log
        with log.open("ab") as output:
            self._said_before = output.tell()
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={},
                start_new_session=True,  # Ctrl-C in a terminal reaches only us
            )
        self._leash: Leash | None = Leash(self._process.pid)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def died(self) -> str | None:
        """Why it is gone, in one line; None while it runs."""
        code = self._process.poll()
        if code is None:
            return None
        self._let_go()
        return f"it ended with exit {code}: {self._last_words()} (log: {self._log})"

    def kill(self) -> None:
        """Kills it with SIGKILL and returns when it is gone. Quiet if it is gone already."""
        self._process.kill()
        self._let_go()  # before it is waited for: afterwards its pid may be another process's
        self._process.wait()

    def stop(self, seconds: float) -> None:
        """Asks it to end with SIGTERM and kills it if it has not after so long; returns when it is gone."""
        self._process.terminate()
        self._let_go()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _let_go(self) -> None:
        if self._leash is not None:
            self._leash.release()
            self._leash = None

    def _last_words(self) -> str:
        """The last line that tells of an error, else the last one that is no frame of a stack trace."""
        with self._log.open("rb") as log:
            log.seek(self._said_before)
            lines = log.read().decode(errors="replace").splitlines()
        told = [line for line in lines if line.strip() and not line[0].isspace()]
        wrong = [line for line in told if " ERROR " in line]
        return (wrong or told or ["it said nothing"])[-1]
