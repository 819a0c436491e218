"""How much a piece of work costs, whatever the machine is and whatever else it is doing."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

_TURNS = 100_000
_TRIES = 3
_STEP_S = 0.02
_STOOD_STILL_S = 0.2
"""A step that took so long was not waiting."""
Value = TypeVar("Value")


@contextmanager
def cpu_bound(million_turns: float) -> Iterator[None]:
    """AssertionError if what stands in the `with` costs more than so many turns of an empty loop beside it.

    A busy machine makes both slower; what grows faster than its input costs thousands of times as much.
    """
    turn = min(_turn_s() for _ in range(_TRIES))
    began = time.thread_time()
    yield
    took = (time.thread_time() - began) / max(turn, min(_turn_s() for _ in range(_TRIES)))
    assert took < million_turns * 1e6, f"it cost {took / 1e6:.0f} million turns"


def process_s(pid: int) -> float:
    """Processor time that a running process has taken so far, all its threads together, in seconds."""
    user, system = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def worked_until(pid: int, answer: Callable[[], Value]) -> tuple[Value, float]:
    """What is answered, and the processor time that a process took until then, in seconds.

    What it did while this process stood still itself is left out: the answer may have been there for long.
    """
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(answer)
        worked, looked_at, before = 0.0, time.monotonic(), process_s(pid)
        while not asked.done():
            wait([asked], _STEP_S)
            now, total = time.monotonic(), process_s(pid)
            worked += total - before if now - looked_at < _STOOD_STILL_S else 0.0
            looked_at, before = now, total
        return asked.result(), worked


def _turn_s() -> float:
    """Processor time of one turn of a loop, in seconds."""
    began = time.thread_time()
    for _ in range(_TURNS):
        pass
    return (time.thread_time() - began) / _TURNS
