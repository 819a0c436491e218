"""`registry-worker deliver --processes N`: N members of each group, and one set of pages for them all."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from prometheus_client import Metric

from consumer.attempts.found import FoundAttempts, merged
from consumer.attempts.question import AttemptQuestion
from consumer.endpoint.live_status import LiveStatus
from consumer.endpoint.metrics import ACROSS_PROCESSES
from consumer.worker.merged_status import merged_status, no_status
from consumer.worker.pages import page_routes
from consumer.worker.parts import CLIENT_ID
from consumer.worker.service import PAGES_DRAIN_S, deliver
from runtime.config import EndpointSettings, Settings
from runtime.http.asgi import application
from runtime.http.bindings import TcpBinding
from runtime.http.server import Server
from runtime.processes.child_process import ChildStarter
from runtime.processes.order import LogOptions
from runtime.processes.pages import ChildPages
from runtime.processes.parent import parent_of
from runtime.processes.parent_metrics import FamilyMetrics
from runtime.processes.probes import family_probes
from runtime.processes.slot import ChildSlot, SlotBinding, socket_folder
from schemas.names import group_of

_COMMAND: Final = "registry-worker deliver"
_PREFIX: Final = "registry_worker"
_STATUS_LIMIT_S: Final = 1.5
"""For the status of each process: the command `status` waits 2 s for that of all."""


@dataclass(frozen=True, slots=True)
class DeliverDuty:
    """What each of the processes does: all that the command does in one."""

    settings: Settings
    endpoints: Sequence[EndpointSettings]

    async def run(self, slot: ChildSlot, stop: asyncio.Event) -> int:
        """Deliver; the pages are at the slot's socket."""
        return await deliver(self.settings, self.endpoints, stop, SlotBinding(slot))


class FamilyView:
    """The view of all processes of a worker."""

    def __init__(
        self, settings: Settings, endpoints: Sequence[EndpointSettings], pages: ChildPages, metrics: FamilyMetrics
    ) -> None:
        self._prefix: Final = settings.worker.group_prefix
        self.endpoints = endpoints
        self._pages: Final = pages
        self._metrics: Final = metrics

    async def statuses(self) -> list[LiveStatus]:
        """What one process cannot say, as it does not answer, is not known of all."""
        answers = await self._pages.ask("/status")
        troubles = [one.named_trouble for one in answers if one.answer is None]
        found = {one.number: _by_name(one.answer.body) for one in answers if one.answer is not None}
        return [self._merged(one, found, troubles) for one in self.endpoints]

    async def attempts(self, question: AttemptQuestion) -> FoundAttempts:
        """What one process cannot say, as it does not answer, is said to be unknown."""
        answers = await self._pages.ask(f"/attempts?{question.query}")
        troubles = [one.named_trouble for one in answers if one.answer is None]
        found = [msgspec.json.decode(one.answer.body, type=FoundAttempts) for one in answers if one.answer is not None]
        return merged(question, [*found, FoundAttempts(unknown_because=troubles)])

    async def counted(self) -> list[Metric]:
        """By all processes, those that have ended included."""
        return await self._metrics.families()

    def _merged(
        self, endpoint: EndpointSettings, found: Mapping[int, Mapping[str, LiveStatus]], troubles: Sequence[str]
    ) -> LiveStatus:
        name = endpoint.name
        nothing = no_status(name, endpoint.safe_url, group_of(self._prefix, name))
        return merged_status(nothing, {number: of[name] for number, of in found.items() if name in of}, troubles)


def _by_name(answer: bytes) -> dict[str, LiveStatus]:
    return {one.endpoint: one for one in msgspec.json.decode(answer, type=list[LiveStatus])}


async def deliver_in_processes(
    settings: Settings,
    endpoints: Sequence[EndpointSettings],
    stop: asyncio.Event,
    *,
    processes: int,
    logs: LogOptions,
) -> int:
    """Serve these endpoints in so many processes until `stop` is set; the exit status.

    Raises:
        AddressTakenError: `worker.listen` is not to be had.
        NoFolderError: there is no place for the processes' sockets.
    """
    duty = DeliverDuty(settings, endpoints)
    drain_s = max(map(settings.worker.drain_of, endpoints), default=settings.worker.drain_s)
    with socket_folder(CLIENT_ID) as folder:
        parent = parent_of(folder, ChildStarter(_COMMAND, duty, logs), processes, drain_s=drain_s)
        metrics = FamilyMetrics(_PREFIX, parent.keepers, parent.pages, ACROSS_PROCESSES)
        view = FamilyView(settings, endpoints, ChildPages(parent.keepers, limit_s=_STATUS_LIMIT_S), metrics)
        routes = [*family_probes(parent.pages, metrics), *page_routes(view)]
        server = Server(application(routes), TcpBinding(settings.worker.listen), drain_s=PAGES_DRAIN_S)
        return await parent.run(stop, server)
