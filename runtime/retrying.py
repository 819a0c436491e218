"""A step that is tried again until it succeeds."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from runtime.backoff import Backoff
from runtime.patience import Patience

Done = TypeVar("Done")


async def retried(
    step: Callable[[], Awaitable[Done]],
    backoff: Backoff,
    *,
    on: type[Exception],
    log_failure: Callable[[Exception, float], None],
    patience: Patience | None = None,
) -> Done:
    """Await the step until it raises nothing; what it returned.

    Args:
        step: what is tried.
        backoff: the waits between tries.
        on: what it may raise and be tried again.
        log_failure: given each such error, and the seconds until the next try.
        patience: with which it waits between tries; None has no end.

    Raises:
        Exception: any other that the step raises.
        CancelledError: the patience was at its end.
    """
    tries, waiting = 0, patience or Patience()
    while True:
        try:
            return await step()
        except on as error:
            tries += 1
            wait = backoff.after(tries)
            log_failure(error, wait)
            await waiting.wait(wait)
