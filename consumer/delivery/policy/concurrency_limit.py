"""The limit of requests in flight: additive increase, multiplicative decrease. Pure."""

from typing import Final


class ConcurrencyLimit:
    """A limit between 1 and `most`."""

    def __init__(self, most: int) -> None:
        self._most: Final = most
        self._delivered = 0
        self.value = most

    def delivered(self) -> None:
        """A delivery: as many as the limit is wide raise it by one."""
        self._delivered += 1
        if self._delivered >= self.value:
            self._delivered = 0
            self.value = min(self.value + 1, self._most)

    def overloaded(self) -> None:
        """A timeout, 429 or 503: half as wide."""
        self._delivered = 0
        self.value = max(1, self.value // 2)

    def start_over(self) -> None:
        """Start again at 1, after an outage."""
        self._delivered = 0
        self.value = 1
