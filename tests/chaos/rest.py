"""Waits until a run has come to rest: every event is delivered to each endpoint that asked for it, or a dead letter."""

import asyncio
from collections.abc import Mapping

from tests.chaos.facts import Evidence
from tests.chaos.receivers import Receiver
from tests.chaos.sampling import Sampling
from tests.chaos.topics import Topics


class Rest:
    """The rest of a run whose load is sent and whose faults are over."""

    def __init__(
        self, evidence: Evidence, receivers: Mapping[str, Receiver], topics: Topics, sampling: Sampling
    ) -> None:
        self._evidence = evidence
        self._receivers = receivers
        self._topics = topics
        self._sampling = sampling

    async def come(self) -> None:
        """Return when it is there."""
        while self._owed() and not await asyncio.to_thread(self._all_buried):
            await self._sampling.next_round()

    async def be_told(self) -> None:
        """Return when all processes say so: they are ready, and know of no lag."""
        seen = len(self._evidence.samples)
        while not self._sampling.all_quiet(seen):
            await self._sampling.next_round()

    def _owed(self) -> set[tuple[str, str]]:
        """Endpoint and id of each accepted event that was not delivered."""
        return {
            (endpoint.name, name)
            for endpoint in self._evidence.schedule.endpoints
            for name in self._evidence.accepted.keys() - self._receivers[endpoint.name].delivered
            if endpoint.wants(self._evidence.sent[name].action)
        }

    def _all_buried(self) -> bool:
        ids = {record.place: record.id for record in self._topics.log()}
        buried = {(letter.endpoint, ids.get(letter.place, "")) for letter in self._topics.letters()}
        return self._owed() <= buried
