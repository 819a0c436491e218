"""Logic written once for services that answer at once and for those to be awaited. Knows nothing of registries.

The logic is a generator that yields what it waits for: results, awaitables of them, and `BlockingCall`s. If the first
step is no awaitable, everything runs at once, in the caller's thread. Otherwise the first step, which is the decorated
call itself, is awaited by the caller, and the rest runs in a task of its own, each blocking call in a thread of the
event loop's pool, so that a sink that waits for its acknowledgement stops no other request.

So a caller that is cancelled after the decorated call has succeeded cancels nothing of the rest. (The registry detaches
the context of its request there for the same reason.)
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from inspect import isawaitable, iscoroutine
from typing import Any, Final, TypeGuard, TypeVar

__all__ = ["BlockingCall", "Steps", "run"]

_T = TypeVar("_T")
Steps = Generator[Any, Any, _T]


@dataclass(frozen=True, slots=True)
class BlockingCall:
    """A call without result that may block."""

    call: Callable[[], None]


def run(steps: Steps[_T]) -> _T | Awaitable[_T]:
    """Run steps, of which there is at least one: their result, or an awaitable of it if the first is awaitable."""
    first = next(steps)
    return _finish_awaiting(steps, first) if isawaitable(first) else _finish(steps, first)


def _finish(steps: Steps[_T], step: Any) -> _T:
    try:
        while True:
            try:
                value = _now(step)
            except Exception as error:  # noqa: BLE001 - the steps decide about it
                step = steps.throw(error)
            else:
                step = steps.send(value)
    except StopIteration as end:
        result: _T = end.value
        return result


async def _finish_awaiting(steps: Steps[_T], first: Awaitable[Any]) -> _T:
    try:
        value = await first
    except asyncio.CancelledError:
        if _has_result(first):
            with suppress(StopIteration):
                _detached(_rest(steps, steps.send(first.result())))
        raise
    try:
        step = steps.send(value)
    except StopIteration as end:
        result: _T = end.value
        return result
    rest = _detached(_rest(steps, step))
    await asyncio.wait((rest,))  # which, unlike awaiting it, cancels nothing
    return rest.result()


def _has_result(awaited: Any) -> TypeGuard["asyncio.Future[Any]"]:
    """Whether it is a future that succeeded: one that did so in the moment of the cancellation."""
    return asyncio.isfuture(awaited) and awaited.done() and not awaited.cancelled() and awaited.exception() is None


_UNDER_WAY: Final[set["asyncio.Task[Any]"]] = set()
"""Holds the tasks, of which an event loop itself has only weak references."""


def _detached(rest: Coroutine[Any, Any, _T]) -> "asyncio.Task[_T]":
    task = asyncio.create_task(rest)
    _UNDER_WAY.add(task)
    task.add_done_callback(_ended)
    return task


def _ended(task: "asyncio.Task[Any]") -> None:
    """Let go of it; asyncio need not report an error that no caller takes, since whoever caused it has logged it."""
    _UNDER_WAY.discard(task)
    if not task.cancelled():
        task.exception()


async def _rest(steps: Steps[_T], step: Any) -> _T:
    try:
        while True:
            try:
                value = await _soon(step)
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - the steps decide about it
                step = steps.throw(error)
            else:
                step = steps.send(value)
    except StopIteration as end:
        result: _T = end.value
        return result


def _now(step: Any) -> Any:
    if isinstance(step, BlockingCall):
        return step.call()
    if not isawaitable(step):
        return step
    if iscoroutine(step):
        step.close()
    raise TypeError("this method returned an awaitable although the one before it did not")


async def _soon(step: Any) -> Any:
    if isinstance(step, BlockingCall):
        return await _in_thread(step)
    return await step if isawaitable(step) else step


async def _in_thread(blocking: BlockingCall) -> None:
    """In a thread of the pool; where there is none any more, as the loop is closing, here and now."""
    try:
        running = asyncio.get_running_loop().run_in_executor(None, copy_context().run, blocking.call)
    except RuntimeError:
        blocking.call()
        return
    await asyncio.wait((running,))
    running.result()
