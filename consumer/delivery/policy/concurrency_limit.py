"""The limit of requests in flight: additive increase, multiplicative decrease. Pure."""

from typing import Final


class ConcurrencyLimit:
    """A limit between 1 and `most`."""

    def __init__(self, most: int) -> None:
        self._most: Final = most
        self._delivered = 0
        self.value = most

    def delivered(self, events: int = 1) -> None:
        """Deliveries: as many as the limit is wide raise it by one."""
        self._delivered += events
        while self.value < self._most and self._delivered >= self.value:
            self._delivered -= self.value
            self.value += 1

    def overloaded(self) -> None:
        """A timeout, 429 or 503: half as wide."""
        self._delivered = 0
        self.value = max(1, self.value // 2)

    def start_over(self) -> None:
        """Start again at 1, after an outage."""
        self._delivered = 0
        self.value = 1
