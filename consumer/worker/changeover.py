"""The changeover from the endpoints that a worker serves to those that a reload wants: what is equal is not touched.

An endpoint that is removed drains, commits and leaves its group; then its series go. One that is changed does the same
and begins anew from its cursor, so that nothing is delivered twice. Before the worker has begun, nothing reads yet, and
endpoints are simply replaced.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Final, Protocol

from consumer.delivery.event_sender import EventSender
from consumer.endpoint.endpoint import Endpoint
from consumer.worker.reload_plan import ReloadPlan
from consumer.worker.served import Served
from runtime.clock import Clock
from runtime.config import EndpointSettings, Settings
from runtime.deadline import CLOSE_GRACE_S, Deadline


class EndpointMaker(Protocol):
    """Makes endpoints, and what they need to begin."""

    def endpoint(self, settings: EndpointSettings, sender: EventSender) -> Endpoint:
        """One that is not started."""
        ...

    async def prepare(self, settings: Settings, endpoints: Sequence[EndpointSettings]) -> None:
        """Return when these have their cursors, however long Kafka is away."""
        ...

    def prepare_instead(self, settings: Settings, endpoints: Sequence[EndpointSettings]) -> None:
        """The worker has not begun: let it begin with these."""

    def hold(self, endpoint: Endpoint) -> None:
        """Hold it from its beginning, if an operator has paused it."""

    def forget(self, endpoint: str) -> None:
        """It is gone: nothing of it is shown any more."""


class Changeover:
    """Changes the endpoints of one worker."""

    def __init__(self, served: Served, maker: EndpointMaker, begun: asyncio.Event, clock: Clock) -> None:
        """Nothing is changed yet; `begun` is set when the worker has started the endpoints that it has then."""
        self._served: Final = served
        self._maker: Final = maker
        self._begun: Final = begun
        self._clock: Final = clock
        self._closings: Final[dict[Endpoint, asyncio.Task[None]]] = {}
        self._beginnings: Final[set[asyncio.Task[None]]] = set()

    async def apply(self, plan: ReloadPlan, senders: Mapping[str, EventSender]) -> None:
        """Return when what is removed or changed has drained; what begins joins its group by itself.

        Args:
            plan: of what.
            senders: by name, of the endpoints that are added, changed or refreshed.
        """
        for settings in plan.refreshed:
            if (endpoint := self._served.named(settings.name)) is not None:
                _refresh(endpoint, settings, senders[settings.name])
        if self._begun.is_set():
            await self._change(plan, senders)
        else:
            await self._replace(plan, senders)

    @property
    def closing(self) -> list[Endpoint]:
        """Those that are being closed."""
        return list(self._closings)

    async def close(self, deadline: Deadline) -> None:
        """Close all endpoints, those too that a reload is closing, and begin none any more."""
        for task in self._beginnings:
            task.cancel()
        open_ones = [endpoint for endpoint in self._served if endpoint not in self._closings]
        await asyncio.gather(*self._closings.values(), *(endpoint.close(deadline) for endpoint in open_ones))

    async def _change(self, plan: ReloadPlan, senders: Mapping[str, EventSender]) -> None:
        prepared = self._in_background(self._prepare(plan))
        leaving = {name: self._close(name) for name in plan.removed}
        draining = [(one, self._close(one.name)) for one in plan.changed]
        added = {one.name: self._maker.endpoint(one, senders[one.name]) for one in plan.added}
        self._serve(plan, added)
        for endpoint in added.values():
            self._in_background(self._begin(endpoint, prepared))
        await asyncio.gather(
            *(self._leave(name, closing) for name, closing in leaving.items()),
            *(self._begin_anew(one, senders[one.name], closing, prepared) for one, closing in draining),
        )

    async def _prepare(self, plan: ReloadPlan) -> None:
        if plan.added or plan.changed or plan.unknown:
            await self._maker.prepare(self._served.settings, [*plan.added, *plan.changed])

    async def _replace(self, plan: ReloadPlan, senders: Mapping[str, EventSender]) -> None:
        closings = [self._close(name) for name in (*plan.removed, *(one.name for one in plan.changed))]
        made = {one.name: self._maker.endpoint(one, senders[one.name]) for one in (*plan.added, *plan.changed)}
        self._serve(plan, made)
        self._maker.prepare_instead(self._served.settings, plan.wanted)
        await asyncio.gather(*map(asyncio.shield, closings))
        for name in plan.removed:
            self._maker.forget(name)

    def _serve(self, plan: ReloadPlan, made: Mapping[str, Endpoint]) -> None:
        """Serve what is wanted, as far as it is there or made."""
        found = (made.get(one.name) or self._served.named(one.name) for one in plan.wanted)
        self._served.replace([endpoint for endpoint in found if endpoint is not None])

    async def _leave(self, name: str, closing: "asyncio.Task[None]") -> None:
        await asyncio.shield(closing)
        self._maker.forget(name)

    async def _begin_anew(
        self,
        settings: EndpointSettings,
        sender: EventSender,
        closing: "asyncio.Task[None]",
        prepared: "asyncio.Task[None]",
    ) -> None:
        before = self._served.named(settings.name)
        await asyncio.shield(closing)
        made = self._maker.endpoint(settings, sender)
        self._served.replace([made if endpoint is before else endpoint for endpoint in self._served])
        self._in_background(self._begin(made, prepared))

    async def _begin(self, endpoint: Endpoint, prepared: "asyncio.Task[None]") -> None:
        await asyncio.shield(prepared)
        if self._served.named(endpoint.settings.name) is endpoint and endpoint not in self._closings:
            self._maker.hold(endpoint)
            endpoint.start()

    def _close(self, name: str) -> "asyncio.Task[None]":
        """Begin to close the endpoint of this name; whoever waits may be cancelled, and it is closed nevertheless."""
        endpoint = self._served.named(name)
        assert endpoint is not None
        limit_s = self._served.settings.worker.drain_of(endpoint.settings) + CLOSE_GRACE_S
        closing = asyncio.create_task(endpoint.close(Deadline.after(limit_s, self._clock)))
        self._closings[endpoint] = closing
        closing.add_done_callback(lambda _: self._closings.pop(endpoint))
        return closing

    def _in_background(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        self._beginnings.add(task)
        task.add_done_callback(self._beginnings.discard)
        return task


def _refresh(endpoint: Endpoint, settings: EndpointSettings, sender: EventSender) -> None:
    """Let it send otherwise from now on, with what does not touch its consumer; an open breaker tries that at once."""
    endpoint.courier.use(sender)
    endpoint.settings = settings
    if endpoint.gate.breaker.is_open:
        endpoint.acts.try_now()
