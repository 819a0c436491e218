"""SIGHUP in a service: a reload of the configuration, or the end of its terminal, which stops the service.

A shell that ends may tell its jobs before its terminal is closed, so the terminal is watched after a hangup too.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from runtime.cli.signals import StopSignals

_LOOK_EVERY_S: Final = 0.5
_TOGETHER_S: Final = 5.0
"""A hangup and the closing of the terminal are about the same if there is so much between them at most."""


class Terminal(Protocol):
    """The controlling terminal of a process; see `ControllingTerminal`."""

    @property
    def is_gone(self) -> bool:
        """Whether it was closed, and not forgotten since."""
        ...

    def forget(self) -> None:
        """The process has none from now on."""


class Hangups:
    """The hangups of one service."""

    def __init__(self, signals: StopSignals, reload: asyncio.Event, terminal: Terminal) -> None:
        """None yet.

        Args:
            signals: of the process.
            reload: set by each hangup that is no closed terminal.
            terminal: of the process, if it has one.
        """
        self._signals: Final = signals
        self._reload: Final = reload
        self._loop: Final = asyncio.get_running_loop()
        self._terminal: Final = terminal
        self._last = float("-inf")
        self._gone_since: float | None = None

    @contextmanager
    def heard(self) -> Iterator[None]:
        """In this context SIGHUP comes here."""
        with self._signals.hanging_up(self._heard):
            yield

    async def watch(self) -> None:
        """Watch the terminal, for ever."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            if self._terminal.is_gone:
                self._closed(self._loop.time())

    def _heard(self) -> None:
        """On the main thread, in between whatever is done."""
        self._last = self._loop.time()
        if self._terminal.is_gone:
            self._signals.terminal_closed()
        else:
            self._loop.call_soon_threadsafe(self._reload.set)

    def _closed(self, now: float) -> None:
        """Without a hangup about it, the service was told to outlive its terminal."""
        if self._gone_since is None:
            self._gone_since = now
        if now - self._last <= _TOGETHER_S:
            self._signals.terminal_closed()
        elif now - self._gone_since > _TOGETHER_S:
            self._terminal.forget()
