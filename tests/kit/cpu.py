"""How much a piece of work costs, whatever the machine is and whatever else it is doing."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TURNS = 100_000
_TRIES = 3


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


def _turn_s() -> float:
    """Processor time of one turn of a loop, in seconds."""
    began = time.thread_time()
    for _ in range(_TURNS):
        pass
    return (time.thread_time() - began) / _TURNS
