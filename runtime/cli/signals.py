"""The signals that end a command: SIGHUP (its terminal was closed), SIGINT (Ctrl-C) and SIGTERM (a supervisor).

In a service that can reload its configuration, SIGHUP asks for that, unless the terminal was really closed.

The first one stops the command in order. Further ones change nothing: every stop has a limit of its own, and shells,
terminals and supervisors often send two. SIGKILL ends a process at once.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, Self

_STOPPING: Final = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
_KEPT_IF_IGNORED: Final = frozenset({signal.SIGHUP})
"""`nohup` makes a process ignore it, and its user wants that. A shell's `&` in a script does the same to SIGINT, which
still stops a command: whoever ends the script by Ctrl-C means all of it."""


class StopSignals:
    """The stop signals of this process while the context is open. Belongs to the main thread.

    A signal raises KeyboardInterrupt in the main thread, unless `calling` or `deferred` says what else it does.
    """

    def __init__(self) -> None:
        self.received: str = ""
        """The name of the first signal, once there was one."""
        self._stop: Callable[[], None] = _interrupt
        self._hangup: Callable[[], None] | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in _STOPPING:
            before = signal.getsignal(number)
            if before is signal.SIG_IGN and number in _KEPT_IF_IGNORED:
                continue
            self._before[number] = before
            signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        """What comes on the way out of a process that was asked to end changes nothing either."""
        for number, before in self._before.items():
            signal.signal(number, signal.SIG_IGN if self.received else before)
        self._before.clear()

    @property
    def exit_status(self) -> int:
        """Of a command that a signal broke off, as shells have it: 128 and the signal's number; 1 without a signal."""
        return 128 + signal.Signals[self.received] if self.received else 1

    @contextmanager
    def calling(self, stop: Callable[[], None]) -> Iterator[None]:
        """The first signal calls `stop`, which only sets or wakes something: it runs in between whatever is done."""
        before, self._stop = self._stop, stop
        try:
            yield
        finally:
            self._stop = before

    @contextmanager
    def hanging_up(self, hangup: Callable[[], None]) -> Iterator[None]:
        """SIGHUP calls `hangup` instead, as often as it comes, as long as nothing has stopped the command."""
        self._hangup = hangup
        try:
            yield
        finally:
            self._hangup = None

    def terminal_closed(self) -> None:
        """Stop as SIGHUP does, whatever else that calls."""
        self._first(signal.SIGHUP)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """What is done here is not broken off; a signal that came meanwhile interrupts at the end."""
        before = self.received
        with self.calling(_nothing):
            yield
        if self.received != before:
            self._stop()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP and self._hangup is not None and not self.received:
            self._hangup()
        else:
            self._first(signal.Signals(number))

    def _first(self, number: signal.Signals) -> None:
        if not self.received:
            self.received = number.name
            self._stop()


def _interrupt() -> None:
    raise KeyboardInterrupt


def _nothing() -> None:
    """A signal that is only noted."""
