"""A keeper: it starts a child in its slot, starts another one when that ends, after a pause, and drains the last."""

import asyncio
from typing import Final, Protocol

import structlog

from runtime.clock import Clock
from runtime.config import Settings
from runtime.processes.child_process import how_ended
from runtime.processes.restart_pauses import RestartPauses
from runtime.processes.slot import ChildSlot

_log: Final = structlog.get_logger(__name__)

REFUSED: Final = 2
"""The exit status of a program whose configuration is wrong."""


class KeptChild(Protocol):
    """A child that runs."""

    @property
    def pid(self) -> int:
        """The process id."""

    async def up(self) -> bool:
        """Wait until it listens: True; or until it ends before that: False."""

    async def reload(self, settings: Settings) -> str:
        """Give it these settings, when it listens; why it has not taken them, empty if it has."""

    async def ended(self) -> int:
        """Wait for its end: the exit status, negative if a signal ended it."""

    def stop(self) -> None:
        """Ask it to stop in order."""

    def kill(self) -> None:
        """End it at once."""


class StartsChildren(Protocol):
    """Starts a child."""

    async def start(self, slot: ChildSlot) -> KeptChild:
        """Raises OSError if there can be none."""


class Keeper:
    """Keeps one slot."""

    def __init__(self, slot: ChildSlot, starter: StartsChildren, pauses: RestartPauses, clock: Clock) -> None:
        """Starts nothing yet."""
        self.slot: Final = slot
        self._starter: Final = starter
        self._pauses: Final = pauses
        self._clock: Final = clock
        self._child: KeptChild | None = None
        self._stopping = asyncio.Event()
        self._newer: Settings | None = None
        """Settings that came while the child was starting with those of before."""
        self.was_up = asyncio.Event()
        """Set when a child of this slot has listened."""
        self.starts = 0
        """How many children there have been: which of them it is that answers."""
        self.trouble = "it is not started yet"
        """Why it cannot be asked; empty while it listens."""

    @property
    def restarts(self) -> int:
        """How often a child was started because another had ended."""
        return max(0, self.starts - 1)

    async def run(self) -> int:
        """Keep the slot until `stop` is called, or the configuration is refused at the very start; the exit status."""
        while True:
            began = self._clock.monotonic()
            how, status = await self._one()
            if self._stopping.is_set() or (status == REFUSED and self._is_beginning):
                return status
            pause_s = self._pauses.after(self._clock.monotonic() - began)
            self.trouble = f"it ended ({how}), and is started again after a pause of {pause_s:.1f} s"
            _log.error("process.ended", process=self.slot.number, how=how, again_in_s=round(pause_s, 1))
            if await self._stopped_within(pause_s):
                return 0

    async def reload(self, settings: Settings) -> str:
        """Give the child these settings; why it has not taken them, empty if it has.

        One that is starting gets them when it listens; one that is started later has them from its starter.
        """
        self._newer = settings
        if self._child is None or self.trouble:
            return ""
        return await self._child.reload(settings)

    def stop(self) -> None:
        """Ask the child to stop in order, and start no other."""
        self._stopping.set()
        if self._child is not None:
            self._child.stop()

    def kill(self) -> None:
        """End the child at once."""
        if self._child is not None:
            self._child.kill()

    @property
    def _is_beginning(self) -> bool:
        return self.slot.is_first and self.starts == 1 and not self.was_up.is_set()

    async def _one(self) -> tuple[str, int]:
        """The life of one child: how it ended, in words and as an exit status."""
        self.starts += 1
        self.trouble = "it is starting"
        self._newer = None
        try:
            self._child = await self._starter.start(self.slot)
        except OSError as error:
            return f"it could not be started: {error.strerror or error}", 1
        _log.info("process.started", process=self.slot.number, pid=self._child.pid)
        if self._stopping.is_set():
            self._child.stop()
        if await self._child.up():
            self.trouble = ""
            self.was_up.set()
            await self._catch_up(self._child)
        status = await self._child.ended()
        self._child = None
        return how_ended(status), status

    async def _catch_up(self, child: KeptChild) -> None:
        if self._newer is not None and (fault := await child.reload(self._newer)):
            _log.error("process.not_reloaded", process=self.slot.number, fault=fault)

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return False
        return True
