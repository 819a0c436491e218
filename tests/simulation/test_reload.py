"""Reloads in the middle of deliveries: the untouched notice nothing, and no change loses or repeats an event."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.delivery.event_sender import EventSender
from consumer.delivery.webhook.sender import Sender
from consumer.endpoint.endpoint import Endpoint
from consumer.worker.changeover import Changeover
from consumer.worker.reload_plan import plan_of
from consumer.worker.served import Served
from runtime.config import EndpointSettings, Secret, Settings
from runtime.config.load import settings_from
from runtime.deadline import Deadline
from runtime.pauses import Pause
from tests.kit.examples import examples
from tests.kit.virtual_time import VirtualClock, run, simulated
from tests.simulation.simulation import Post, Reply, World

REPOSITORIES = [f"library/{number}" for number in range(8)]
_BASE: Settings = settings_from({"kafka": {"bootstrap.servers": "127.0.0.1:9"}})


class Process:
    """A worker process: a world each for its endpoints, of which a reload serves some."""

    def __init__(self, *worlds: World, prepare_s: float = 0.0) -> None:
        """All worlds are known; `begin` serves those that are named."""
        self.worlds = {world.settings.name: world for world in worlds}
        self.served = Served(_BASE, [])
        self.begun = asyncio.Event()
        self.forgotten: list[str] = []
        self.prepared: list[list[str]] = []
        self.changeover = Changeover(self.served, self, self.begun, VirtualClock())
        self._prepare_s = prepare_s

    def begin(self, *names: str) -> None:
        """Serve these, and start them."""
        self._know([self.worlds[name].settings for name in names])
        self.served.replace([self.worlds[name].unstarted(self.worlds[name].settings).endpoint for name in names])
        self.start()

    def start(self) -> None:
        """The preparation is done."""
        for endpoint in self.served:
            endpoint.start()
        self.begun.set()

    async def reload(self, *wanted: EndpointSettings) -> None:
        """These are in the file now."""
        before = self.served.settings
        self._know(wanted)
        plan = plan_of((endpoint.settings for endpoint in self.served), before, self.served.settings, ())
        again = (*plan.added, *plan.changed, *plan.refreshed)
        await self.changeover.apply(plan, {one.name: self._sender(one.name) for one in again})

    def of(self, name: str) -> EndpointSettings:
        """The settings that an endpoint began with."""
        return self.worlds[name].settings

    def _know(self, endpoints: Sequence[EndpointSettings]) -> None:
        self.served.settings = replace(_BASE, endpoints=tuple(endpoints))

    def _sender(self, name: str) -> Sender:
        world = self.worlds[name]
        return world.workers[-1].sender("second") if world.workers else world.unstarted(world.settings).sender("none")

    # What makes endpoints.

    def endpoint(self, settings: EndpointSettings, _sender: EventSender) -> Endpoint:
        """See `EndpointMaker`."""
        return self.worlds[settings.name].unstarted(settings).endpoint

    async def prepare(self, _settings: Settings, endpoints: Sequence[EndpointSettings]) -> None:
        """See `EndpointMaker`."""
        await asyncio.sleep(self._prepare_s)
        self.prepared.append([one.name for one in endpoints])

    def prepare_instead(self, settings: Settings, endpoints: Sequence[EndpointSettings]) -> None:
        """See `EndpointMaker`."""
        self.prepared.append([one.name for one in endpoints])

    def hold(self, endpoint: Endpoint) -> None:
        """See `EndpointMaker`."""
        endpoint.acts.hold(self.worlds[endpoint.settings.name].pause)

    def forget(self, endpoint: str) -> None:
        """See `EndpointMaker`."""
        self.forgotten.append(endpoint)


def busy(name: str, script: Callable[[Post], Reply] | None = None, **keys: Any) -> World:
    """An endpoint that has much to do."""
    soon: dict[str, Any] = {"attempts": 3, "max_backoff": "4s"}
    world = World(partitions=3, script=script or (lambda _: Reply(after_s=0.3)), name=name, **soon, **keys)
    world.events(REPOSITORIES, times=10)
    return world


def ailing(post: Post) -> Reply:
    """Fails for a while, so that its breaker opens; then one repository is poison. No two answers take equally long."""
    partition, offset = post.places[0]
    after_s = 0.005 + partition * 1e-3 + offset * 1e-5
    return Reply(500 if post.at < 1015.0 or "library/7" in post.repositories else 200, after_s)


def what_was_sent(*, reloads: bool) -> list[tuple[float, list[tuple[int, int]], int]]:
    """All requests of an endpoint, beside others that are reloaded or not."""
    seen: list[tuple[float, list[tuple[int, int]], int]] = []

    async def scenario() -> None:
        kept, other = busy("kept", ailing), busy("other")
        process = Process(kept, other, busy("new"))
        process.begin("kept", "other")
        for turn in range(1, 7):
            await asyncio.sleep(2.7)
            if reloads:
                changed = replace(other.settings, concurrency=turn)
                await process.reload(*([changed] if turn % 3 else []), kept.settings, process.of("new"))
        await kept.finish()
        assert [] == kept.workers[0].log.rejoined
        assert 1 == len(kept.workers)
        seen.extend((post.at, post.places, post.tries) for post in kept.posts)

    run(scenario())
    return seen


def test_the_untouched_notice_nothing() -> None:
    """Every request of an endpoint whose settings are equal is what it would be without reloads, to the moment."""
    assert what_was_sent(reloads=False) == what_was_sent(reloads=True)


@pytest.mark.parametrize("after_s", [0.01, 0.2, 1.4])
@pytest.mark.parametrize("script", [lambda _: Reply(after_s=0.3), ailing], ids=["slow", "ailing"])
def test_a_changed_one_repeats_nothing(after_s: float, script: Callable[[Post], Reply]) -> None:
    """It drains, commits, and begins anew from its cursor with the new settings."""

    @simulated
    async def scenario() -> None:
        world = busy("ci", script)
        process = Process(world)
        process.begin("ci")
        await asyncio.sleep(after_s)
        await process.reload(replace(world.settings, concurrency=3))
        (before, after) = world.workers
        assert before.log.dead
        assert after.endpoint is process.served.named("ci")
        began = world.now
        await world.finish()
        assert 0 == world.repeats
        late = [post for post in world.posts if post.at >= began]
        assert late
        assert 3 >= max(sum(one.at <= post.at < (one.ended or 0) for one in late) for post in late)

    scenario()


@simulated
async def test_a_removed_one_leaves_in_order_and_may_come_back() -> None:
    """What it had in flight is answered and committed; its series go; later it goes on from its cursor."""
    stays, goes = busy("stays"), busy("goes")
    process = Process(stays, goes)
    process.begin("stays", "goes")
    await asyncio.sleep(1.0)
    await process.reload(stays.settings)
    assert ["goes"] == process.forgotten
    assert ["stays"] == [endpoint.settings.name for endpoint in process.served]
    assert all(post.ended is not None for post in goes.posts)
    taken = len(goes.accepted)
    assert 0 < taken < 80
    await asyncio.sleep(60.0)
    assert taken == len(goes.accepted)
    await process.reload(stays.settings, goes.settings)
    await goes.finish()
    await stays.finish()
    assert (0, 0) == (goes.repeats, stays.repeats)


@simulated
async def test_an_added_one_begins_when_it_has_its_cursor() -> None:
    """However long that takes: others go on, and a reload that removes it again leaves nothing behind."""
    old, new, never = busy("old"), busy("new"), busy("never")
    process = Process(old, new, never, prepare_s=30.0)
    process.begin("old")
    await process.reload(old.settings, new.settings, never.settings)
    assert ["old", "new", "never"] == [endpoint.settings.name for endpoint in process.served]
    await process.reload(old.settings, new.settings)
    await old.finish()
    assert [] == new.posts
    await new.finish()
    assert ["new", "never"] in process.prepared
    assert [] == never.posts


@simulated
async def test_a_paused_one_begins_held() -> None:
    """Changed or added, it sends nothing before somebody resumes it; the world finds each request in a pause."""
    changed, added = busy("changed"), busy("added")
    process = Process(changed, added)
    process.begin("changed")
    await asyncio.sleep(1.0)
    for world in (changed, added):
        world.hold(Pause(int(world.now * 1000)))
    await process.reload(replace(changed.settings, concurrency=3), added.settings)
    await asyncio.sleep(60.0)
    assert [] == added.posts
    for world in (changed, added):
        world.hold(None)
        await world.finish()
        assert 0 == world.repeats


@simulated
async def test_a_rotated_secret_keeps_the_consumer() -> None:
    """The requests in flight end by the client that they began with; those after them go by the other one."""
    world = busy("ci")
    process = Process(world)
    process.begin("ci")
    await asyncio.sleep(1.0)
    changed_at = world.now
    await process.reload(replace(world.settings, headers=(("authorization", Secret("Bearer new")),)))
    assert world.now == changed_at
    await world.finish()
    assert 1 == len(world.workers)
    assert 0 == world.repeats
    assert {"first"} == {post.sender for post in world.posts if post.at < changed_at}
    assert {"second"} == {post.sender for post in world.posts if post.at > changed_at}


@simulated
async def test_before_the_worker_has_begun_endpoints_are_replaced() -> None:
    """Kafka is away since the start: nothing of what is in the file no more is ever begun."""
    first, second = busy("first"), busy("second")
    process = Process(first, second)
    process.served.replace([first.unstarted(first.settings).endpoint])
    await process.reload(second.settings)
    assert [["second"]] == process.prepared
    process.start()
    await second.finish()
    assert [] == first.posts
    assert ["first"] == process.forgotten


@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.35])
def test_a_stop_in_the_middle_of_a_reload(after_s: float) -> None:
    """What the reload closes is closed to its end, what it would begin is not begun."""

    @simulated
    async def scenario() -> None:
        world, goes = busy("ci"), busy("goes")
        process = Process(world, goes)
        process.begin("ci", "goes")
        await asyncio.sleep(1.0)
        reloading = asyncio.create_task(process.reload(replace(world.settings, concurrency=3)))
        await asyncio.sleep(after_s)
        reloading.cancel()
        await asyncio.wait((reloading,))
        await process.changeover.close(Deadline.after(12.0, VirtualClock()))
        assert all(worker.log.dead for one in (world, goes) for worker in one.workers), "all have left"
        sent = len(world.posts), len(goes.posts)
        await asyncio.sleep(60.0)
        assert sent == (len(world.posts), len(goes.posts))
        for one in (world, goes):
            one.worker()
            await one.finish()
            assert 0 == one.repeats

    scenario()


CHANGES = st.lists(
    st.tuples(st.floats(0.0, 2.0), st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3)), max_size=3)),
    max_size=6,
)


@settings(max_examples=examples(2000, suite=12))
@given(changes=CHANGES)
def test_any_reloads_lose_and_repeat_nothing(changes: list[tuple[float, list[tuple[str, int]]]]) -> None:
    """Endpoints come, change and go in any order, while events are in flight."""

    async def scenario() -> None:
        process = Process(*(busy(name, concurrency=3) for name in "abc"), prepare_s=0.1)
        process.begin("a", "b")
        for wait_s, wanted in changes:
            await asyncio.sleep(wait_s)
            settings = {name: replace(process.of(name), concurrency=width) for name, width in wanted}
            await process.reload(*settings.values())
        await process.reload(*(world.settings for world in process.worlds.values()))
        for world in process.worlds.values():
            await world.finish()
            assert 0 == world.repeats

    run(scenario())
