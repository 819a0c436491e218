"""Observes the endpoints of this process at work, for the page. Changes nothing of them.

Counts are kept from the beginning, whether or not anybody looks; all else is looked at when it is asked for.
"""

import asyncio
from collections.abc import Mapping
from typing import Final, Protocol

from consumer.delivery.policy.breaker import BreakerState
from consumer.endpoint.endpoint import Endpoint
from consumer.endpoint.inspection import facts_of, lag_of
from consumer.endpoint.metrics import EndpointMetrics
from consumer.endpoint.reasons import Facts, breaker_cause, breaker_reason, reasons_of
from consumer.offsets.backlog import Waiting
from consumer.worker.page.facts import BreakerFacts, EndpointCard, GroupFacts, MemberFacts, WorkerFacts
from consumer.worker.page.history import SLOT_S, CountHistory, LogGrowth, slot_of
from consumer.worker.page.quantiles import WINDOWS_MINUTES, RecentCounts
from consumer.worker.page.states import state_of
from consumer.worker.served import Served
from runtime.clock import Clock
from runtime.http.probes import ReadinessProbe
from runtime.kafka.cluster_state import GroupMembers


class KnowsBacklogs(Protocol):
    """Knows what waits in all partitions, and how the log grows."""

    @property
    def partitions(self) -> int | None:
        """Of the topic; None while it is not known."""
        ...

    @property
    def growth(self) -> LogGrowth:
        """Of the log."""
        ...

    def waiting(self, endpoint: str) -> Waiting | None:
        """What waits for an endpoint; None if that is not known."""
        ...


class KnowsOwners(Protocol):
    """Knows who has which partitions."""

    def members(self, group: str) -> GroupMembers | None:
        """Those of a group; None if it was not asked."""
        ...

    def trouble(self, endpoint: Endpoint) -> str:
        """Which partitions have had no owner for too long; empty if there are none, or none is known."""
        ...


class KnowsLetters(Protocol):
    """Knows the open dead letters."""

    def counts(self) -> Mapping[str, Mapping[str, int]] | None:
        """By endpoint and reason; None if they are not known."""
        ...


class KnowsReachability(Protocol):
    """Knows why Kafka does not answer."""

    @property
    def unreachable_because(self) -> str:
        """Empty while it does."""
        ...


