"""The view of a worker's parent process: what all its processes are together."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import msgspec
from prometheus_client import Metric

from consumer.attempts.found import FoundAttempts, merged
from consumer.attempts.question import AttemptQuestion
from consumer.endpoint.live_status import LiveStatus
from consumer.worker.merged_status import merged_status, no_status
from runtime.config import EndpointSettings
from runtime.processes.pages import ChildPages
from runtime.processes.parent_metrics import FamilyMetrics
from schemas.names import group_of


class ServedByFamily(Protocol):
    """Knows the endpoints that the processes serve."""

    @property
    def endpoints(self) -> Sequence[EndpointSettings]:
        """Now, in the configuration's order."""
        ...


class FamilyView:
    """The view of all processes of a worker."""

    def __init__(self, group_prefix: str, served: ServedByFamily, pages: ChildPages, metrics: FamilyMetrics) -> None:
        self._prefix: Final = group_prefix
        self._served: Final = served
        self._pages: Final = pages
        self._metrics: Final = metrics

    @property
    def endpoints(self) -> Sequence[EndpointSettings]:
        """See `WorkerView`."""
        return self._served.endpoints

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
