"""`registry-bridge serve --processes N`: N processes that take POSTs at one address, and one set of pages for all."""

import asyncio
from dataclasses import dataclass
from typing import Final

from producer.intake.doors import SharedDoor
from producer.intake.metrics import ACROSS_PROCESSES
from producer.intake.reload import reloaded, taken_of
from producer.intake.service import CLIENT_ID, serve
from runtime.config.addresses import Address
from runtime.config.settings import Settings
from runtime.http.asgi import Request, Response, Route, application
from runtime.http.bindings import ReservedAddress, UnixBinding
from runtime.http.server import Server
from runtime.http.server_tls import server_tls
from runtime.processes.child_process import ChildStarter
from runtime.processes.family_reload import reload_all
from runtime.processes.order import LogOptions
from runtime.processes.parent import Parent, parent_of
from runtime.processes.parent_metrics import FamilyMetrics
from runtime.processes.probes import family_probes
from runtime.processes.slot import ChildSlot, parent_pages, socket_folder
from runtime.reloading.reloadable import Reloaded, ReloadSource
from runtime.spool_status import PATH as SPOOL_PATH

_COMMAND: Final = "registry-bridge serve"
_PREFIX: Final = "registry_bridge"
_RELOAD_LIMIT_S: Final = 10.0
"""For a process to take new settings: it waits for nothing outside."""


@dataclass(frozen=True, slots=True)
class ServeDuty:
    """What each of the processes does: all that the command does in one."""

    settings: Settings
    listen: Address
    """With the port that all share."""

    async def run(self, slot: ChildSlot, stop: asyncio.Event, reloads: ReloadSource) -> int:
        """Take POSTs; the pages of this process are at the slot's socket."""
        return await serve(
            self.settings, stop, SharedDoor(self.listen, slot, server_tls(self.settings.intake.tls)), reloads
        )


class ServeFamily:
    """A `Reloadable`: all processes of an intake."""

    def __init__(self, duty: ServeDuty, starter: ChildStarter, parent: Parent) -> None:
        """The processes have this duty."""
        self._duty = duty
        self._starter: Final = starter
        self._parent: Final = parent

    async def reload(self, settings: Settings) -> Reloaded:
        """See `Reloadable`.

        Raises:
            ConfigurationError: see `taken_of`.
            NotReloadedError: a process failed.
        """
        taken = taken_of(self._duty.settings, settings)
        done = reloaded(self._duty.settings, settings)
        self._duty = self._starter.duty = ServeDuty(taken, self._duty.listen)
        await reload_all(self._parent.keepers, taken, limit_s=_RELOAD_LIMIT_S)
        return done


async def serve_in_processes(
    settings: Settings, stop: asyncio.Event, reloads: ReloadSource, *, processes: int, logs: LogOptions
) -> int:
    """Run the intake in so many processes until `stop` is set; the exit status.

    Raises:
        AddressTakenError: `intake.listen` is not to be had.
        NoFolderError: there is no place for the processes' sockets.
    """
    with socket_folder(CLIENT_ID) as folder, ReservedAddress(settings.intake.listen) as listen:
        duty = ServeDuty(settings, listen)
        starter = ChildStarter(_COMMAND, duty, logs)
        parent = parent_of(folder, starter, processes, drain_s=settings.worker.drain_s)
        metrics = FamilyMetrics(_PREFIX, parent.keepers, parent.pages, ACROSS_PROCESSES)
        routes = [*family_probes(parent.pages, metrics), Route.get(SPOOL_PATH, _no_spool)]
        server = Server(application(routes), UnixBinding(parent_pages(folder)), drain_s=settings.worker.drain_s)
        reloading = asyncio.create_task(reloads.feed(ServeFamily(duty, starter, parent), metrics.registry))
        try:
            return await parent.run(stop, server)
        finally:
            reloading.cancel()


async def _no_spool(_: Request) -> Response:
    """A spool keeps the order of events in one process only, so there is none."""
    return Response.json(200, None)
