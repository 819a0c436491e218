"""The end of a process that does not end by itself, whatever holds its interpreter.

A client of Kafka can hold the interpreter's lock for ever, so that no code of ours runs any more: seen once in some 200
runs under random faults, when a worker was stopped amid a rebalance and its group had forgotten one of its consumers
(librdkafka 2.16). The watchdog of `faulthandler` is a thread that needs no lock.
"""

import faulthandler
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

GRACE_S: Final = 5.0
"""Beyond a deadline that is kept by other means, if any code runs at all."""


@contextmanager
def ended_within(seconds: float) -> Iterator[None]:
    """If what stands in the `with` takes longer, the process ends with status 1, and its stacks are on stderr.

    Nothing else is done then: no event is lost, because nothing is committed that was not delivered.
    """
    faulthandler.dump_traceback_later(seconds, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
