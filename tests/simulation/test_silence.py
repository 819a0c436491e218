"""Answers that never come: whatever waits for one ends, says why, and the worker goes on."""

import asyncio

from consumer.log.succession import SILENCE_LIMIT_S
from consumer.offsets.commit_policy import ANSWER_LIMIT_S
from consumer.worker.answers import SILENT_AFTER_S, Answers
from consumer.worker.health import endpoint_snapshot
from tests.kit.virtual_time import VirtualClock, run, simulated
from tests.simulation.simulation import Reply, Worker, World, always, stored

REPOSITORIES = [f"r{number}" for number in range(20)]


@simulated
async def test_a_commit_that_is_never_answered_stops_nothing_for_good() -> None:
    """After half a minute its consumer is given up: unready with that reason meanwhile, then all goes on."""
    world = World(partitions=2, concurrency=4)
    world.group.commit_s = 1e9
    world.events(REPOSITORIES, times=20)
    worker = world.worker()
    began = world.now
    await world.until(lambda: bool(worker.endpoint.consumer_fault) and world.now > began + 1.0, step_s=0.01)
    assert ANSWER_LIMIT_S <= world.now - began <= ANSWER_LIMIT_S + 2.0
    assert "Kafka did not answer a commit for 30 s" == worker.endpoint.consumer_fault
    assert 8 == len(world.accepted), "twice the width, and nothing more starts"
    world.group.commit_s = 0.01
    await world.finish(60.0)
    assert worker.endpoint.consumer_fault == ""
    assert 400 == len(world.accepted)
    assert world.repeats <= 8


def test_what_a_silent_commit_makes_come_twice_is_told() -> None:
    """How much at most, and why; a stop in peace, with everything committed, tells nothing of the kind."""

    async def scenario() -> None:
        world = World(partitions=2, concurrency=4)
        world.group.commit_s = 1e9
        world.events(REPOSITORIES, times=20)
        worker = world.worker()
        await world.until(lambda: bool(worker.endpoint.consumer_fault) and bool(world.accepted))
        world.group.commit_s = 0.01
        await world.finish(60.0)
        await worker.stop()

    lines = [dict(line) for line in run(scenario())]
    (told,) = [line for line in lines if line["event"] == "endpoint.not_committed"]
    assert ([0, 1], 8) == (told["partitions"], told["events_at_most"])
    (why,) = [line for line in lines if line["event"] == "endpoint.given_up"]
    assert "Kafka did not answer a commit for 30 s" == why["reason"]


@simulated
async def test_it_is_given_up_once_for_each_silence() -> None:
    """Not at every pass; a Kafka that stays silent is tried again every half minute."""
    world = World(concurrency=4)
    world.group.commit_s = 1e9
    world.events(["a"], times=40)
    worker = world.worker()
    faults = 0
    before = ""
    for _ in range(10 * 200):
        await asyncio.sleep(0.1)
        faults += worker.endpoint.consumer_fault not in {"", before}
        before = worker.endpoint.consumer_fault
    assert 5 <= faults <= 7
    world.group.commit_s = 0.01
    await world.finish(120.0)


@simulated
async def test_a_consumer_without_partitions_beside_one_that_does_not_close_is_a_fault() -> None:
    """The group may think that the old one has them; whoever has partitions has no fault."""
    world = World()
    worker = world.worker()
    await asyncio.sleep(1.0)
    worker.log.abandoned = 1
    assert "" == endpoint_snapshot(worker.endpoint, world.now).consumer_fault
    await worker.log.revoke({0})
    assert "does not close" in endpoint_snapshot(worker.endpoint, world.now).consumer_fault
    worker.log.abandoned = 0
    assert "" == endpoint_snapshot(worker.endpoint, world.now).consumer_fault


@simulated
async def test_a_thread_that_does_not_answer_is_a_fault() -> None:
    """After 12 s; while requests in flight are waited for, after their drain and 12 s."""
    world = World(script=always(200, after_s=3000.0), timeout="1h")
    worker = world.worker()
    worker.log.drain_s = 100.0
    world.events(["a"])
    await asyncio.sleep(1.0)
    worker.log.silent_since = world.now
    for fault, seconds in (("", 11.0), ("its consumer's thread does not answer", 2.0)):
        await asyncio.sleep(seconds)
        assert fault == endpoint_snapshot(worker.endpoint, world.now).consumer_fault
    draining = asyncio.create_task(worker.endpoint.drain({0}))
    for fault, seconds in (("", 90.0), ("its consumer's thread does not answer", 10.0)):
        await asyncio.sleep(seconds)
        assert fault == endpoint_snapshot(worker.endpoint, world.now).consumer_fault
    await draining


