"""Waits for something that another thread or process will make true, and says what was seen last if it never was."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")
LIMIT_S = 180.0
"""How long a test waits for what must come. It costs nothing when it comes, and a busy machine is no failure."""

LONGEST_PAUSE_S = 0.5
"""After a check that takes long: what waits for others leaves them the processor."""


def eventually(check: Callable[[], Value | None], timeout: float = LIMIT_S, *, every: float = 0.02) -> Value:
    """The first truthy value that `check` returns, asked again and again until then.

    A check may also assert: an AssertionError means "not yet". Any other exception is a fault of the check and comes
    out at once. None is falsy too: a check that only asserts must return True after it.

    Args:
        check: what is to become true.
        timeout: seconds until giving up, shorter only where it is to be in vain; the check is asked at least once,
            and once more at the end.
        every: seconds between two checks; after one that took longer, a whole command perhaps, as long as it took,
            `LONGEST_PAUSE_S` at most.

    Raises:
        AssertionError: it did not become true in time; the text tells the last value or assertion.
    """
    deadline = time.monotonic() + timeout
    while True:
        began = time.monotonic()
        last_time = began >= deadline
        try:
            value = check()
        except AssertionError as error:
            seen = str(error) or "an assertion without a text"
        else:
            if value:
                return value
            seen = f"the check returned {value!r}"
        if last_time:
            raise AssertionError(f"not within {timeout:g} s: {seen}")
        time.sleep(max(every, min(time.monotonic() - began, LONGEST_PAUSE_S)))
