"""The endpoint by itself: what it does with what its log says, in the order in which it may be said."""

import asyncio
from typing import Any

from consumer.lanes.delivery import Delivery, Lane
from consumer.offsets import commit_metadata as holes
from consumer.offsets.ledger import Snapshot
from consumer.offsets.partition import Partition
from consumer.record import Record
from tests.kit.virtual_time import LogLines, run, running_loop, simulated
from tests.simulation.simulated_log import TOPIC
from tests.simulation.simulation import GOOD, GROUP, Reply, Worker, World, always


def delivery(partition: Partition, offset: int = 0) -> Delivery:
    """One of partition 0, read in this assignment of it."""
    record = Record("registry.events", 0, offset, 0, b"a", b"")
    return Delivery(record, None, Lane((0, b"a")), 0.0, partition)


def trouble_of(worker: Worker) -> str:
    """What it says is wrong."""
    return worker.endpoint.consumer_fault


@simulated
async def test_what_belongs_to_an_earlier_assignment_changes_nothing() -> None:
    """Invariant I4: it is not held, it finishes nothing, it counts for no commit."""
    world = World(script=always(200, after_s=0.9))
    world.events(["a", "b"])
    worker = world.worker()
    await asyncio.sleep(0.1)
    stale = delivery(worker.endpoint.partitions[0])
    worker.log.lose({0})
    worker.log.assign([0])
    await asyncio.sleep(0.1)
    assignment = worker.endpoint.assignment
    (partition,) = assignment.partitions.values()
    current = delivery(partition)
    assert not stale.is_ours
    assert current.is_ours
    assignment.finished(stale)
    assert 2 == partition.ledger.unfinished
    assert 0 == assignment.commits.policy.uncommitted
    assignment.finished(current)
    assert 1 == partition.ledger.unfinished
    assert 1 == assignment.commits.policy.uncommitted


@simulated
async def test_nothing_is_held_of_a_partition_that_is_gone_or_drained() -> None:
    """Whoever asks is told no, before and after the partition is revoked."""
    world = World(script=always(200, after_s=0.9))
    world.events(["a"])
    worker = world.worker()
    await asyncio.sleep(0.1)
    assignment, held = worker.endpoint.assignment, delivery(worker.endpoint.partitions[0])
    revoking = asyncio.create_task(worker.log.revoke({0}))
    await asyncio.sleep(0.1)
    assert not held.is_ours
    await revoking
    assert not held.is_ours
    assert not assignment.window_full(held)
    assert not assignment.blocks_window(held)
    assert {} == assignment.ends


@simulated
async def test_records_of_a_partition_that_is_gone_are_dropped() -> None:
    """They were under way when it was taken; the count of what was asked for is right all the same."""
    world = World()
    worker = world.worker()
    await asyncio.sleep(0.1)
    worker.log.lose({0})
    worker.endpoint.received([Record("registry.events", 0, 0, 0, b"a", b"") for _ in range(3)])
    await asyncio.sleep(0.1)
    assert 0 == worker.endpoint.lanes.held
    assert [] == world.posts


@simulated
async def test_a_graceful_commit_covers_exactly_what_was_delivered() -> None:
    """The last commit of a revocation names the holes."""
    world = World(script=lambda post: Reply(500) if "bad" in post.repositories else GOOD)
    world.events(["bad", "good"], times=4)
    worker = world.worker()
    await asyncio.sleep(0.5)
    await worker.log.revoke({0})
    metadata = world.group.committed[0][1]
    assert Snapshot(0, (0, 2, 4, 6), 7) == holes.decode(metadata, 0, group=GROUP, topic=TOPIC, partition=0)
    again = world.worker()
    await asyncio.sleep(0.5)
    assert 4 == again.endpoint.partitions[0].ledger.unfinished
    assert 4 == len(world.accepted)
    assert 0 == world.repeats


@simulated
async def test_a_stop_commits_what_ended_while_another_commit_was_under_way() -> None:
    """The answer to the earlier commit, come after the drain, says nothing of what the drain let end."""
    world = World(script=always(200, after_s=0.9))
    world.group.commit_s = 2.0
    world.events([f"r{number}" for number in range(20)], times=4)
    worker = world.worker()
    await world.until(lambda: world.group.count > 0, step_s=0.01)
    await world.until(lambda: worker.log._committing is not None, step_s=0.01)
    await asyncio.sleep(0.05)
    assert worker.endpoint.dispatcher.in_flight.requests > 0
    await worker.stop()
    again = world.worker()
    await world.finish()
    assert 0 == world.repeats
    await again.stop()


