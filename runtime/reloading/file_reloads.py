"""Reloads of a configuration file: asked for by SIGHUP, and with `--watch-config` by a change of a file."""

import asyncio
from typing import Final

import structlog
from prometheus_client import CollectorRegistry

from runtime.clock import Clock
from runtime.config.overrides import Configuration
from runtime.errors import BridgeError
from runtime.reloading.file_watch import FileWatch
from runtime.reloading.metrics import ReloadMetrics
from runtime.reloading.reloadable import Reloadable
from runtime.side_threads import beside

_log: Final = structlog.get_logger(__name__)

_CONSEQUENCE: Final = "the configuration of before is used"


class FileReloads:
    """A `ReloadSource`: the configuration file of this process."""

    def __init__(
        self, configuration: Configuration, requested: asyncio.Event, *, prefix: str, watches: bool, clock: Clock
    ) -> None:
        """Nothing is loaded anew yet.

        Args:
            configuration: loads.
            requested: set by whoever asks for a reload; several requests in a row are one.
            prefix: begins the names of metrics.
            watches: whether a change of a file is a request.
            clock: stamps.
        """
        self._configuration: Final = configuration
        self._requested: Final = requested
        self._prefix: Final = prefix
        self._watch: Final = FileWatch(configuration) if watches else None
        self._clock: Final = clock

    async def feed(self, target: Reloadable, registry: CollectorRegistry) -> None:
        """See `ReloadSource`."""
        metrics = ReloadMetrics(self._prefix, registry, self._clock)
        async with asyncio.TaskGroup() as tasks:
            if self._watch is not None:
                tasks.create_task(self._watch.watch(self._requested))
            tasks.create_task(self._reload_when_asked(target, metrics))

    async def _reload_when_asked(self, target: Reloadable, metrics: ReloadMetrics) -> None:
        while True:
            await self._requested.wait()
            self._requested.clear()
            _log.info("config.reloading")
            try:
                await self._reload(target, metrics)
            except BridgeError as error:
                metrics.failed()
                for fault in str(error).split("\n"):
                    _log.error("config.reload_failed", fault=fault, consequence=_CONSEQUENCE)
            except Exception:  # noqa: BLE001 - a fault of ours must not end all further reloads
                metrics.failed()
                _log.exception("config.reload_failed", fault="internal error", consequence=_CONSEQUENCE)

    async def _reload(self, target: Reloadable, metrics: ReloadMetrics) -> None:
        if self._watch is not None:
            await self._watch.taken()
        done = await target.reload(await beside(self._configuration.load))
        metrics.succeeded(needs_restart=bool(done.needs_restart))
        _log.info("config.reloaded", **done.changes)
        if done.needs_restart:
            consequence = "these keys keep their values until this process is restarted"
            _log.warning("config.needs_restart", keys=list(done.needs_restart), consequence=consequence)
