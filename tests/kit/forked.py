"""Our programs as processes that a fork server forks: as `subprocess` has them, half a second sooner."""

import atexit
import os
import select
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO

from tests.kit.fork_server import Order
from tests.kit.paths import ROOT

SERVE = "from tests.kit.fork_server import main; main()"
END_S = 30.0


class Forked:
    """A running program, with as much of `subprocess.Popen` as tests ask for.

    Args:
        module: `producer.cli` or `consumer.cli`.
        arguments: the subcommand and its options.
        stdout: a file that gets standard output.
        stderr: a file that gets standard error.
        environment: all of it.
    """

    def __init__(
        self,
        module: str,
        *arguments: str,
        stdout: IO[bytes],
        stderr: IO[bytes],
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self.returncode: int | None = None
        """The exit status (negative: the signal that ended it), None if it is not known to have ended."""
        order = Order(module, arguments, dict(environment)).encoded()
        ours, theirs = socket.socketpair()
        with theirs, Path(os.devnull).open("rb") as nothing:
            descriptors = [nothing.fileno(), stdout.fileno(), stderr.fileno(), theirs.fileno()]
            socket.send_fds(_server(), [order], descriptors)
        self._report = ours
        self._lines = ours.makefile("rb")
        self.pid = self._told()

    def poll(self) -> int | None:
        """The exit status if it has ended."""
        return self._ended(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit status when it has ended; subprocess.TimeoutExpired if that is not within so many seconds."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired([str(self.pid)], timeout or 0.0)
        return code

    def _ended(self, seconds: float | None) -> int | None:
        if self.returncode is None and select.select([self._report], [], [], seconds)[0]:
            self.returncode = self._told()
            self._lines.close()
            self._report.close()
        return self.returncode

    def _told(self) -> int:
        line = self._lines.readline()
        assert line, "the fork server has ended: its error stands above"
        return int(line)


def run(module: str, arguments: Sequence[str], timeout: float) -> subprocess.CompletedProcess[bytes]:
    """Runs a program to its end, without input; kills it and raises subprocess.TimeoutExpired if that takes longer."""
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        program = Forked(module, *arguments, stdout=stdout, stderr=stderr)
        try:
            code = program.wait(timeout)
        except subprocess.TimeoutExpired:
            os.kill(program.pid, 9)
            program.wait(END_S)
            raise
        for written in (stdout, stderr):
            written.seek(0)
        return subprocess.CompletedProcess([module, *arguments], code, stdout.read(), stderr.read())


@cache
def _server() -> socket.socket:
    """Where this process's fork server takes orders; it is started by the first."""
    ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
    with theirs:
        command = [sys.executable, "-c", SERVE, str(theirs.fileno())]
        server = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], start_new_session=True
        )
    atexit.register(_end, ours, server)
    return ours


def _end(orders: socket.socket, server: subprocess.Popen[bytes]) -> None:
    orders.close()
    server.wait(END_S)
