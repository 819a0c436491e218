"""The facts of all processes of a worker, as their parent asks for them."""

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from consumer.worker.page.facts import WorkerFacts
from consumer.worker.page.merging import KnownEndpoint, merged_facts
from consumer.worker.page.routes import FACTS
from runtime.config import EndpointSettings
from runtime.processes.pages import ChildPages
from schemas.names import group_of


class KnowsEndpoints(Protocol):
    """Knows which endpoints the processes serve now."""

    @property
    def endpoints(self) -> Sequence[EndpointSettings]:
        """In the order of the configuration."""
        ...


class FamilyFacts:
    """Asks all processes, and merges what they answer."""

    def __init__(self, served: KnowsEndpoints, pages: ChildPages, *, group_prefix: str) -> None:
        self._served: Final = served
        self._pages: Final = pages
        self._prefix: Final = group_prefix
        self._decoder: Final = msgspec.json.Decoder(WorkerFacts)

    async def look(self) -> WorkerFacts:
        """The facts of this moment; what one process cannot say, as it does not answer, is not known of all."""
        answers = await self._pages.ask(FACTS)
        troubles = [one.named_trouble for one in answers if one.answer is None]
        parts = {one.number: self._decoder.decode(one.answer.body) for one in answers if one.answer is not None}
        endpoints = [
            KnownEndpoint(one.name, one.safe_url, group_of(self._prefix, one.name)) for one in self._served.endpoints
        ]
        return merged_facts(endpoints, parts, troubles)
