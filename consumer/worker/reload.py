"""The reload of a worker process: what it takes of new settings while it runs. What can fail is tried before that."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from consumer.delivery.event_sender import EventSender
from consumer.endpoint.endpoint import Endpoint
from consumer.worker.assembly import enabled_groups, endpoint_of
from consumer.worker.backlogs import Backlogs
from consumer.worker.changeover import Changeover
from consumer.worker.parts import Parts
from consumer.worker.pauses import Pauses
from consumer.worker.preparation import Preparation
from consumer.worker.reload_plan import ReloadPlan, plan_of, restart_keys, taken_of
from consumer.worker.senders import SenderMaker, sender_maker
from consumer.worker.served import Served
from runtime.config import EndpointSettings, Settings
from runtime.config.faults import ConfigurationError
from runtime.http.act_guard import ActGuard
from runtime.http.client import ClientSettingsError
from runtime.http.server_tls import ServerTLS, use_files
from runtime.reloading.reloadable import Reloaded
from runtime.side_threads import beside
from runtime.sink_factory import SinkSettingsError


@dataclass(frozen=True, slots=True)
class WorkerEndpoints:
    """An `EndpointMaker` out of the parts of a worker."""

    parts: Parts
    preparation: Preparation
    """Of the endpoints with which the worker begins."""
    pauses: Pauses

    def endpoint(self, settings: EndpointSettings, sender: EventSender) -> Endpoint:
        """See `EndpointMaker`."""
        return endpoint_of(self.parts, settings, sender)

    async def prepare(self, settings: Settings, endpoints: Sequence[EndpointSettings]) -> None:
        """See `EndpointMaker`."""
        await self.preparation.other(settings, endpoints).run()

    def prepare_instead(self, settings: Settings, endpoints: Sequence[EndpointSettings]) -> None:
        """See `EndpointMaker`."""
        self.preparation.change(settings, endpoints)

    def hold(self, endpoint: Endpoint) -> None:
        """See `EndpointMaker`."""
        self.pauses.hold(endpoint)

    def forget(self, endpoint: str) -> None:
        """See `EndpointMaker`."""
        self.parts.metrics.forget(endpoint)


class WorkerReload:
    """A `Reloadable`: the endpoints are those of the new settings; all else stays as it was at the start."""

    def __init__(
        self,
        parts: Parts,
        served: Served,
        backlogs: Backlogs,
        changeover: Changeover,
        *,
        names: Sequence[str],
        tls: ServerTLS | None,
        guard: ActGuard | None,
    ) -> None:
        """Changes nothing yet.

        Args:
            parts: of the worker.
            served: its endpoints, and the settings in force.
            backlogs: of all endpoints that are enabled.
            changeover: of the endpoints.
            names: of `--endpoint`; empty: it serves all.
            tls: of its listener.
            guard: of what is done there; None if only our own processes come.
        """
        self._guard: Final = guard
        self._tls: Final = tls
        self._parts: Final = parts
        self._served: Final = served
        self._backlogs: Final = backlogs
        self._changeover: Final = changeover
        self._names: Final = names

    async def reload(self, settings: Settings) -> Reloaded:
        """See `Reloadable`.

        Raises:
            ConfigurationError: with every fault found.
        """
        before = self._served.settings
        needs_restart = restart_keys(before, settings)
        settings = taken_of(before, settings)
        running = [endpoint.settings for endpoint in self._served]
        plan = await beside(plan_of, running, before, settings, self._names)
        senders = await senders_of(plan, sender_maker(self._parts))
        await use_files(self._tls, "worker", settings.worker.tls)
        if self._guard is not None:
            self._guard.admit_by(settings.worker.authorization, is_open=settings.worker.is_open)
        self._served.settings = settings
        self._backlogs.follow(enabled_groups(settings))
        self._parts.widen(len(plan.wanted))
        await self._changeover.apply(plan, senders)
        self._parts.metrics.ask_for_backlogs(self._backlogs, [one.name for one in plan.wanted])
        return Reloaded(plan.facts(), needs_restart)


async def senders_of(plan: ReloadPlan, maker: SenderMaker) -> dict[str, EventSender]:
    """By name, those of all endpoints that are to send otherwise than now.

    Each takes 15 ms, most of them for the system's authorities: beside the loop, which has events to deliver.

    Raises:
        ConfigurationError: with a fault for each of which there cannot be one.
    """
    made: dict[str, EventSender] = {}
    faults = []
    for one in (*plan.added, *plan.changed, *plan.refreshed):
        try:
            made[one.name] = await beside(maker.sender, one)
        except (ClientSettingsError, SinkSettingsError) as error:
            faults.append(str(error))
    if faults:
        await asyncio.gather(*(sender.close() for sender in made.values()))
        raise ConfigurationError(faults)
    return made
