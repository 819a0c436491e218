"""Calls of a sink's code: of `async` functions on the event loop, of all others on the sink's threads.

A call is never broken off where it would go on unseen: one that runs on a thread runs to its end, whoever waits.
"""

import asyncio
import contextvars
import inspect
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final

from consumer.delivery.sink.threads import SinkThreads


class EscapeError(Exception):
    """A call raised what must not pass through an event loop: an exit, or a cancellation that nobody asked for."""


class Call:
    """One call under way. Made on the loop."""

    def __init__(self, threads: SinkThreads, function: Callable[..., object], *args: Any, **keywords: Any) -> None:
        """Begin it: now on the loop, or as soon as a thread is free."""
        self._work: Future[object] | None = None
        if not _is_async(function):
            run = contextvars.copy_context().run  # so that spans of the sink belong to the attempt
            self._work = threads.submit(run, _guarded, function, *args, **keywords)
        self.ended: Final = asyncio.ensure_future(self._run(function, *args, **keywords))
        """What it returned, or raised."""
        self.ended.add_done_callback(_looked_at)

    @property
    def has_begun(self) -> bool:
        """False if no thread was free for it until it was given up."""
        return self._work is None or not self._work.cancelled()

    def give_up(self) -> None:
        """Have a coroutine broken off, and a call on a thread only if it has not begun."""
        if self.ended.done():
            return
        if self._work is None or self._work.done() or self._work.cancel():
            self.ended.cancel()

    async def _run(self, function: Callable[..., object], *args: Any, **keywords: Any) -> object:
        try:
            if self._work is not None:
                found = await asyncio.wrap_future(self._work)
            else:
                found = function(*args, **keywords)
            return await found if inspect.isawaitable(found) else found
        except asyncio.CancelledError:
            if _is_being_cancelled() or not self.has_begun:
                raise
            raise EscapeError("the call cancelled itself") from None
        except (KeyboardInterrupt, SystemExit) as error:
            raise EscapeError(f"{type(error).__name__} was raised") from error


def _guarded(function: Callable[..., object], *args: Any, **keywords: Any) -> object:
    """On the thread: `StopIteration` cannot pass through a future, and nothing there ends the process."""
    try:
        return function(*args, **keywords)
    except (StopIteration, KeyboardInterrupt, SystemExit, asyncio.CancelledError) as error:
        raise EscapeError(f"{type(error).__name__} was raised") from error


def _is_async(function: Callable[..., object]) -> bool:
    if inspect.iscoroutinefunction(function):
        return True
    of_object = None if inspect.isclass(function) else getattr(function, "__call__", None)  # noqa: B004 - it is called
    return inspect.iscoroutinefunction(of_object)


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _looked_at(ended: "asyncio.Future[object]") -> None:
    """What a call raised that nobody waits for any more is no fault of the loop."""
    if not ended.cancelled():
        ended.exception()
