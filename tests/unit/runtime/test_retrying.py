"""A step that is tried again until it succeeds."""

import asyncio
from dataclasses import dataclass, field

import pytest

from runtime.backoff import Backoff
from runtime.retrying import retried

AT_ONCE = Backoff(0.0, 0.0, lambda: 0.0)


@dataclass
class Step:
    """Raises these errors, one a try, and then returns how often it was tried."""

    errors: list[Exception]
    tries: int = 0
    logged: list[tuple[str, float]] = field(default_factory=list)

    async def __call__(self) -> int:
        """One try."""
        self.tries += 1
        if self.tries <= len(self.errors):
            raise self.errors[self.tries - 1]
        return self.tries

    def log_failure(self, error: Exception, wait_s: float) -> None:
        """Keep it."""
        self.logged.append((str(error), wait_s))


def test_it_is_tried_until_it_succeeds() -> None:
    """Each failure is logged with the wait that follows it."""
    step = Step([OSError("a"), OSError("b")])
    assert asyncio.run(retried(step, AT_ONCE, on=OSError, log_failure=step.log_failure)) == 3
    assert step.logged == [("a", 0.0), ("b", 0.0)]


def test_the_waits_are_those_of_the_backoff() -> None:
    """They double."""
    step = Step([OSError("a"), OSError("b")])
    backoff = Backoff(0.001, 1.0, lambda: 0.0)
    asyncio.run(retried(step, backoff, on=OSError, log_failure=step.log_failure))
    assert [wait for _, wait in step.logged] == [0.001, 0.002]


def test_another_error_ends_it() -> None:
    """It is not logged as a failure to be tried again."""
    step = Step([OSError("a"), ValueError("b")])
    with pytest.raises(ValueError, match="b"):
        asyncio.run(retried(step, AT_ONCE, on=OSError, log_failure=step.log_failure))
    assert step.logged == [("a", 0.0)]
