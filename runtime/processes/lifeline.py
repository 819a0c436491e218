"""A child's lifeline: its standard input, on which the parent says stop or reload, and which ends with the parent."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from prometheus_client import CollectorRegistry

from runtime.errors import BridgeError
from runtime.processes.order import STOP, ReloadOrder, decoded_reload
from runtime.processes.slot import ReloadAnswer
from runtime.reloading.reloadable import Reloadable

_log: Final = structlog.get_logger(__name__)

_STDIN: Final = 0
_PIECE: Final = 64 * 1024
_LONGEST_FAULT: Final = 2000
"""Characters: the parent reads it as a line."""


class Lifeline:
    """Listens to the parent; for whoever is reloaded it is a `ReloadSource`."""

    def __init__(self) -> None:
        self.is_orphaned = False
        """Whether the parent ended without a word: killed, say."""
        self._heard_so_far = b""
        self._orders: asyncio.Queue[ReloadOrder] = asyncio.Queue()

    @contextmanager
    def stopping(self, stop: asyncio.Event) -> Iterator[None]:
        """In this context a word of the parent, or its end, sets `stop`."""
        loop = asyncio.get_running_loop()
        loop.add_reader(_STDIN, self._hear, stop)
        try:
            yield
        finally:
            loop.remove_reader(_STDIN)

    async def feed(self, target: Reloadable, registry: CollectorRegistry) -> None:  # noqa: ARG002 - the parent counts
        """Reload `target` as the parent orders, and answer."""
        while True:
            order = await self._orders.get()
            ReloadAnswer(order.number, (await _fault_of(target, order))[:_LONGEST_FAULT]).tell()

    def _hear(self, stop: asyncio.Event) -> None:
        piece = os.read(_STDIN, _PIECE)
        self._heard_so_far += piece
        while self._heard_so_far and not self._heard_so_far.startswith(STOP):
            order, self._heard_so_far = decoded_reload(self._heard_so_far)
            if order is None:
                break
            self._orders.put_nowait(order)
        if not piece or self._heard_so_far.startswith(STOP):
            self._stop(stop, is_orphaned=not self._heard_so_far.startswith(STOP))

    def _stop(self, stop: asyncio.Event, *, is_orphaned: bool) -> None:
        asyncio.get_running_loop().remove_reader(_STDIN)
        self.is_orphaned = is_orphaned
        if is_orphaned:
            _log.warning("stopping", reason="the parent process is gone")
        else:
            _log.info("stopping", reason="the parent process asked for it")
        stop.set()


async def _fault_of(target: Reloadable, order: ReloadOrder) -> str:
    """Reload; why that failed."""
    try:
        await target.reload(order.settings)
    except BridgeError as error:
        return str(error)
    except Exception:  # noqa: BLE001 - the parent tells it
        _log.exception("config.reload_failed")
        return "internal error; see its log"
    return ""