class _Counted:
    """What is kept of one endpoint."""

    def __init__(self, metrics: EndpointMetrics) -> None:
        self.delivered: Final = CountHistory()
        self.answers: Final = RecentCounts(len(metrics.delivery_seconds.counts))

    def keep(self, metrics: EndpointMetrics, now: float) -> None:
        """Keep the counts of this moment; `now` since the epoch."""
        self.delivered.keep(slot_of(now), metrics.delivered)
        self.answers.keep(int(now // 60), metrics.delivery_seconds.counts)

    def recent_answers(self, metrics: EndpointMetrics, now: float) -> tuple[tuple[int, ...], ...]:
        """For each of `WINDOWS_MINUTES`."""
        counts = metrics.delivery_seconds.counts
        return tuple(tuple(self.answers.since(int(now // 60) - minutes, counts)) for minutes in WINDOWS_MINUTES)


class ProcessObserver:
    """Observes all endpoints of this process."""

    def __init__(
        self,
        served: Served,
        backlogs: KnowsBacklogs,
        owners: KnowsOwners,
        letters: KnowsLetters,
        *,
        health: ReadinessProbe,
        kafka: KnowsReachability,
        clock: Clock,
    ) -> None:
        """Keeps the counts of this moment; `keep_counting` keeps the next ones."""
        self._served: Final = served
        self._counted: dict[str, _Counted] = {}
        self._backlogs: Final = backlogs
        self._owners: Final = owners
        self._letters: Final = letters
        self._health: Final = health
        self._kafka: Final = kafka
        self._clock: Final = clock
        self._keep()

    async def keep_counting(self) -> None:
        """Keep the counts at the beginning of each slot, for ever."""
        while True:
            await asyncio.sleep(SLOT_S - self._clock.wall() % SLOT_S)
            self._keep()

    async def look(self) -> WorkerFacts:
        """The facts of this moment."""
        now, growth = self._clock.wall(), self._backlogs.growth
        served = {endpoint.settings.name: endpoint for endpoint in self._served}
        letters = self._letters.counts()
        every = [endpoint.name for endpoint in self._served.settings.endpoints]
        return WorkerFacts(
            cards=[self._card(endpoint, letters, now) for endpoint in served.values()],
            not_ready=await self._health.reasons(),
            accepted=growth.rates,
            accepted_now=growth.rate(now),
            log_end=growth.end,
            not_served=[name for name in every if name not in served],
        )

    def _keep(self) -> None:
        """Of all endpoints; what is kept of one that is gone goes."""
        now = self._clock.wall()
        for endpoint in self._served:
            self._counts_of(endpoint).keep(endpoint.monitor.metrics, now)
        for gone in self._counted.keys() - {endpoint.settings.name for endpoint in self._served}:
            del self._counted[gone]

    def _counts_of(self, endpoint: Endpoint) -> _Counted:
        """By name: a reload replaces an endpoint, and its counts go on."""
        name = endpoint.settings.name
        if name not in self._counted:
            self._counted[name] = _Counted(endpoint.monitor.metrics)
        return self._counted[name]

    def _card(self, endpoint: Endpoint, letters: Mapping[str, Mapping[str, int]] | None, now: float) -> EndpointCard:
        counted, metrics, away = self._counts_of(endpoint), endpoint.monitor.metrics, self._kafka.unreachable_because
        facts = facts_of(endpoint, self._clock.monotonic(), away)
        waiting = self._backlogs.waiting(endpoint.settings.name)
        oldest_ms = waiting.oldest_ms if waiting and waiting.lag else None
        trouble = self._owners.trouble(endpoint)
        told_apart = breaker_reason(facts) if facts.breaker else ""
        return EndpointCard(
            endpoint=endpoint.settings.name,
            url=endpoint.settings.safe_url,
            state=state_of(
                facts,
                unreachable=bool(away),
                unserved=bool(trouble),
                partitions=len(endpoint.partitions),
                age_s=None if oldest_ms is None else now - oldest_ms / 1000,
            ),
            reasons=(*(reason for reason in reasons_of(facts) if reason != told_apart), *filter(None, [trouble])),
            lag=waiting.lag if waiting else None,
            lag_here=None if away else lag_of(endpoint),
            oldest_ms=oldest_ms,
            rates=counted.delivered.rates(),
            rate=counted.delivered.rate(metrics.delivered, now),
            answers=counted.recent_answers(metrics, now),
            in_flight=facts.in_flight,
            limit=facts.limit,
            breaker=_breaker(endpoint, facts, now),
            failure=endpoint.monitor.last_failure,
            letters=dict(endpoint.monitor.letters),
            open_letters=None if letters is None else dict(letters.get(endpoint.settings.name, {})),
            group=self._group(endpoint),
        )

    def _group(self, endpoint: Endpoint) -> GroupFacts:
        here, partitions = tuple(sorted(endpoint.partitions)), self._backlogs.partitions
        every = tuple(range(partitions)) if partitions else None
        if every is None:
            return GroupFacts(name=endpoint.group, here=here, obstacle="the topic's partitions are not known")
        if here == every:
            return GroupFacts(name=endpoint.group, here=here, every=every, unserved=())
        found = self._owners.members(endpoint.group)
        if found is None or found.obstacle:
            why = found.obstacle if found else "they are asked for every 30 s"
            return GroupFacts(name=endpoint.group, here=here, every=every, obstacle=why)
        ours = endpoint.log.member_id
        unserved = found.unowned(set(every).difference(here), besides=ours)
        return GroupFacts(
            name=endpoint.group,
            here=here,
            every=every,
            members=tuple(
                MemberFacts(one.id, one.host, here if one.id == ours else one.partitions, one.id == ours)
                for one in found.members
            ),
            unserved=None if unserved is None else tuple(unserved),
            obstacle="the group divides its partitions just now" if found.is_rebalancing else "",
        )


def _breaker(endpoint: Endpoint, facts: Facts, now: float) -> BreakerFacts:
    state = endpoint.gate.breaker.state
    if state is BreakerState.CLOSED:
        return BreakerFacts(state.value)
    due_s = facts.next_probe
    return BreakerFacts(state.value, breaker_cause(facts), None if due_s is None else round((now + due_s) * 10) * 100)
