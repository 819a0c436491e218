"""Blocking calls beside the event loop, on threads that nobody waits for when the process ends.

The threads of `concurrent.futures` and of `asyncio.to_thread` are joined at the end of a process: a question that
Kafka does not answer would keep the process from ending. These are not, and they end when they have nothing to do.
"""

import asyncio
import functools
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, Final, ParamSpec, TypeVar

from runtime.errors import BridgeError

_P = ParamSpec("_P")
_T = TypeVar("_T")


class SideThreads(Executor):
    """An executor of daemon threads; safe to use from several threads."""

    def __init__(self, at_once: int, name: str) -> None:
        """No thread yet.

        Args:
            at_once: calls that run side by side at most; others wait.
            name: of the threads.
        """
        self._free = at_once
        self._name: Final = name
        self._lock: Final = threading.Lock()
        self._waiting: Final[deque[tuple[Future[Any], Callable[[], Any]]]] = deque()

    def submit(self, call: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Make the call on a thread, soon."""
        answer: Future[_T] = Future()
        with self._lock:
            self._waiting.append((answer, functools.partial(call, *args, **kwargs)))
            starts = self._free > 0
            self._free -= starts
        if starts:
            threading.Thread(target=self._run, name=self._name, daemon=True).start()
        return answer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """Drop the calls that have not begun, if that is asked. Waits for none, whatever `wait` says."""
        with self._lock:
            dropped = list(self._waiting) if cancel_futures else []
            for _ in dropped:
                self._waiting.popleft()
        for answer, _ in dropped:
            answer.cancel()

    def _run(self) -> None:
        while (next_call := self._take()) is not None:
            answer, call = next_call
            if not answer.set_running_or_notify_cancel():
                continue
            try:
                found = call()
            except BaseException as error:  # noqa: BLE001 - raised to whoever asks for the result
                answer.set_exception(error)
            else:
                answer.set_result(found)

    def _take(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._free += 1
            return None


async def beside(call: Callable[..., _T], *args: Any) -> _T:
    """Await a blocking call on a thread of its own."""
    threads = SideThreads(1, getattr(call, "__name__", "beside"))
    return await asyncio.get_running_loop().run_in_executor(threads, functools.partial(call, *args))


class NotEndedError(BridgeError):
    """A blocking call has not ended in time; nobody waits for it any more."""


async def beside_within(limit_s: float, call: Callable[..., _T], *args: Any) -> _T:
    """The same, for at most `limit_s` seconds: for calls with limits of their own, in case one of these does not hold.

    Raises:
        NotEndedError: it has not ended by then.
    """
    asked = asyncio.ensure_future(beside(call, *args))
    try:
        await asyncio.wait((asked,), timeout=limit_s)
        if asked.done():
            return asked.result()
    finally:
        asked.cancel()
    raise NotEndedError(f"a question that is to end by itself has not ended within {limit_s:g} s")
