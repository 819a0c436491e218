"""`registry-worker deliver --processes N`: N members of each group, and one set of pages for them all."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from consumer.delivery.webhook.large_events import LargeEvents
from consumer.endpoint.metrics import ACROSS_PROCESSES
from consumer.worker.act_routes import guard_of
from consumer.worker.difference_route import difference_route
from consumer.worker.family_acts import FamilyActs
from consumer.worker.family_view import FamilyView
from consumer.worker.page.family import FamilyFacts
from consumer.worker.page.live import LivePages
from consumer.worker.page.routes import live_routes
from consumer.worker.page.settings import page_settings
from consumer.worker.pages import page_routes
from consumer.worker.parts import CLIENT_ID
from consumer.worker.reload import senders_of
from consumer.worker.reload_plan import chosen, plan_of, restart_keys, taken_of
from consumer.worker.routes import worker_routes
from consumer.worker.senders import SenderMaker
from consumer.worker.service import PAGES_DRAIN_S, deliver
from runtime.clock import SystemClock
from runtime.config import Address, EndpointSettings, Settings
from runtime.deadline import CLOSE_GRACE_S
from runtime.http.act_guard import ActGuard
from runtime.http.asgi import application
from runtime.http.bindings import TakenBinding
from runtime.http.server import Server
from runtime.http.server_tls import ServerTLS, use_files
from runtime.processes.child_process import ChildStarter
from runtime.processes.family_reload import reload_all
from runtime.processes.order import LogOptions
from runtime.processes.pages import ChildPages
from runtime.processes.parent import Parent, parent_of
from runtime.processes.parent_metrics import FamilyMetrics
from runtime.processes.probes import family_probes
from runtime.processes.slot import ChildSlot, SlotBinding, socket_folder
from runtime.reloading.reloadable import Reloaded, ReloadSource
from runtime.side_threads import beside

_COMMAND: Final = "registry-worker deliver"
_PREFIX: Final = "registry_worker"
_RELOAD_S: Final = 10.0
"""For the reload of a process, besides its drains and its senders."""
_SENDER_S: Final = 0.2
"""For each sender that it makes, on a busy machine; usually 15 ms."""
_STATUS_LIMIT_S: Final = 1.5
"""For the status of each process: the command `status` waits 2 s for that of all."""


@dataclass(frozen=True, slots=True)
class DeliverDuty:
    """What each of the processes does: all that the command does in one."""

    settings: Settings
    names: Sequence[str]
    """Of the endpoints; empty: all that are enabled."""
    pages: Address
    """Where the pages of all processes are."""

    @property
    def endpoints(self) -> Sequence[EndpointSettings]:
        """Those that are to be served."""
        return chosen(self.settings, self.names)

    @property
    def drain_s(self) -> float:
        """What the longest of them gets, in seconds."""
        worker = self.settings.worker
        return max(map(worker.drain_of, self.endpoints), default=worker.drain_s)

    async def run(self, slot: ChildSlot, stop: asyncio.Event, reloads: ReloadSource) -> int:
        """Deliver; the pages are at the slot's socket."""
        return await deliver(self.settings, self.names, stop, SlotBinding(slot), reloads, pages=self.pages)


class DeliverFamily:
    """A `Reloadable`: all processes of a worker. What they could refuse is refused before any is asked."""

    def __init__(
        self,
        duty: DeliverDuty,
        starter: ChildStarter,
        parent: Parent,
        metrics: FamilyMetrics,
        *,
        tls: ServerTLS | None,
        guard: ActGuard | None,
    ) -> None:
        """The processes have this duty; `tls` and `guard` are those of the parent's listener."""
        self._tls: Final = tls
        self._guard: Final = guard
        self._duty = duty
        self._starter: Final = starter
        self._parent: Final = parent
        self._metrics: Final = metrics

    @property
    def settings(self) -> Settings:
        """Those in force."""
        return self._duty.settings

    @property
    def endpoints(self) -> Sequence[EndpointSettings]:
        """Those that are served."""
        return self._duty.endpoints

    async def reload(self, settings: Settings) -> Reloaded:
        """See `Reloadable`.

        Raises:
            ConfigurationError: with every fault found.
            NotReloadedError: a process failed.
        """
        before = self._duty
        needs_restart = restart_keys(before.settings, settings)
        duty = DeliverDuty(taken_of(before.settings, settings), before.names, before.pages)
        plan = await beside(plan_of, before.endpoints, before.settings, duty.settings, before.names)
        tried = await senders_of(plan, SenderMaker(SystemClock(), LargeEvents(), settings.worker.group_prefix))
        await asyncio.gather(*(sender.close() for sender in tried.values()))
        await use_files(self._tls, "worker", duty.settings.worker.tls)
        if self._guard is not None:
            self._guard.admit_by(duty.settings.worker.authorization, is_open=duty.settings.worker.is_open)
        self._duty = self._starter.duty = duty
        self._parent.allow(drain_s=duty.drain_s)
        limit_s = max(before.drain_s, duty.drain_s) + CLOSE_GRACE_S + _RELOAD_S + _SENDER_S * len(tried)
        await reload_all(self._parent.keepers, duty.settings, limit_s=limit_s)
        for name in plan.removed:
            self._metrics.forget("endpoint", name)
        return Reloaded(plan.facts(), needs_restart)


async def deliver_in_processes(
    settings: Settings,
    names: Sequence[str],
    stop: asyncio.Event,
    reloads: ReloadSource,
    *,
    binding: TakenBinding,
    processes: int,
    logs: LogOptions,
) -> int:
    """Serve endpoints in so many processes until `stop` is set; the exit status.

    The pages of all are at `binding`.

    Raises:
        NoFolderError: there is no place for the processes' sockets.
    """
    duty = DeliverDuty(settings, names, binding.address)
    starter = ChildStarter(_COMMAND, duty, logs)
    with socket_folder(CLIENT_ID) as folder:
        parent = parent_of(folder, starter, processes, drain_s=duty.drain_s)
        metrics = FamilyMetrics(_PREFIX, parent.keepers, parent.pages, ACROSS_PROCESSES)
        guard = guard_of(settings.worker, binding)
        target = DeliverFamily(duty, starter, parent, metrics, tls=binding.tls, guard=guard)
        pages = ChildPages(parent.keepers, limit_s=_STATUS_LIMIT_S)
        prefix, clock = settings.worker.group_prefix, SystemClock()
        view = FamilyView(prefix, target, pages, metrics)
        live = LivePages(FamilyFacts(view, pages, group_prefix=prefix), clock, stop)
        page = live_routes(live, view, page_settings(settings, processes=processes), clock)
        shown = [*family_probes(parent.pages, metrics), *page_routes(view), *page]
        shown.append(difference_route(guard, target, names))
        routes = worker_routes(settings, shown, guard, FamilyActs(parent.keepers))
        server = Server(application(routes), binding, drain_s=PAGES_DRAIN_S)
        reloading = asyncio.create_task(reloads.feed(target, metrics.registry))
        try:
            return await parent.run(stop, server)
        finally:
            reloading.cancel()
