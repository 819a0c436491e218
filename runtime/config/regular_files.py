"""Opening a file that a configuration names. A pipe or a device there could block for ever or never end.

A file is opened without blocking and then looked at: whoever swaps it for a pipe in between gains nothing.
"""

import os
import stat
from pathlib import Path
from typing import Final

_LONGEST: Final = 2**16 + 1
"""Characters that are read: one more than what any value may be, so that whoever takes it sees that it is too long."""


def read_regular(path: Path) -> str:
    """Read the beginning of a text file.

    Raises:
        OSError: it is not there, not readable, or not a regular file.
        UnicodeDecodeError: it is not UTF-8.
    """
    with os.fdopen(_opened(path), encoding="utf-8-sig", newline="") as file:
        return file.read(_LONGEST)


def check_regular(path: Path) -> None:
    """Find out whether a file could be read.

    Raises:
        OSError: it is not there, not readable, or not a regular file.
    """
    os.close(_opened(path))


def _opened(path: Path) -> int:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(0, "not a regular file")
