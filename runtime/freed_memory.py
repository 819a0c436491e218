"""Freed memory, given back to the operating system: what a large piece of work took stays with the process else."""

import ctypes
from typing import Final


class _NoTrim:
    """For C libraries that have no such call."""

    def malloc_trim(self, _pad: int) -> int:
        """Do nothing."""
        return 0


_LIBRARY: Final = ctypes.CDLL(None)
_TRIMS: Final = _LIBRARY if hasattr(_LIBRARY, "malloc_trim") else _NoTrim()


def give_back() -> None:
    """Give back what is free at the ends of the allocator's arenas: glibc keeps up to 64 MiB in each of them.

    Takes some milliseconds, in which other threads of Python run.
    """
    _TRIMS.malloc_trim(0)
