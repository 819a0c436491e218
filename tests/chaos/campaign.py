"""A campaign: many seeds, shared among some runners; each keeps its brokers as long as there are seeds for them."""

import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from broker.ports import ALL, SHARE, subshare
from tests.chaos.drawing import draw
from tests.chaos.results import HARNESS, Result, parse
from tests.kit.paths import ROOT

FAILED: Final = "the runner ended: its error stands above"


class Seeds:
    """The seeds that are still to be run, by the number of brokers that they need."""

    def __init__(self, seeds: Iterable[int]) -> None:
        self._lock = threading.Lock()
        self._queues: dict[int, deque[int]] = {1: deque(), 3: deque()}
        for seed in seeds:
            self._queues[draw(seed).brokers].append(seed)

    def take(self, brokers: int) -> tuple[int, int] | None:
        """A seed and its brokers: one for so many brokers if there is any; None if there is no seed at all."""
        with self._lock:
            longest = max(self._queues, key=lambda count: len(self._queues[count]))
            for count in (brokers, longest):
                if self._queues.get(count):
                    return self._queues[count].popleft(), count
            return None


class Campaign:
    """Runs seeds by so many runners at once, and hands each result on.

    Args:
        home: gets a folder for each runner, and one for each run that failed.
        jobs: how many runners.
        results: the file to which the results are appended.
        runner: the program of a runner, a module.
    """

    def __init__(self, home: Path, jobs: int, results: Path, *, runner: str = "tests.chaos.runner") -> None:
        self._home = home
        self._jobs = jobs
        self._results = results
        self._program = runner
        self._lock = threading.Lock()
        self.made: list[Result] = []

    def run(self, seeds: Iterable[int], told: Callable[[Result], None]) -> list[Result]:
        """Run them all; `told` hears of each result as it comes. The results."""
        self._home.mkdir(parents=True, exist_ok=True)
        waiting = Seeds(seeds)
        threads = [threading.Thread(target=self._runner, args=(number, waiting, told)) for number in range(self._jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.made

    def _runner(self, number: int, waiting: Seeds, told: Callable[[Result], None]) -> None:
        brokers = (1, 3)[number % 2]
        process = self._started(number)
        try:
            while (taken := waiting.take(brokers)) is not None:
                seed, brokers = taken
                result = self._asked(process, seed)
                self._keep(result, told)
                if process.poll() is not None:
                    _end(process)
                    process = self._started(number)
        finally:
            _end(process)

    def _asked(self, process: "subprocess.Popen[str]", seed: int) -> Result:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(f"{seed}\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            process.wait()
            return Result(seed, HARNESS, [FAILED])
        return parse([line])[0]

    def _keep(self, result: Result, told: Callable[[Result], None]) -> None:
        with self._lock:
            self.made.append(result)
            with self._results.open("a") as file:
                file.write(result.line())
            told(result)

    def _started(self, number: int) -> "subprocess.Popen[str]":
        """A runner with a share of the ports of its own."""
        share = subshare(os.environ.get(SHARE, ALL), number, self._jobs)
        return subprocess.Popen(
            [sys.executable, "-m", self._program, str(self._home / f"runner-{number}")],
            cwd=ROOT,
            env={**os.environ, SHARE: share},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


def _end(process: "subprocess.Popen[str]") -> None:
    """A runner ends when no more seeds can come."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(BrokenPipeError):
                stream.close()
    process.wait()