@simulated
async def test_after_close_nothing_moves() -> None:
    """No alarm, no request, no commit."""
    world = World(script=lambda post: Reply(500))
    world.events(["a"])
    worker = world.worker()
    await asyncio.sleep(0.5)
    await worker.stop()
    before = running_loop().turns
    worker.endpoint.read_up_to({})
    await asyncio.sleep(100.0)
    assert running_loop().turns - before < 5
    assert 1 == len(world.posts)


@simulated
async def test_an_idle_endpoint_hardly_moves() -> None:
    """About one look a second, for the commit that might be due."""
    world = World(partitions=12)
    world.worker()
    await asyncio.sleep(10.0)
    before = running_loop().turns
    await asyncio.sleep(1000.0)
    assert running_loop().turns - before < 3000
    assert 1 == world.group.count  # of where it begins


def test_a_fault_of_ours_in_a_turn_is_logged_and_the_endpoint_goes_on() -> None:
    """It looks again, and nothing is lost."""

    async def scenario() -> None:
        world = World(partitions=2)
        world.events(["a"], times=5, partition=0)
        worker = world.worker()
        await asyncio.sleep(2.0)
        worker.log.faults.append(ZeroDivisionError())
        world.events(["b"], times=2000, partition=1)
        await world.finish(30.0)
        assert 2005 == len(world.accepted)
        lines.append("finished")

    lines: list[str] = []
    try:
        run(scenario())
    except AssertionError as error:
        lines.append("told" if "internal_error" in str(error) else str(error))
    assert ["finished", "told"] == lines


@simulated
async def test_trouble_is_shown_until_the_consumer_runs_again() -> None:
    """`consumer_fault` is what readiness and `status` say."""
    world = World()
    worker = world.worker()
    assert "has not joined its group yet" == trouble_of(worker)
    await asyncio.sleep(0.1)
    assert not trouble_of(worker)
    giving_up = asyncio.create_task(worker.log.fail("the broker is too old"))
    await asyncio.sleep(0.1)
    assert "the broker is too old" == trouble_of(worker)
    assert {} == worker.endpoint.partitions
    await giving_up
    assert not trouble_of(worker)
    world.events(["a"])
    await world.finish(5.0)


@simulated
async def test_ends_are_noted_for_partitions_that_are_here() -> None:
    """Others are another worker's business."""
    world = World(partitions=2)
    worker = world.worker([0])
    await asyncio.sleep(0.1)
    worker.endpoint.log_ends({0: 7, 1: 9})
    assert {0: 7} == worker.endpoint.assignment.ends


def test_the_same_partitions_are_logged_once() -> None:
    """A rebalance may give and take nothing."""

    async def scenario() -> None:
        world = World(partitions=3)
        worker = world.worker()
        await asyncio.sleep(1.0)
        worker.log.assign([])
        await worker.log.revoke({1})
        worker.log.assign([1])
        await asyncio.sleep(1.0)

    lines = [line["partitions"] for line in run(scenario()) if line["event"] == "endpoint.assigned"]
    assert [[0, 1, 2], [0, 2], [0, 1, 2]] == lines


def told(lines: LogLines, event: str) -> list[dict[str, Any]]:
    """The lines of one kind."""
    return [dict(line) for line in lines if line["event"] == event]


def test_what_a_group_takes_away_uncommitted_is_told() -> None:
    """With how much comes twice; a revocation in peace, whose last commit was asked for, tells nothing."""

    async def scenario(*, in_peace: bool) -> None:
        world = World(partitions=2, concurrency=4)
        world.group.commit_s = 0.2
        world.events(["a", "b", "c", "d"])
        worker = world.worker()
        await asyncio.sleep(0.1)
        assert 4 == len(world.accepted)
        if in_peace:
            await worker.log.revoke({0, 1})
        else:
            worker.log.lose({0, 1})

    assert [] == told(run(scenario(in_peace=True)), "endpoint.not_committed")
    (line,) = told(run(scenario(in_peace=False)), "endpoint.not_committed")
    assert ([0, 1], 4) == (line["partitions"], line["events_at_most"])


def test_a_consumer_that_is_given_up_amid_a_stop_has_its_number_told() -> None:
    """Its last commit was asked for, and never answered: the partitions are gone when the stop has its deadline."""

    async def scenario() -> None:
        world = World(partitions=2, concurrency=4)
        world.group.commit_s = 1e9
        world.events(["a", "b", "c", "d"])
        worker = world.worker()
        await asyncio.sleep(0.1)
        await worker.endpoint.drain({0, 1})
        worker.endpoint.disowned({0, 1})
        worker.endpoint.monitor.left_open(worker.endpoint.assignment.uncommitted)

    lines = run(scenario())
    assert [4] == [line["events_at_most"] for line in told(lines, "endpoint.not_committed")]
    assert [4] == [line["events_delivered_again"] for line in told(lines, "endpoint.not_closed")]
