"""Requests a second: an endpoint's `rate_limit`, evenly spread. Pure."""

from typing import Final

_LATE_S: Final = 0.005
"""How late a request may start and still be made up for: alarms are late, but an idle time saves nothing up."""


class RateLimit:
    """The time of the next request."""

    def __init__(self, per_second: float | None) -> None:
        """`per_second`: None lets all pass."""
        self._interval: Final = 1.0 / per_second if per_second else 0.0
        self._next = 0.0

    def next_at(self, now: float) -> float:
        """The moment from which a request may start; not after `now` if at once."""
        return self._next if self._interval else now

    def take(self, now: float) -> None:
        """A request starts now."""
        if self._interval:
            self._next = max(self._next, now - _LATE_S) + self._interval
