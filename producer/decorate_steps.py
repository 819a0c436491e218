"""Logic written once for services that answer at once and for those to be awaited. Knows nothing of registries.

The logic is a generator that yields what it waits for: results, or awaitables of them, and `Report`s, which are calls
that may block. If the first step is no awaitable, everything runs at once, in the caller's thread. Otherwise the rest
runs in a coroutine, and each report in a thread of the event loop's own pool, so that a sink that waits for its
acknowledgement stops no other request. A report that has begun is never cancelled with the request that caused it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextvars import copy_context
from dataclasses import dataclass
from inspect import isawaitable, iscoroutine
from typing import Any, TypeVar

__all__ = ["Report", "Steps", "run"]

_T = TypeVar("_T")
Steps = Generator[Any, Any, _T]


@dataclass(frozen=True, slots=True)
class Report:
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


async def _finish_awaiting(steps: Steps[_T], step: Any) -> _T:
    try:
        while True:
            try:
                value = await _soon(step)
            except Exception as error:  # noqa: BLE001 - the steps decide about it
                step = steps.throw(error)
            else:
                step = steps.send(value)
    except StopIteration as end:
        result: _T = end.value
        return result


def _now(step: Any) -> Any:
    if isinstance(step, Report):
        return step.call()
    if not isawaitable(step):
        return step
    if iscoroutine(step):
        step.close()
    raise TypeError("this method returned an awaitable although the one before it did not")


async def _soon(step: Any) -> Any:
    if isinstance(step, Report):
        call = asyncio.get_running_loop().run_in_executor(None, copy_context().run, step.call)
        return await asyncio.shield(call)
    return await step if isawaitable(step) else step
