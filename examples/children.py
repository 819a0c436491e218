"""Runs the bridge's two commands as child processes: their logs, when they are ready, why one ended, how they end."""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from broker.leash import Leash

ROOT = Path(__file__).parents[1]
STOP_SECONDS = 20.0
PAUSE_SECONDS = 0.1
LAST_LINES = 8


def shown(path: Path) -> str:
    """A path for people: from the working directory if it lies below it."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


class ChildError(Exception):
    """A child ended or is not ready in time; the text says which one and shows the end of its log."""


class Child:
    """One command in a process of its own; killed if this process ends in whatever way.

    Args:
        name: what people call it.
        arguments: what Python is to run, as after `python`.
        address: HOST:PORT at which it answers `/readyz`.
        log: the file for what it writes; of this start only.
        environment: its variables.
    """

    def __init__(
        self, name: str, arguments: Sequence[str], *, address: str, log: Path, environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self.log = log
        self._address = address
        with log.open("wb") as file:
            # A session of its own: Ctrl-C in a terminal reaches only us, and we end it in order.
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=True,
            )
        self._leash: Leash | None = Leash(self._process.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def check(self) -> None:
        """Raises ChildError if it has ended."""
        if self._process.poll() is not None:
            self._let_go()
            raise ChildError(f"the {self.name} ended with exit {self._process.returncode}{self.last_words()}")

    def wait_until_ready(self, seconds: float) -> None:
        """Returns when `/readyz` is answered 200; raises ChildError if it ends or is not ready in time."""
        deadline = time.monotonic() + seconds
        while (reason := _unready_because(self._address)) is not None:
            self.check()
            if time.monotonic() >= deadline:
                raise ChildError(f"the {self.name} is not ready after {seconds:g} s: {reason}{self.last_words()}")
            time.sleep(PAUSE_SECONDS)

    def stop(self) -> None:
        """Ends it in order; kills it if it has not ended after 20 s. Quiet if it has ended."""
        if self._process.poll() is None:
            self._process.terminate()
        self._let_go()  # before it is waited for: afterwards its pid may be another process's
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def last_words(self) -> str:
        """The end of its log, ready to be put behind a sentence."""
        lines = self.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        return (
            "".join([f"\nIts log ({shown(self.log)}) ends with:", *(f"\n  {line}" for line in lines)]) if lines else ""
        )

    def _let_go(self) -> None:
        if self._leash is not None:
            self._leash.release()
            self._leash = None


def _unready_because(address: str) -> str | None:
    """Why the process at `address` is not ready, None if it is."""
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        return f"nothing answers at {address} ({error})"
    finally:
        connection.close()
    return None if answer.status == 200 else _reasons(body)


def _reasons(body: bytes) -> str:
    try:
        return "; ".join(json.loads(body)["reasons"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace")
