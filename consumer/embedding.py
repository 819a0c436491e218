"""A worker as a part of somebody's own program: what `registry-worker deliver` does, without the command line.

It handles no signals, sets up no log, and reads its configuration once; all else is the same, the pages too.
"""

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from os import PathLike, environ
from pathlib import Path
from typing import Any, ClassVar, Final

from consumer.worker.reload_plan import chosen
from consumer.worker.service import deliver, deliver_until_caught_up
from runtime.config import ConfigurationError, EndpointSettings, Settings
from runtime.config.load import load, settings_from
from runtime.errors import BridgeError
from runtime.http.bindings import TakenBinding
from runtime.http.server_tls import server_tls
from runtime.reloading.reloadable import NeverReloaded
from runtime.sink_factory import Factory, factory_of
from runtime.tracing.opening import require_tracing


class WorkerSettingsError(BridgeError):
    """The program asks for what its configuration does not have."""

    exit_code: ClassVar[int] = 2


class WorkerEndedError(BridgeError):
    """A worker that was stopped, or is at work already, is started."""


class Worker:
    """Delivers the log to the endpoints of a configuration."""

    def __init__(
        self,
        config: str | PathLike[str] | Mapping[str, Any],
        *,
        endpoints: Sequence[str] = (),
        sinks: Mapping[str, Factory] | None = None,
    ) -> None:
        """Nothing is delivered yet, and nobody is asked.

        Args:
            config: the path of a configuration file; or what would stand in it, as Python values.
            endpoints: names of those to deliver to; none: all that are enabled.
            sinks: by the name of an endpoint with a `sink`: what makes the sink, in place of what is named there.

        Raises:
            ConfigurationError: the configuration cannot be used; with every fault found.
            SinkSettingsError: a sink's factory cannot be imported, or takes other options.
            WorkerSettingsError: there is no such endpoint, or none at all.
            BridgeError: each of these is one.
        """
        found = _settings_of(config)
        self._settings: Final = _with_factories(found, sinks or {})
        self._names: Final = tuple(endpoints)
        self._endpoints: Final = self._chosen()
        require_tracing(found.tracing)
        for endpoint in self._endpoints:
            if endpoint.sink is not None:
                factory_of(endpoint)
        self._under_way: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None
        """The loop that it delivers on, and what stops it there."""
        self._is_told_to_stop = False
        self._is_over = False
        self._pages: str | None = None

    @property
    def pages(self) -> str | None:
        """The URL of its page while it delivers, with the port that it has; None before and after."""
        return self._pages

    def run(self) -> None:
        """Deliver until another thread, or a sink, calls `stop`; blocks."""
        asyncio.run(self.deliver())

    async def deliver(self) -> None:
        """Deliver until `stop` is called, or the task is cancelled; then let what is under way end, and commit.

        Raises:
            AddressTakenError: somebody else listens at `worker.listen`.
            WorkerEndedError: it was stopped, or delivers already.
            BridgeError: delivery cannot go on; the others are such too.
        """
        stop = self._new_stop()
        worker = self._settings.worker
        binding = TakenBinding(worker.listen, server_tls(worker.tls))
        pages = binding.address
        self._pages = f"{'https' if binding.tls else 'http'}://{pages}/"
        try:
            await self._until_stopped(
                deliver(self._settings, self._names, stop, binding, NeverReloaded(), pages=pages), stop
            )
        finally:
            self._pages = None

    async def catch_up(self, *, timeout: float | None = None) -> bool:  # noqa: ASYNC109 - what is under way ends after it
        """Deliver all events that are in the log now; opens no pages.

        Args:
            timeout: give up after so many seconds.

        Returns:
            Whether each of them is finished: delivered, left out by a filter, or a dead letter.

        Raises:
            WorkerEndedError: it was stopped, or delivers already.
            BridgeError: delivery cannot go on.
        """
        stop = self._new_stop()
        catching_up = deliver_until_caught_up(self._settings, self._endpoints, stop, timeout_s=timeout)
        return await self._until_stopped(catching_up, stop) == 0

    def stop(self) -> None:
        """Stop in order, soon; may be called from any thread, again, and before the start."""
        self._is_told_to_stop = True  # before the look at what is under way: a start in between looks here
        if (under_way := self._under_way) is not None:
            loop, stop = under_way
            with contextlib.suppress(RuntimeError):  # the loop is closed: it has ended meanwhile
                loop.call_soon_threadsafe(stop.set)

    async def _until_stopped(self, delivering: Coroutine[Any, Any, int], stop: asyncio.Event) -> int:
        """Await it; a cancellation is a stop, after which nothing is under way either."""
        self._under_way = asyncio.get_running_loop(), stop
        if self._is_told_to_stop:
            stop.set()
        task = asyncio.create_task(delivering)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            stop.set()
            await asyncio.wait((task,))
            raise
        finally:
            self._under_way = None
            self._is_over = stop.is_set()

    def _new_stop(self) -> asyncio.Event:
        """What is to stop this start: an event is of the one loop on which it was waited for first."""
        if self._under_way is not None:
            raise WorkerEndedError("this worker delivers already: make another")
        if self._is_over:
            raise WorkerEndedError("this worker was stopped, and does not start again: make another")
        return asyncio.Event()

    def _chosen(self) -> list[EndpointSettings]:
        known = {endpoint.name for endpoint in self._settings.endpoints}
        for name in self._names:
            if name not in known:
                raise WorkerSettingsError(f"no endpoint is named {name}; endpoints: {', '.join(known) or 'none'}")
        found = chosen(self._settings, self._names)
        if not found:
            raise WorkerSettingsError("there is no endpoint that is enabled: nothing to deliver to")
        return found


def _settings_of(config: str | PathLike[str] | Mapping[str, Any]) -> Settings:
    if isinstance(config, Mapping):
        return settings_from(config, environ)
    try:
        file = Path(config)
    except TypeError:
        kind = type(config).__name__
        raise WorkerSettingsError(f"config: {kind} is neither the path of a file nor a mapping") from None
    if not file.exists():
        raise ConfigurationError([f"config: the file {file} does not exist"])
    return load(file, environ)


def _with_factories(settings: Settings, sinks: Mapping[str, Factory]) -> Settings:
    known = [endpoint.name for endpoint in settings.endpoints if endpoint.sink is not None]
    for name in sinks:
        if name not in known:
            others = ", ".join(known) or "none"
            raise WorkerSettingsError(f"sinks: no endpoint {name} has a sink; those that have: {others}")
    return replace(settings, endpoints=tuple(replace(one, factory=sinks.get(one.name)) for one in settings.endpoints))
