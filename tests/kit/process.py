"""Runs one of our commands as a process, as an operator would: configuration file, log, readiness, signals.

It is forked from a process that has imported it (`tests.kit.forked`), or started afresh if it gets variables of its
own, which Python may read when it starts.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, TypeVar

import yaml

from broker.leash import Leash
from tests.kit.eventually import LIMIT_S, eventually
from tests.kit.forked import Forked
from tests.kit.paths import ROOT
from tests.kit.running import Running

TAIL_LINES = 30
NONE: Mapping[str, str] = MappingProxyType({})
WITH_SIGNALS = ("env", "--default-signal=HUP,INT")
"""Before a command that gets these signals: a run of tests under `nohup`, or in a script's background, ignores them."""
Value = TypeVar("Value")


class Process(Running):
    """One command: `python -m MODULE ARGUMENTS -c FOLDER/bridge.yaml --log-format json`.

    Leaving it ends it (SIGTERM, and SIGKILL after `grace`); if a test fails meanwhile, the tail of its output goes to
    the test's report.

    Args:
        module: what to run, e.g. `producer.cli`.
        arguments: the subcommand and its options.
        folder: where the configuration, stdout and stderr go; one for each process.
        config: the configuration; written as YAML, or as it is if it is text.
        environment: over this process's own environment.
        grace: seconds that SIGTERM is given when it is left.
    """

    def __init__(
        self,
        module: str,
        *arguments: str,
        folder: Path,
        config: Mapping[str, Any] | str,
        environment: Mapping[str, str] = NONE,
        grace: float = LIMIT_S,
    ) -> None:
        self.folder = folder
        self._config = config
        self._module = module
        self._arguments = [*arguments, "-c", str(folder / "bridge.yaml"), "--log-format", "json"]
        self._environment = environment
        self._grace = grace
        self._process: subprocess.Popen[bytes] | Forked | None = None
        self._leash: Leash | None = None

    def stop(self) -> None:
        """Ends it, if it still runs."""
        if self._process is not None and self.returncode is None:
            self.terminate(self._grace)

    def report(self) -> str:
        """The tail of its output."""
        return self.tail()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._started().pid

    @property
    def returncode(self) -> int | None:
        """The exit status (negative: the signal that ended it), None while it runs."""
        code = self._started().poll()
        if code is not None and self._leash is not None:
            self._leash.release()
            self._leash = None
        return code

    @property
    def stdout(self) -> str:
        """What it has written to standard output so far."""
        return (self.folder / "stdout").read_text(errors="replace")

    @property
    def stderr(self) -> str:
        """What it has written to standard error so far."""
        return (self.folder / "stderr").read_text(errors="replace")

    @property
    def address(self) -> str:
        """HOST:PORT it listens on, waiting for its log line `listening`."""
        return str(self.wait_for_log("listening")["address"])

    def begin(self) -> None:
        """Starts it; does not wait for anything. A process that has ended may be started again."""
        self.folder.mkdir(parents=True, exist_ok=True)
        text = self._config if isinstance(self._config, str) else yaml.safe_dump(dict(self._config))
        (self.folder / "bridge.yaml").write_text(text)
        with (self.folder / "stdout").open("wb") as out, (self.folder / "stderr").open("wb") as err:
            self._process = self._afresh(out, err) if self._environment else self._forked(out, err)

    def _forked(self, out: IO[bytes], err: IO[bytes]) -> Forked:
        return Forked(self._module, *self._arguments, stdout=out, stderr=err)

    def _afresh(self, out: IO[bytes], err: IO[bytes]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [*WITH_SIGNALS, sys.executable, "-m", self._module, *self._arguments],
            cwd=ROOT,
            env={**os.environ, **self._environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        self._leash = Leash(process.pid)
        return process

    def log(self) -> list[dict[str, Any]]:
        """The JSON lines of its log so far, of both streams; other lines are left out."""
        return [entry for line in (self.stderr + self.stdout).splitlines() if (entry := _entry(line)) is not None]

    def wait_for_log(self, event: str, timeout: float = LIMIT_S) -> dict[str, Any]:
        """The first log line with this `event`; AssertionError with the tail of the output if it does not come."""

        def found() -> dict[str, Any]:
            entry = next((entry for entry in self.log() if entry.get("event") == event), None)
            assert entry is not None, f"no log line {event!r}"
            return entry

        return self._eventually(found, timeout)

    def wait_ready(self, path: str = "/readyz", timeout: float = LIMIT_S) -> str:
        """Its URL, as soon as `path` is answered 200; AssertionError with the tail of the output if it never is."""
        address = self.address

        def ready() -> str:
            status, body = _get(address, path)
            assert status == 200, f"GET {path} answered {status}: {body!r}"
            return f"http://{address}"

        return self._eventually(ready, timeout)

    def wait(self, timeout: float = LIMIT_S) -> int:
        """Its exit status when it has ended by itself; AssertionError with the tail of the output if it has not."""
        try:
            self._started().wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout:g} s\n{self.tail()}") from None
        code = self.returncode
        assert code is not None
        return code

    def signal(self, number: signal.Signals) -> None:
        """Sends it a signal; SIGSTOP and SIGCONT freeze and thaw it."""
        os.kill(self.pid, number)

    def terminate(self, timeout: float = LIMIT_S) -> int:
        """Sends SIGTERM and returns the exit status; after `timeout` seconds kills it and raises AssertionError."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            return self.wait(timeout)
        except AssertionError:
            self.kill()
            raise

    def kill(self) -> int:
        """Sends SIGKILL and returns the exit status."""
        self.signal(signal.SIGKILL)
        return self.wait()

    def tail(self) -> str:
        """The command, its exit status and the last lines of both streams."""
        lines = [f"$ -m {' '.join([self._module, *self._arguments])}", f"exit status: {self.returncode}"]
        for name, text in (("stdout", self.stdout), ("stderr", self.stderr)):
            lines += [f"--- {name}", *text.splitlines()[-TAIL_LINES:]]
        return "\n".join(lines)

    def _started(self) -> subprocess.Popen[bytes] | Forked:
        assert self._process is not None, "the process was not started"
        return self._process

    def _eventually(self, check: Callable[[], Value], timeout: float) -> Value:
        """As `eventually`, but gives up when the process ends, and tells the tail of its output."""

        def check_while_running() -> Value:
            try:
                return check()
            except AssertionError as error:
                if self.returncode is not None:
                    raise _EndedError(f"it ended before that: {error}") from None
                raise

        try:
            return eventually(check_while_running, timeout)
        except (AssertionError, _EndedError) as error:
            raise AssertionError(f"{error}\n{self.tail()}") from None


class _EndedError(Exception):
    """The process has ended; waiting on makes no sense."""


def _entry(line: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _get(address: str, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(address, timeout=LIMIT_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise AssertionError(f"GET {path} of {address}: {error!r}") from error
    finally:
        connection.close()
