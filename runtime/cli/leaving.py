"""The end of a process whose work is done: at once.

The interpreter's own end takes to pieces all that was imported and made, which is a quarter of a second to a second of
a processor's time that nobody needs, and calls of Kafka's client that were given up are still under way.
"""

import os
import sys
from contextlib import suppress
from typing import NoReturn


def leave(status: int) -> NoReturn:
    """End this process with an exit status. What was written to its streams goes out; nothing else is waited for."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # nobody reads it any more, or it was closed
            stream.flush()
    os._exit(status)
