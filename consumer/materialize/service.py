"""`registry-worker materialize`: a thread that keeps tags, and the pages that show whether it does."""

import asyncio
import threading
from collections.abc import Awaitable
from typing import Final

import structlog

from consumer.materialize.assembly import CLIENT_ID, TagParts, group_of_tags
from consumer.materialize.keeper import TagKeeper
from consumer.materialize.metrics import TagMetrics
from consumer.worker.caught_up import CaughtUp
from runtime.clock import SystemClock
from runtime.config import Settings
from runtime.deadline import CLOSE_GRACE_S
from runtime.http.asgi import application
from runtime.http.bindings import Binding
from runtime.http.probes import probe_routes
from runtime.http.server import Server
from runtime.kafka.groups import Groups
from runtime.metrics import process_metrics
from runtime.side_threads import beside

_log: Final = structlog.get_logger(__name__)

_PAGES_DRAIN_S: Final = 1.0
_LOOK_EVERY_S: Final = 0.25


class _KeeperReadiness:
    def __init__(self, keeper: TagKeeper) -> None:
        self._keeper: Final = keeper

    async def reasons(self) -> list[str]:
        """Why tags are not kept."""
        return self._keeper.reasons()


async def materialize(settings: Settings, topic: str, stop: asyncio.Event, binding: Binding | None) -> int:
    """Keep tags until `stop` is set; the exit status. With a binding, pages show how it goes."""
    service = _Service(settings, topic)
    serving = asyncio.ensure_future(_served(service, binding, stop))
    try:
        await service.run_until(stop.wait())
    finally:
        stop.set()
        await serving
    return 0


async def materialize_until_caught_up(
    settings: Settings, topic: str, stop: asyncio.Event, *, timeout_s: float | None
) -> int:
    """Keep tags until all records are read that the log has now: 0; or 1 at the timeout, or when it is stopped."""
    service = _Service(settings, topic)
    caught_up = asyncio.ensure_future(service.caught_up(timeout_s))
    stopping = asyncio.ensure_future(stop.wait())
    await service.run_until(asyncio.wait((caught_up, stopping), return_when=asyncio.FIRST_COMPLETED))
    is_done = caught_up.done() and caught_up.result()
    caught_up.cancel()
    stopping.cancel()
    if is_done:
        service.keeper.tell_caught_up()
    else:
        _log.error(
            "materialize.not_caught_up", reason="; ".join(service.keeper.reasons()) or "records are left to read"
        )
    return 0 if is_done else 1


class _Service:
    """The thread, and what it is about."""

    def __init__(self, settings: Settings, topic: str) -> None:
        self._stop: Final = threading.Event()
        self._settings: Final = settings
        self.metrics: Final = TagMetrics(process_metrics("registry_worker"))
        self._parts: Final = TagParts(settings, topic, SystemClock(), self._stop)
        self.keeper: Final = TagKeeper(self._parts, self.metrics, self._stop)

    async def run_until(self, end: Awaitable[object]) -> None:
        """Keep tags until this has come to its end.

        Raises:
            BridgeError: nothing helps but to change something.
        """
        running = asyncio.ensure_future(beside(self.keeper.run))
        ending = asyncio.ensure_future(end)
        await asyncio.wait((running, ending), return_when=asyncio.FIRST_COMPLETED)
        self._stop.set()
        await asyncio.wait((running,), timeout=self._settings.worker.drain_s + CLOSE_GRACE_S)
        ending.cancel()
        if running.done():
            running.result()

    async def caught_up(self, timeout_s: float | None) -> bool:
        """Whether all partitions have come to the ends of now, by whichever process, before the time is up."""
        groups = Groups(self._settings.kafka.revealed(), client_id=CLIENT_ID)
        target = CaughtUp(self._parts.admin, groups, self._settings.topics.events, [group_of_tags(self._settings)])
        try:
            async with asyncio.timeout(timeout_s):
                while not await beside(self.keeper.settled.wait, _LOOK_EVERY_S):
                    pass
                await target.wait()
        except TimeoutError:
            return False
        return True


async def _served(service: _Service, binding: Binding | None, stop: asyncio.Event) -> None:
    if binding is not None:
        routes = probe_routes(_KeeperReadiness(service.keeper), service.metrics.registry)
        await Server(application(routes), binding, drain_s=_PAGES_DRAIN_S).serve(stop)
