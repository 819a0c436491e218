"""How much a piece of work costs, whatever else the machine is doing."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cpu_bound(seconds: float) -> Iterator[None]:
    """AssertionError if what stands in the `with` takes more of the processor than this, waiting not counted."""
    began = time.thread_time()
    yield
    took = time.thread_time() - began
    assert took < seconds, f"took {took:.2f} s of the processor"
