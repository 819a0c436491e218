"""The threads of one sink: they last as long as it does, and nobody waits for them when the process ends.

What blocks in a thread must not keep the process from ending. And with one thread all calls are made by the same one:
many an object, such as a connection of `sqlite3`, works in the thread alone that made it.
"""

import functools
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import Any, Final, ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")
_Errand = tuple[Future[Any], Callable[[], Any]]


class SinkThreads(Executor):
    """An executor of daemon threads; safe to use from several threads."""

    def __init__(self, at_once: int, name: str) -> None:
        """No thread yet.

        Args:
            at_once: calls that run side by side at most; others wait.
            name: of the threads.
        """
        self._most: Final = at_once
        self._name: Final = name
        self._lock: Final = threading.Lock()
        self._work: Final[SimpleQueue[_Errand | None]] = SimpleQueue()
        self._started = 0
        self._busy = 0
        """Calls that were given out and have not ended."""

    def submit(self, call: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Make the call on a thread, soon."""
        answer: Future[_T] = Future()
        with self._lock:
            self._busy += 1
            self._work.put((answer, functools.partial(call, *args, **kwargs)))
            if self._busy > self._started and self._started < self._most:
                self._started += 1
                threading.Thread(target=self._run, name=self._name, daemon=True).start()
        return answer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """Let each thread end after the calls that were given out before. Waits for none, whatever is asked."""
        with self._lock:
            for _ in range(self._started):
                self._work.put(None)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            answer, call = work
            if answer.set_running_or_notify_cancel():
                _settle(answer, call)
            with self._lock:
                self._busy -= 1


def _settle(answer: Future[Any], call: Callable[[], Any]) -> None:
    try:
        found = call()
    except BaseException as error:  # noqa: BLE001 - raised to whoever asks for the result
        answer.set_exception(error)
    else:
        answer.set_result(found)
