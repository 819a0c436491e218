"""The pages at the worker's address.

`/status` for the command of that name, `/attempts` for what was sent of late, and `/debug/vars` in the registry's
expvar shape; the page for a person is in the room `page`.
No header value, user info or query is in any of them.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from prometheus_client import Metric

from consumer.attempts.found import FoundAttempts, merged
from consumer.attempts.question import AttemptQuestion
from consumer.endpoint.inspection import live_status_of
from consumer.endpoint.live_status import LiveStatus
from consumer.endpoint.metrics import WorkerMetrics
from consumer.worker.attempts_route import attempts_route
from consumer.worker.expvar import expvar_of
from consumer.worker.served import Served
from runtime.clock import Clock
from runtime.config import EndpointSettings
from runtime.http.asgi import Request, Response, Route
from runtime.kafka.pulse import Pulse


class WorkerView(Protocol):
    """Knows how a worker does, in one process or in several."""

    @property
    def endpoints(self) -> Sequence[EndpointSettings]:
        """Of the endpoints that it serves now, in the order of the configuration."""
        ...

    async def statuses(self) -> Sequence[LiveStatus]:
        """Of these endpoints."""
        ...

    async def attempts(self, question: AttemptQuestion) -> FoundAttempts:
        """Those of its last attempts that are asked for."""
        ...

    async def counted(self) -> Sequence[Metric]:
        """Its events and answers so far, as families of metrics."""
        ...


class ProcessView:
    """The view of this process alone."""

    def __init__(self, served: Served, metrics: WorkerMetrics, clock: Clock, pulse: Pulse) -> None:
        self._served: Final = served
        self._metrics: Final = metrics
        self._clock: Final = clock
        self._pulse: Final = pulse

    @property
    def endpoints(self) -> list[EndpointSettings]:
        """See `WorkerView`."""
        return [endpoint.settings for endpoint in self._served]

    async def statuses(self) -> list[LiveStatus]:
        """What nobody knows while Kafka does not answer is None."""
        why = self._pulse.unreachable_because
        return [live_status_of(endpoint, self._clock, why) for endpoint in self._served]

    async def attempts(self, question: AttemptQuestion) -> FoundAttempts:
        """Of the endpoints of this process."""
        asked = [one for one in self._served if question.endpoint in {None, one.settings.name}]
        recents = [(one.settings.name, one.monitor.attempts) for one in asked]
        found = [
            FoundAttempts(kept.found(question), {name: kept.kept_since}, repeats=kept.repeats(question))
            for name, kept in recents
        ]
        return merged(question, found)

    async def counted(self) -> list[Metric]:
        """Of this process."""
        return [*self._metrics.events.collect(), *self._metrics.status.collect()]


def page_routes(view: WorkerView) -> list[Route]:
    """The routes; what is not known is null."""

    async def status(_: Request) -> Response:
        return Response.json(200, [one.as_json() for one in await view.statuses()])

    async def variables(_: Request) -> Response:
        families = await view.counted()
        statuses = {one.endpoint: one for one in await view.statuses()}
        found = [(one, statuses[one.name]) for one in view.endpoints if one.name in statuses]  # a reload may come
        shown = [expvar_of(settings, one, families) for settings, one in found]
        return Response.json(200, {"registry": {"notifications": {"endpoints": shown or None}}})

    return [Route.get("/status", status), attempts_route(view), Route.get("/debug/vars", variables)]
