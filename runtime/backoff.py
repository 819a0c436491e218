"""Waits between tries: exponential backoff, stretched by chance. Pure; chance is given.

`runtime.retrying` tries a step again by it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_STRETCH: Final = 0.25
"""Waits are stretched by up to a quarter, never shortened, so that many do not come back at once."""
_LAST_DOUBLING: Final = 64

Jitter = Callable[[], float]
"""A random number in [0, 1), another one at each call."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double, in seconds.

    With the registry's `backoff: 1s` and `max_backoff: 5m`: 1, 2, 4, ... 256, 300, 300 s; after 10 tries 13.5 min have
    passed.
    """

    first_s: float
    most_s: float
    jitter: Jitter

    def after(self, tries: int) -> float:
        """The wait after the n-th try: `first_s` x 2^(n-1), at most `most_s`, stretched by up to a quarter."""
        return self.stretched(self.at_least(tries))

    def at_least(self, tries: int) -> float:
        """The same without the stretch."""
        doublings = min(max(tries, 1) - 1, _LAST_DOUBLING)  # beyond, a float would overflow and the cap rules anyway
        return min(self.first_s * 2.0**doublings, self.most_s)

    def stretched(self, wait_s: float) -> float:
        """A wait, longer by up to a quarter."""
        return wait_s * (1.0 + _STRETCH * self.jitter())
