"""Refusals of one repository hold up no other, and an endpoint that refuses everything does not drain the log."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from consumer.delivery.policy.breaker import Breaker
from tests.kit.virtual_time import run, simulated
from tests.simulation.breaker_mutants import (
    OpensForAll,
    OverlooksAnOutage,
    ProbesAtOnce,
    StaysClosedForRefusals,
    WaitsOnAfterRefusals,
)
from tests.simulation.simulation import GOOD, Post, Reply, Script, World, always, stored

PROMISED_S = 2.0
HOUR = 3600.0
REFUSED = Reply(422)
Scenario = Callable[[type[Breaker]], Coroutine[Any, Any, None]]


def refuses_team(post: Post) -> Reply:
    """422 to what has an event of team/app or without a repository, 200 to all else."""
    return REFUSED if {"team/app", ""} & set(post.repositories) else GOOD


async def arrival_s(world: World, repository: str) -> float:
    """Write an event of a repository; how long until it is taken, in virtual seconds."""
    before = len(world.accepted)
    world.events([repository])
    return await world.until(lambda: len(world.accepted) > before, 400.0, 0.01)


async def one_repository_is_refused(breaker: type[Breaker], **keys: Any) -> None:
    """300 events that are refused, and nothing else at first: an event of another repository is there at once.

    Whenever it comes, and whether others were delivered before or not.
    """
    world = World(partitions=4, script=refuses_team, breaker=breaker, **keys)
    world.events(["team/app"], times=300)
    worker = world.worker()
    for number, wait_s in enumerate((0.5, 5.0, 25.0, 60.0, 2 * HOUR)):
        await asyncio.sleep(wait_s)
        assert await arrival_s(world, f"library/{number}") < PROMISED_S
    assert (
        worker.endpoint.monitor.breaker_reason == ""
        or "only repositories that it refused" in worker.endpoint.monitor.breaker_reason
    )
    assert {"rejected"} == {letter.reason for letter in world.letters}


async def a_wrong_url(breaker: type[Breaker], repositories: int = 300, hours: int = 2) -> None:
    """405 on everything: each repository is tried once, then one probe at a time; hardly anything is given up."""
    world = World(partitions=4, script=always(405), breaker=breaker)
    world.events([f"library/{number}" for number in range(repositories)], times=max(1, 2000 // repositories))
    worker = world.worker()
    await asyncio.sleep(hours * HOUR)
    probes = 10 + hours * HOUR / 300
    assert worker.is_open()
    assert len(world.letters) <= probes / 2
    assert len(world.posts) <= 64 + repositories + probes
    times = [post.at for post in world.posts if post.at > world.posts[0].at + 600.0]
    assert min(later - sooner for sooner, later in itertools.pairwise(times)) >= 255.0


async def an_outage_while_it_refuses(breaker: type[Breaker]) -> None:
    """After an hour of refusals the endpoint is away: nothing more is tried but probes, and its return is seen soon."""
    down = [False]
    world = World(
        partitions=4, script=lambda post: Reply(503) if down[0] else refuses_team(post), breaker=breaker, threshold=5
    )
    world.events(["team/app"], times=300)
    worker = world.worker()
    await asyncio.sleep(HOUR)
    down[0] = True
    sent = len(world.posts)
    world.events([f"library/{number}" for number in range(500)])
    await asyncio.sleep(20.0)
    assert worker.is_open()
    assert len(world.posts) - sent <= 64 + 6
    down[0] = False
    await world.until(lambda: len(world.accepted) == 500, 40.0)
    assert {"rejected"} == {letter.reason for letter in world.letters}
    assert {"team/app"} == {world.repository(place) for place in world.dead}


async def a_quiet_night(breaker: type[Breaker]) -> None:
    """All that was refused is given up, and hours later a refused event comes: its tries are as far apart as ever."""
    world = World(script=always(422), breaker=breaker)
    world.events(["team/app"], times=6)
    worker = world.worker()
    await asyncio.sleep(2 * HOUR)
    assert worker.is_open()
    assert 6 == len(world.letters)
    wrote = world.now
    world.events(["team/other"])
    await asyncio.sleep(HOUR)
    tries = [at - wrote for at in world.times("team/other")]
    assert 3 == len(tries)
    assert tries[0] < PROMISED_S
    assert min(later - sooner for sooner, later in itertools.pairwise(tries)) >= 1.0


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"batch": {"max_events": 10}},
        {"batch": {"max_events": 50, "linger": "500ms"}},
        {"ordering": "none"},
        {"concurrency": 1},
        {"threshold": 1},
        {"attempts": 2},
    ],
    ids=str,
)
def test_one_refused_repository_holds_up_no_other(keys: dict[str, Any]) -> None:
    """Within 2 s, with defaults and without."""
    run(one_repository_is_refused(Breaker, **keys))


@pytest.mark.parametrize("repositories", [1, 64, 1000])
def test_a_wrong_url_tries_each_repository_once_and_drains_nothing(repositories: int) -> None:
    """In two hours: a try for each repository and a probe each five minutes."""
    run(a_wrong_url(Breaker, repositories))


def test_an_outage_while_the_endpoint_refuses_is_an_outage() -> None:
    """One answer of another kind: then the whole endpoint is left alone."""
    run(an_outage_while_it_refuses(Breaker))


def test_what_is_refused_after_a_quiet_night_waits_between_its_tries() -> None:
    """No try follows at once because no probe was needed for hours."""
    run(a_quiet_night(Breaker))


MUTANTS: list[tuple[type[Breaker], Scenario]] = [
    (OpensForAll, one_repository_is_refused),
    (StaysClosedForRefusals, a_wrong_url),
    (OverlooksAnOutage, an_outage_while_it_refuses),
    (WaitsOnAfterRefusals, an_outage_while_it_refuses),
    (ProbesAtOnce, a_quiet_night),
]


@pytest.mark.parametrize(("mutant", "scenario"), MUTANTS, ids=lambda it: getattr(it, "__name__", ""))
def test_each_fault_is_found(mutant: type[Breaker], scenario: Scenario) -> None:
    """A breaker with a fault does not get through the scenario that the fault breaks."""
    with pytest.raises(AssertionError):
        run(scenario(mutant))


@pytest.mark.parametrize("keyless", [True, False])
def test_the_events_of_others_behind_the_refused_ones_are_come_to(*, keyless: bool) -> None:
    """300 refused events before them in the same partition, each of a repository of its own or without any."""

    @simulated
    async def scenario() -> None:
        world = World(script=lambda post: GOOD if "library" in post.repositories[0] else REFUSED)
        names = [""] * 300 if keyless else [f"team/{number}" for number in range(300)]
        world.events([*names, "library/innocent"], partition=0)
        world.worker()
        await world.until(lambda: len(world.accepted) == 1, PROMISED_S, 0.01)
        await asyncio.sleep(HOUR)
        assert await arrival_s(world, "library/other") < PROMISED_S

    scenario()


@simulated
async def test_a_long_backlog_of_one_refused_repository_is_read_past() -> None:
    """20,000 of its events lie before those of others, less than a window: they wait for nothing."""
    world = World(script=refuses_team)
    world.events(["team/app"], times=20_000)
    world.worker()
    await asyncio.sleep(60.0)
    assert await arrival_s(world, "library/innocent") < PROMISED_S


@pytest.mark.parametrize("others", [True, False])
def test_refusals_narrow_nothing(*, others: bool) -> None:
    """An endpoint that refused some is not met with one request at a time when it takes the others."""

    @simulated
    async def scenario() -> None:
        world = World(partitions=4, script=lambda post: Reply(refuses_team(post).status, after_s=0.5))
        world.events(["team/app"], times=300)
        worker = world.worker()
        if others:
            for number in range(60):
                world.events([f"other/{number}"])
                await asyncio.sleep(1.0)
        else:
            await asyncio.sleep(60.0)
            assert worker.is_open()
        before = len(world.accepted)
        world.events([f"library/{number}" for number in range(60)])
        await world.until(lambda: len(world.accepted) == before + 60, PROMISED_S, 0.01)

    scenario()


def refuses_events(*bad: str) -> Script:
    """422 to each request that holds an event of one of these repositories."""
    return lambda post: REFUSED if set(bad) & set(post.repositories) else GOOD


@simulated
async def test_a_batch_with_a_refused_event_is_taken_apart_at_once() -> None:
    """After an hour of refusals too: the others of its batch wait for no probe."""
    world = World(script=refuses_events("team/app", "team/new"), batch={"max_events": 50, "linger": "100ms"})
    world.events(["team/app"], times=300)
    worker = world.worker()
    await asyncio.sleep(HOUR)
    assert worker.is_open()
    world.write(stored("team/new"), *(stored(f"library/{number}") for number in range(40)))
    await world.until(lambda: len(world.accepted) == 40, PROMISED_S, 0.01)


@simulated
async def test_a_lane_that_waits_for_its_own_retry_waits_for_no_probe() -> None:
    """500 once, then refusals of another repository open the breaker: the retry goes at its time."""
    world = World(
        partitions=4,
        script=lambda post: Reply(500) if "flaky" in post.repositories and post.at < 1030.0 else refuses_team(post),
    )
    world.events(["flaky"])
    world.worker()
    while world.now < 1020.0:
        world.events(["library/steady"])
        await asyncio.sleep(0.5)
    world.events(["team/app"], times=300)
    await world.until(lambda: len(world.accepted) == 41, 20.0)
    assert [1, 2, 4, 8, 16] == [round(b - a) for a, b in itertools.pairwise(world.times("flaky"))]
