"""What the status page is told of an endpoint at work: its state, its counts, its last error, and who has what."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from consumer.endpoint.endpoint import Endpoint
from consumer.endpoint.inspection import waiting_in
from consumer.offsets.backlog import Waiting, backlog
from consumer.worker.page.facts import EndpointCard, WorkerFacts
from consumer.worker.page.history import LogGrowth
from consumer.worker.page.observation import ProcessObserver
from consumer.worker.page.states import EndpointState
from consumer.worker.served import Served
from runtime.config import Settings
from runtime.config.settings import KafkaSettings
from runtime.kafka.cluster_state import GroupMembers, Member
from runtime.pauses import Pause
from tests.kit.virtual_time import EPOCH, VirtualClock, simulated
from tests.simulation.simulation import Reply, Worker, World, always

REPOSITORIES = [f"library/{number}" for number in range(10)]


@dataclass
class Around:
    """What a worker knows beside its endpoint; the facts of it."""

    worker: Worker
    partitions: int | None
    found: GroupMembers | None = None
    orphaned: str = ""
    letters: Mapping[str, Mapping[str, int]] | None = None
    unreachable_because: str = ""
    growth: LogGrowth = field(default_factory=LogGrowth)

    def __post_init__(self) -> None:
        settings = Settings(kafka=KafkaSettings(bootstrap_servers="x"), endpoints=(self.worker.endpoint.settings,))
        served = Served(settings, [self.worker.endpoint])
        self.observer = ProcessObserver(served, self, self, self, health=self, kafka=self, clock=VirtualClock())
        self.counting = asyncio.create_task(self.observer.keep_counting())

    def waiting(self, endpoint: str) -> Waiting | None:
        """Of the worker's own partitions."""
        assert endpoint == self.worker.endpoint.settings.name
        own = {number: waiting_in(self.worker.endpoint, number) for number in self.worker.endpoint.partitions}
        return backlog(own, None, self.partitions or 0)

    def members(self, group: str) -> GroupMembers | None:
        """As the test says."""
        assert group == self.worker.endpoint.group
        return self.found

    def trouble(self, endpoint: Endpoint) -> str:
        """As the test says."""
        return self.orphaned

    def counts(self) -> Mapping[str, Mapping[str, int]] | None:
        """Of dead letters, as the test says."""
        return self.letters

    async def reasons(self) -> list[str]:
        """The process is ready."""
        return []

    async def facts(self) -> WorkerFacts:
        """What the page would be told now."""
        return await self.observer.look()

    async def card(self) -> EndpointCard:
        """Of the endpoint."""
        (card,) = (await self.facts()).cards
        return card


def test_from_an_outage_to_the_last_event() -> None:
    """Each state has its time; what failed last is remembered, and nothing is counted that was not delivered."""

    @simulated
    async def scenario() -> None:
        world = World(script=always(503), threshold=3, backoff="1s", max_backoff="1m")
        around = Around(world.worker(), partitions=1)
        first = await around.card()
        assert (EndpointState.STARTING, None, None) == (first.state, first.rate, first.failure)
        await asyncio.sleep(1)
        assert EndpointState.CAUGHT_UP is (await around.card()).state
        world.events(REPOSITORIES, times=3)
        await asyncio.sleep(120)
        failing = await around.card()
        assert (EndpointState.FAILING, 30, 0.0) == (failing.state, failing.lag, failing.rate)
        assert failing.breaker is not None
        assert "status 503" in failing.breaker.reason
        assert failing.breaker.next_probe_ms is not None
        assert 0 <= failing.breaker.next_probe_ms / 1000 - EPOCH - world.now <= 60
        assert failing.failure is not None
        assert (503, True) == (failing.failure.status, failing.failure.failed)
        assert () == failing.reasons, "the breaker's row says it"
        world.script = always(200)
        await world.finish()
        await asyncio.sleep(120)
        calm = await around.card()
        assert (EndpointState.CAUGHT_UP, 0, None) == (calm.state, calm.lag, calm.oldest_ms)
        assert calm.failure is not None, "what failed last stays known"
        assert 30 == round(sum(60 * rate for rate in calm.rates if rate)), "each event once, over the minutes"
        assert sum(calm.answers[0]) == len(world.posts) - sum(post.ended is None for post in world.posts)

    scenario()


def test_an_endpoint_whose_events_are_late() -> None:
    """Is behind; in a pause it is paused; and what Kafka does not say is unknown."""

    @simulated
    async def scenario() -> None:
        world = World(script=lambda _: Reply(200, after_s=20.0), timeout="30s", concurrency=1)
        around = Around(world.worker(), partitions=1)
        world.events(REPOSITORIES, times=2)
        await asyncio.sleep(70)
        behind = await around.card()
        assert (EndpointState.BEHIND, 1, 1) == (behind.state, behind.in_flight, behind.limit)
        world.hold(Pause(0, "their release"))
        paused = await around.card()
        assert EndpointState.PAUSED is paused.state
        assert "their release" in paused.reasons[0]
        around.unreachable_because, around.partitions = "no broker answers", None
        unknown = await around.card()
        assert (EndpointState.UNKNOWN, None, None) == (unknown.state, unknown.lag, unknown.lag_here)
        assert unknown.group.every is None

    scenario()


def test_who_has_which_partitions() -> None:
    """Alone it has all; else the group is asked, and until then nobody knows."""

    @simulated
    async def scenario() -> None:
        world = World(partitions=4)
        worker = world.worker([0, 1])
        worker.log.member_id = "mine"
        around = Around(worker, partitions=4)
        await asyncio.sleep(1)
        asked = (await around.card()).group
        assert ((0, 1), (0, 1, 2, 3), None, None) == (asked.here, asked.every, asked.members, asked.unserved)
        mine, other = Member("10.0.0.1", (0,), "mine"), Member("10.0.0.2", (2,), "other")
        around.found = GroupMembers((mine, other), "consumer")
        around.orphaned = "no worker has had partition 3 for 90 s"
        card = await around.card()
        assert (3,) == card.group.unserved
        assert [((0, 1), True), ((2,), False)] == [(one.partitions, one.is_here) for one in card.group.members or ()]
        assert EndpointState.UNSERVED is card.state
        assert around.orphaned in card.reasons
        around.partitions = 2
        assert ((), None) == ((await around.card()).group.unserved, (await around.card()).group.members)

    scenario()


def test_dead_letters() -> None:
    """Those that this worker has written are counted; those that are open are what the topic says."""

    @simulated
    async def scenario() -> None:
        world = World(script=always(422), threshold=1000)
        around = Around(world.worker(), partitions=1)
        world.events(REPOSITORIES[:3])
        await world.finish()
        card = await around.card()
        assert ({"rejected": 3}, None) == (card.letters, card.open_letters)
        around.letters = {"other": {"exhausted": 2}}
        assert {} == (await around.card()).open_letters
        around.letters = {"ci": {"exhausted": 2}}
        assert {"exhausted": 2} == (await around.card()).open_letters

    scenario()


def test_what_is_not_served_here_is_named() -> None:
    """Of the configuration's endpoints."""

    @simulated
    async def scenario() -> None:
        around = Around(World().worker(), partitions=1)
        assert [] == (await around.facts()).not_served
        around.observer._served.replace([])
        facts = await around.facts()
        assert (["ci"], []) == (facts.not_served, facts.cards)

    scenario()
