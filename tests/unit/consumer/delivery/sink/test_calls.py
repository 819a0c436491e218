"""Calls of a sink's code: where they run, and what of them can be broken off."""

import asyncio
import functools
import threading
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any, NoReturn

import pytest

from consumer.delivery.sink.calls import Call, EscapeError
from consumer.delivery.sink.threads import SinkThreads

MARK: ContextVar[str] = ContextVar("mark", default="")


def run(what: Callable[[SinkThreads], Coroutine[Any, Any, Any]]) -> Any:
    """Run it with one thread."""
    threads = SinkThreads(1, "sink-a")
    try:
        return asyncio.run(what(threads))
    finally:
        threads.shutdown()


async def thread_soon() -> str:
    """Where a coroutine runs."""
    return threading.current_thread().name


class AsyncCallable:
    """An object that is called as a coroutine function is."""

    async def __call__(self) -> str:
        """Where it runs."""
        return threading.current_thread().name


@pytest.mark.parametrize(
    ("function", "where"),
    [
        (lambda: threading.current_thread().name, "sink-a"),
        (thread_soon, "MainThread"),
        (functools.partial(thread_soon), "MainThread"),
        (AsyncCallable(), "MainThread"),
        (lambda: thread_soon(), "MainThread"),  # noqa: PLW0108 - what returns an awaitable is awaited too
    ],
)
def test_where_a_call_runs(function: Callable[[], object], where: str) -> None:
    """Coroutines on the loop, all else on a thread of the sink."""

    async def called(threads: SinkThreads) -> object:
        return await Call(threads, function).ended

    assert run(called) == where


def test_a_thread_sees_the_context_of_the_attempt() -> None:
    """So that a span of the sink stands in the attempt's."""

    async def called(threads: SinkThreads) -> object:
        MARK.set("attempt")
        return await Call(threads, MARK.get).ended

    assert run(called) == "attempt"


def raising(error: BaseException) -> Callable[[], NoReturn]:
    """A function that raises this."""

    def function() -> NoReturn:
        raise error

    return function


def raising_soon(error: BaseException) -> Callable[[], Coroutine[Any, Any, None]]:
    """A coroutine function that raises this."""

    async def function() -> None:
        raise error

    return function


@pytest.mark.parametrize("made", [raising, raising_soon])
@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError()])
def test_nothing_that_a_sink_raises_ends_the_loop(
    made: Callable[[BaseException], Callable[[], object]], error: BaseException
) -> None:
    """An exit, or a cancellation that nobody asked for, is an error as others are."""

    async def called(threads: SinkThreads) -> None:
        with pytest.raises(EscapeError):
            await Call(threads, made(error)).ended
        assert await Call(threads, int).ended == 0

    run(called)


def test_a_stop_iteration_is_an_error_as_others_are() -> None:
    """Which no future takes as it is."""

    async def called(threads: SinkThreads) -> None:
        with pytest.raises(EscapeError, match="StopIteration was raised"):
            await Call(threads, raising(StopIteration())).ended

    run(called)


def test_a_call_on_a_thread_runs_to_its_end() -> None:
    """However it is given up; what it comes to can still be asked."""
    began, go_on = threading.Event(), threading.Event()

    def wait() -> bool:
        began.set()
        return go_on.wait(60)

    async def called(threads: SinkThreads) -> object:
        call = Call(threads, wait)
        assert await asyncio.to_thread(began.wait, 60)
        call.give_up()
        await asyncio.sleep(0)
        assert not call.ended.done()
        go_on.set()
        return await call.ended

    assert run(called) is True


def test_a_call_that_no_thread_was_free_for_is_not_made() -> None:
    """It is over at once."""
    go_on, made = threading.Event(), threading.Event()

    async def called(threads: SinkThreads) -> None:
        first, second = Call(threads, go_on.wait, 60), Call(threads, made.set)
        await asyncio.sleep(0)
        second.give_up()
        await asyncio.wait((second.ended,))
        assert second.ended.cancelled()
        assert not second.has_begun
        go_on.set()
        await first.ended

    run(called)
    assert not made.is_set()


def test_a_coroutine_is_broken_off() -> None:
    """At the next moment at which it waits."""

    async def called(threads: SinkThreads) -> bool:
        call = Call(threads, asyncio.Event().wait)
        await asyncio.sleep(0)
        call.give_up()
        await asyncio.wait((call.ended,))
        return call.ended.cancelled()

    assert run(called)
