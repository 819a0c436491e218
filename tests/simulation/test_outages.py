"""Endpoints that are away, wrong, slow or strict with everything: nothing becomes a dead letter that need not."""

import asyncio
import itertools
from email.utils import formatdate

import pytest

from consumer.delivery.policy.outcome import Fault
from tests.kit.virtual_time import EPOCH, running_loop, simulated
from tests.simulation.simulation import GOOD, Post, Reply, Script, World, always, stored

REPOSITORIES = [f"library/{number}" for number in range(40)]


def until(moment: float, meanwhile: Reply) -> Script:
    """An endpoint that answers so until a virtual moment, and 200 from then on."""
    return lambda post: meanwhile if post.at < moment else GOOD


@pytest.mark.parametrize("reply", [Reply(401), Reply(503), Reply(302), Reply(fault=Fault.DNS), Reply(503, after_s=9.0)])
def test_an_outage_of_an_hour_makes_no_dead_letter(reply: Reply) -> None:
    """The breaker opens at the threshold and probes 1, 2, 4 ... 300 s apart; then everything is delivered."""

    @simulated
    async def scenario() -> None:
        world = World(partitions=4, script=until(4600.0, reply))
        world.events(REPOSITORIES, times=50)
        world.worker()
        await world.finish()
        during = [post.at for post in world.posts if post.at < 4600.0]
        assert len(during) < 40 + 25
        gaps = [round(later - sooner) for sooner, later in itertools.pairwise(during[40:])]
        assert [300, 300] == gaps[-2:] if reply.after_s < 1 else [301, 301] == gaps[-2:]
        assert [] == world.letters
        assert 2000 == len(world.accepted)
        assert 0 == world.repeats
        assert world.now < 4600.0 + 306.0 + 60.0

    scenario()


