"""Ownership: whether each partition of the endpoints' groups has an owner. A consumer leaves and joins where not.

The groups are asked only while some of their partitions are not here: one worker alone asks nobody.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from typing import Final, Protocol
from weakref import WeakKeyDictionary

import structlog

from consumer.endpoint.endpoint import Endpoint
from consumer.worker.orphans import Orphans
from runtime.backoff import Jitter
from runtime.clock import Clock
from runtime.counts import noun
from runtime.errors import BridgeError
from runtime.kafka.cluster_state import GroupMembers
from runtime.side_threads import beside, beside_within

_log: Final = structlog.get_logger(__name__)

EVERY_S: Final = 30.0
"""Between two looks: each starts a process."""
_ANSWER_LIMIT_S: Final = 60.0
AGAIN_S: Final = 10.0
"""While a partition has no owner."""


class GroupsView(Protocol):
    """Knows the events topic, and who is a member of its groups. Blocks."""

    def partitions(self) -> Collection[int]:
        """The partitions of the topic.

        Raises:
            TopicMissingError: there is no such topic.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        ...

    def members(self, groups: Collection[str]) -> Mapping[str, GroupMembers]:
        """The members of each of these groups; of one that does not answer the obstacle is known."""
        ...


class Ownership:
    """Watches the groups of the endpoints that this worker serves."""

    def __init__(self, endpoints: Iterable[Endpoint], view: GroupsView, *, clock: Clock, jitter: Jitter) -> None:
        """Nothing was looked at yet; `endpoints` are asked for at each turn."""
        self._endpoints: Final = endpoints
        self._view: Final = view
        self._clock: Final = clock
        self._jitter: Final = jitter
        self._known: Final[WeakKeyDictionary[Endpoint, Orphans]] = WeakKeyDictionary()
        self._members: Mapping[str, GroupMembers] = {}

    def members(self, group: str) -> GroupMembers | None:
        """Those of a group at the last look; None if it was not asked: this worker had all partitions, or no answer."""
        return self._members.get(group)

    def trouble(self, endpoint: Endpoint) -> str:
        """Which partitions of its group have had no owner for too long; empty if there are none, or none is known."""
        overdue = self._orphans(endpoint).overdue(self._clock.monotonic())
        if not overdue:
            return ""
        numbers = ", ".join(map(str, overdue))
        return f"no worker has had {noun(len(overdue), 'partition')} {numbers} for {max(overdue.values()):.0f} s"

    async def watch(self) -> None:
        """Look for ever."""
        while True:
            suspected = any(self._orphans(endpoint).are_suspected for endpoint in self._endpoints)
            await asyncio.sleep(AGAIN_S if suspected else EVERY_S)
            await self._look()

    def _orphans(self, endpoint: Endpoint) -> Orphans:
        if endpoint not in self._known:
            self._known[endpoint] = Orphans(drain_s=endpoint.log.drain_s, jitter=self._jitter)
        return self._known[endpoint]

    async def _look(self) -> None:
        try:
            every = await beside_within(_ANSWER_LIMIT_S, self._view.partitions)
        except BridgeError:
            every = ()  # health says that Kafka, or the topic, is away
        asked = [endpoint.group for endpoint in self._endpoints if set(every).difference(endpoint.partitions)]
        found = await beside(self._view.members, asked) if asked else {}
        self._members = found
        for endpoint in self._endpoints:
            self._judge(endpoint, self._orphans(endpoint), _unowned(endpoint, every, found))

    def _judge(self, endpoint: Endpoint, orphans: Orphans, unowned: Collection[int] | None) -> None:
        now = self._clock.monotonic()
        orphans.look(unowned, now)
        is_member = not endpoint.consumer_fault
        if is_member and orphans.is_to_rejoin(now, has_partitions=bool(endpoint.partitions)):
            trouble = self.trouble(endpoint)
            orphans.rejoined(now)
            consequence = "its consumer leaves its group and joins it again"
            _log.warning("endpoint.rejoins", endpoint=endpoint.settings.name, reason=trouble, consequence=consequence)
            endpoint.log.give_up(trouble)


def _unowned(endpoint: Endpoint, every: Collection[int], found: Mapping[str, GroupMembers]) -> Collection[int] | None:
    """The partitions that nobody has, whatever the group says of this worker; None where that is not known."""
    elsewhere = set(every).difference(endpoint.partitions)
    if not every or (elsewhere and endpoint.group not in found):
        return None
    return found[endpoint.group].unowned(elsewhere, besides=endpoint.log.member_id) if elsewhere else ()