class Kafka:
    """Whether Kafka answers, as the pulse says it."""

    def __init__(self) -> None:
        self.is_up: bool | None = True


def watched(kafka: Kafka) -> tuple[World, Worker, asyncio.Task[None]]:
    """A worker, and the watch over the answers to its consumer."""
    world = World()
    worker = world.worker()
    watch = asyncio.create_task(Answers([worker.endpoint], kafka, VirtualClock()).watch())
    return world, worker, watch


@simulated
async def test_a_consumer_that_kafka_does_not_answer_is_replaced() -> None:
    """It has its partitions and waits for records that never come: unready soon, and another one after a minute."""
    world, worker, _ = watched(Kafka())
    await asyncio.sleep(100.0)
    worker.log.unanswered_since = began = world.now
    await asyncio.sleep(14.0)
    assert "" == endpoint_snapshot(worker.endpoint, world.now).consumer_fault
    await asyncio.sleep(2.0)
    assert "Kafka does not answer its consumer" == endpoint_snapshot(worker.endpoint, world.now).consumer_fault
    await world.until(lambda: bool(worker.log.rejoined), 200.0)
    limit_s = worker.log.drain_s + SILENCE_LIMIT_S
    assert limit_s <= world.now - began <= limit_s + SILENT_AFTER_S + 10.0
    world.events(["a"], times=5)
    await world.finish(10.0)
    assert "" == endpoint_snapshot(worker.endpoint, world.now).consumer_fault
    await asyncio.sleep(1000.0)
    assert 1 == len(worker.log.rejoined)


@simulated
async def test_a_consumer_that_is_no_member_for_long_is_replaced() -> None:
    """Its group may never hear of it; one that is admitted in time is left alone."""
    world, worker, _ = watched(Kafka())
    await asyncio.sleep(100.0)
    for _ in range(20):
        worker.endpoint.membership("has not joined its group yet")
        await asyncio.sleep(60.0)
        worker.endpoint.membership("")
        await asyncio.sleep(10.0)
    assert [] == worker.log.rejoined
    worker.endpoint.membership("has not joined its group yet")
    await world.until(lambda: bool(worker.log.rejoined), worker.log.drain_s + SILENCE_LIMIT_S + 10.0)


@simulated
async def test_while_kafka_is_away_no_consumer_is_at_fault() -> None:
    """However long; when it is back each has its time to come back."""
    kafka = Kafka()
    world, worker, _ = watched(kafka)
    await asyncio.sleep(100.0)
    kafka.is_up = False
    worker.log.unanswered_since = world.now
    worker.endpoint.membership("is not a member of its group any more")
    await asyncio.sleep(3600.0)
    kafka.is_up = True
    await asyncio.sleep(60.0)
    worker.log.unanswered_since = None
    worker.endpoint.membership("")
    await asyncio.sleep(3600.0)
    assert [] == worker.log.rejoined


@simulated
async def test_an_http_client_that_never_answers_is_no_longer_waited_for() -> None:
    """Ten seconds beyond the timeout it counts as a timeout: the breaker opens, and the lane goes on in order."""
    world = World(
        script=lambda post: Reply(500, never=True) if post.at < 1100.0 else Reply(),
        threshold=4,
        timeout="5s",
        max_backoff="10s",
    )
    world.events(["a", "b"], times=3)
    worker = world.worker()
    await asyncio.sleep(14.0)
    assert (2, False) == (len(world.posts), worker.is_open())
    await asyncio.sleep(60.0)
    assert worker.is_open()
    assert 15.0 <= world.times("a")[1] - world.times("a")[0] <= 18.0
    await world.finish(100.0)
    assert 6 == len(world.accepted)
    assert 0 == world.repeats
    assert 0 == worker.endpoint.dispatcher.in_flight.requests


@simulated
async def test_large_requests_that_wait_for_each_other_are_no_timeouts() -> None:
    """An endpoint that answers each in its time gets each once, many of them at once, and its breaker stays closed."""
    world = World(script=always(200, after_s=0.9), timeout="1s")
    world.write(*(stored(f"r{number}", pad=700_000) for number in range(20)))
    world.worker()
    assert 5.0 > await world.finish(60.0)
    assert 20 == len(world.posts)


@simulated
async def test_a_drain_breaks_off_what_never_answers() -> None:
    """A partition that is taken away in between is not tried here again."""
    world = World(script=lambda _: Reply(never=True), timeout="5s")
    world.events(["a"])
    worker = world.worker()
    await asyncio.sleep(12.0)
    await worker.log.revoke({0})
    await asyncio.sleep(100.0)
    assert 1 == len(world.posts)
    assert 0 == worker.endpoint.dispatcher.in_flight.requests