@pytest.mark.parametrize("repositories", [1, 3, 40, 500])
def test_a_wrong_url_does_not_drain_the_log(repositories: int) -> None:
    """405 on everything for two hours: each repository is tried, a few probes burn out, and the log waits."""

    @simulated
    async def scenario() -> None:
        world = World(partitions=4, script=until(1000.0 + 2 * 3600, Reply(405)))
        world.events([f"library/{number}" for number in range(repositories)], times=1000 // repositories)
        worker = world.worker()
        await asyncio.sleep(2 * 3600)
        assert worker.is_open()
        assert len(world.letters) <= 20
        assert len(world.posts) < repositories + 64 + 10 + 30
        await world.finish()
        assert 1000 // repositories * repositories == len(world.accepted) + len(world.letters)

    scenario()


class Limiter:
    """Takes so many requests in each second."""

    def __init__(self, per_second: int, retry_after: str = "") -> None:
        self.per_second = per_second
        self.retry_after = retry_after
        self.taken: dict[int, int] = {}

    def __call__(self, post: Post) -> Reply:
        """Count, and answer."""
        second = int(post.at)
        if self.taken.get(second, 0) < self.per_second:
            self.taken[second] = self.taken.get(second, 0) + 1
            return GOOD
        date = self.retry_after == "date"
        return Reply(429, retry_after=formatdate(EPOCH + second + 1, usegmt=True) if date else self.retry_after)


@pytest.mark.parametrize("retry_after", ["", "1", "date"])
def test_a_limiter_gets_everything_in_its_time(retry_after: str) -> None:
    """429 above 2 a second: all is delivered, nothing is given up, and the requests stay few where it says when."""

    @simulated
    async def scenario() -> None:
        world = World(partitions=4, script=Limiter(2, retry_after), seed=2)
        world.events(REPOSITORIES, times=5)
        worker = world.worker()
        took = await world.finish(2000.0)
        assert [] == world.letters
        assert 200 == len(world.accepted)
        assert worker.endpoint.gate.limit.value < 8
        assert took < 600.0
        assert len(world.posts) < (200 * 8 if not retry_after else 200 * 4)

    scenario()


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_receiver_of_one_thread_is_not_drowned(*, goes_on: bool) -> None:
    """200 ms a request, one at a time, under a timeout of 1 s: no dead letter, fewer than 1.5 requests an event."""

    @simulated
    async def scenario() -> None:
        free = [0.0]

        def script(post: Post) -> Reply:
            begins = max(free[0], post.at)
            if not goes_on and begins > post.at + 1.0:
                return Reply(503, after_s=100.0)  # its queue is full: the request is never looked at
            free[0] = begins + 0.2
            return Reply(after_s=free[0] - post.at)

        world = World(partitions=4, script=script)
        world.events([f"library/{number}" for number in range(400)], times=5)
        world.worker()
        took = await world.finish(5000.0)
        assert [] == world.letters
        assert 2000 == len(world.accepted)
        assert len(world.posts) < 1.5 * 2000
        assert took < 700.0

    scenario()


@simulated
async def test_a_rate_limit_is_spread_evenly_and_counts_probes() -> None:
    """10 a second: never two within 100 ms, retries and probes included."""
    world = World(partitions=4, rate_limit=10, script=until(1020.0, Reply(503)))
    world.events(REPOSITORIES, times=5)
    world.worker()
    await world.finish()
    gaps = [later.at - sooner.at for sooner, later in itertools.pairwise(world.posts)]
    assert min(gaps) > 0.09
    busy = [gap for gap in gaps if gap < 0.5]
    assert sum(busy) / len(busy) < 0.102


@pytest.mark.parametrize("rate", [0.005, 0.1])
def test_waiting_costs_nothing(rate: float) -> None:
    """A slow rate and an open breaker, a full ceiling, a commit that hangs: nobody looks a thousand times a second."""

    @simulated
    async def scenario() -> None:
        world = World(partitions=4, rate_limit=rate, script=always(503))
        world.events(REPOSITORIES, times=5)
        world.worker()
        loop = running_loop()
        await asyncio.sleep(60.0)
        before = loop.turns
        await asyncio.sleep(1000.0)
        assert loop.turns - before < 4000

    scenario()


@simulated
async def test_a_narrow_ceiling_and_a_hanging_commit_do_not_spin() -> None:
    """Due batches wait for an answer or a commit, and not for the clock."""
    world = World(partitions=4, concurrency=2, timeout="60s", script=always(200, after_s=30.0))
    world.group.commit_s = 3600.0
    world.events(REPOSITORIES, times=5)
    world.worker()
    loop = running_loop()
    await asyncio.sleep(60.0)
    before = loop.turns
    await asyncio.sleep(1000.0)
    assert loop.turns - before < 4000


@simulated
async def test_a_slow_repository_delays_no_other() -> None:
    """Answers of 30 s for one repository: the others take no longer than alone."""
    world = World(
        partitions=4,
        timeout="60s",
        script=lambda post: Reply(after_s=30.0) if "slow" in post.repositories else GOOD,
    )
    world.events(["slow", *REPOSITORIES], times=20)
    world.worker()
    took = await world.until(lambda: len(world.accepted) >= 800, 10.0)
    assert took < 2.0
    await world.finish()
    assert 820 == len(world.accepted)
    assert 820 == len(world.posts)


@simulated
async def test_retry_after_holds_the_whole_endpoint_an_hour_at_most() -> None:
    """`Retry-After: 86400` is answered with silence for an hour, and no longer."""
    world = World(partitions=4, script=until(1001.0, Reply(503, retry_after="86400")), seed=3, concurrency=1)
    world.events(REPOSITORIES)
    world.worker()
    await world.finish()
    gaps = [later.at - sooner.at for sooner, later in itertools.pairwise(world.posts)]
    assert 3600.0 <= max(gaps) <= 3601.0
    assert 41 == len(world.posts)


@simulated
async def test_memory_is_bounded_whatever_the_backlog() -> None:
    """A million records wait behind an open breaker: they wait in Kafka."""
    world = World(partitions=12, script=until(8200.0, Reply(503)))
    some = [stored(f"library/{number}") for number in range(1000)]
    for number in world.topic.partitions:
        mine = [record for record in some if world._partition(record) == number]
        world.topic.write(number, (mine * 1000)[:83_334])
    worker = world.worker()
    most = 0
    for _ in range(7200):
        await asyncio.sleep(1.0)
        backlog = sum(len(partition.backlog) for partition in worker.endpoint.partitions.values())
        most = max(most, worker.endpoint.lanes.held + backlog)
    assert worker.is_open()
    assert worker.log.given < 2500
    assert most < 2500
    assert worker.endpoint.lanes.bytes < 64 * 1024 * 1024
