"""What the random histories of the spool do not tell in a line: refusals by Kafka, a disk that hangs."""

import asyncio

from producer.spool.errors import SpoolDiskError
from producer.spool.spooled_record import drafts_of
from tests.kit.spool_world import LATEST, SpoolWorld, record_of, until
from tests.kit.spools import disk_fault
from tests.kit.virtual_time import VirtualClock, running_loop, simulated

LIMIT_S = 2.0


async def started() -> SpoolWorld:
    """A world whose intake is up."""
    world = SpoolWorld()
    await world.start()
    await until(lambda: not world.holds)
    return world


async def answer_of(world: SpoolWorld, number: int) -> tuple[bool, float]:
    """Whether a POST was answered 200, and after how long."""
    assert world.bridge is not None
    begun = running_loop().time()
    return await world.bridge.post([record_of("a", number)]), running_loop().time() - begun


@simulated
async def test_a_refused_event_is_held_and_named() -> None:
    """It and all behind it wait, the events before it do not; when Kafka takes it, all go on.

    Kafka has taken what stood behind it in the batch that was refused; that is written again, behind it.
    """
    world = await started()
    assert world.bridge is not None
    world.kafka.away = True
    for number in range(6):
        assert (await answer_of(world, number))[0]
    world.kafka.refuses = 3
    world.kafka.away = False
    await until(lambda: world.bridge is not None and bool(world.bridge.forwarder.refused_because))
    assert "Kafka refuses event 4 of the spool" in world.bridge.forwarder.refused_because
    assert "repository a): too large; it and all events behind it wait" in world.bridge.forwarder.refused_because
    await asyncio.sleep(60)
    assert 3 == len(world.disk.rows), "only those that were written are gone"
    assert (await answer_of(world, 6))[0]
    world.kafka.refuses = None
    await until(lambda: not world.holds)
    assert "" == world.bridge.forwarder.refused_because
    written = [number for _, number in world.kafka.log]
    assert [3, 4, 5, 6] == written[-4:]
    assert {*range(7)} == set(written)
    await world.stop()


@simulated
async def test_an_event_of_a_newer_release_is_held_and_named() -> None:
    """The events before it go on. It is no refusal of Kafka's, and nothing is written twice."""
    world = await started()
    assert world.bridge is not None
    world.kafka.away = True
    for number in range(3):
        assert (await answer_of(world, number))[0]
    newer = LATEST.version + 1
    world.disk.rows += [one.at(world.disk.next) for one in drafts_of([record_of("a", 3)], release=newer, accepted_ms=1)]
    world.disk.next += 1
    assert (await answer_of(world, 4))[0]
    repeats = world.tally.repeats
    world.kafka.away = False
    await until(lambda: world.bridge is not None and bool(world.bridge.forwarder.refused_because))
    assert (
        f"event 4 of the spool has release {newer} of the schema, which this version of registry-bridge does not know: "
        "upgrade it; that event and all behind it wait"
    ) == world.bridge.forwarder.refused_because
    await asyncio.sleep(60)
    assert 2 == len(world.disk.rows)
    assert [0, 1, 2] == [number for _, number in world.kafka.log]
    assert repeats == world.tally.repeats
    await world.stop()


@simulated
async def test_a_clock_that_was_ahead_holds_nothing_up() -> None:
    """What Kafka refuses for its time goes with the time of now, in order; while the clock is still ahead, it waits."""
    world = await started()
    assert world.bridge is not None
    now_ms = int(VirtualClock().wall() * 1000)
    world.kafka.away = True
    for number, ahead_ms in enumerate([10**9, -10, 10**9]):
        assert await world.bridge.post([record_of("a", number, now_ms + ahead_ms)])
    world.kafka.latest_ms = now_ms - 5
    world.kafka.away = False
    await until(lambda: world.bridge is not None and bool(world.bridge.forwarder.refused_because))
    assert "event 1 of the spool" in world.bridge.forwarder.refused_because
    world.kafka.latest_ms = now_ms + 3600_000
    await until(lambda: not world.holds)
    assert [0, 1, 2] == [number for _, number in world.kafka.log]
    first, second, third = (time or 0 for time in world.kafka.times)
    assert second == now_ms - 10
    assert now_ms <= first <= third <= now_ms + 3600_000
    assert "" == world.bridge.forwarder.refused_because
    await world.stop()


@simulated
async def test_each_post_is_answered_within_two_seconds() -> None:
    """Whatever hangs: Kafka, the disk, or both; once that is known, at once."""
    world = await started()
    world.kafka.mute = True
    is_taken, seconds = await answer_of(world, 0)
    assert (True, True) == (is_taken, 1.0 <= seconds < LIMIT_S)
    world.disk.hangs = True
    is_taken, seconds = await answer_of(world, 1)
    assert (False, True) == (is_taken, seconds < LIMIT_S)
    is_taken, seconds = await answer_of(world, 1)
    assert (False, 0.0) == (is_taken, round(seconds, 3))
    world.disk.hangs = False
    await asyncio.sleep(1)
    is_taken, seconds = await answer_of(world, 1)
    assert (True, True) == (is_taken, seconds < 0.1)
    await world.stop()


@simulated
async def test_a_faulty_disk_harms_nobody_while_kafka_is_well() -> None:
    """With an empty spool events go straight; when Kafka is away too, the answer is 503 at once."""
    world = await started()
    assert world.bridge is not None
    world.disk.fault = disk_fault()
    world.bridge.standing.failed(SpoolDiskError("input/output error"))
    for number in range(3):
        assert (await answer_of(world, number))[0]
    world.kafka.away = True
    assert not (await answer_of(world, 3))[0]
    is_taken, seconds = await answer_of(world, 3)
    assert (False, True) == (is_taken, seconds < 0.1)
    assert {"spool-failed": 2} == dict(world.tally.failures)
    await world.stop()
