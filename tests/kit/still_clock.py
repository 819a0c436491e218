"""A clock for tests in which time stands still until it is told to go on."""


class StillClock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        """The time it was set to."""
        return self.now

    def wall(self) -> float:
        """The same."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Moves on."""
        self.now += seconds
