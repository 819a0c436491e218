"""Random histories of the intake with its spool, in virtual time: see `producer/spool/course.py` for what must hold.

Registries post, Kafka goes and comes back, acknowledges or not, the disk is full, slow or broken, the process dies.
"""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import Phase, given, settings

from producer.spool.course import SpoolCourse
from tests.kit.examples import examples, several
from tests.kit.spool_world import SpoolWorld, until
from tests.kit.spools import disk_fault
from tests.kit.virtual_time import run

REPOSITORIES = ("a", "b", "c")
STEP_S = 0.35
WHOLE_S = 300.0
"""Virtual seconds in which all is in the log when nothing fails any more."""

Step = Callable[[SpoolWorld], object]


def kafka_away(world: SpoolWorld) -> None:
    """Writes do not arrive."""
    world.kafka.away = True


def kafka_mute(world: SpoolWorld) -> None:
    """Writes arrive and are not acknowledged."""
    world.kafka.mute = True


def kafka_back(world: SpoolWorld) -> None:
    """All is well with Kafka."""
    world.kafka.away = world.kafka.mute = False


def disk_full(world: SpoolWorld) -> None:
    """The spool has room for three events more."""
    world.disk.room = len(world.disk.rows) + 3


def disk_hangs(world: SpoolWorld) -> None:
    """Nothing is written, nothing fails."""
    world.disk.hangs = True


def disk_fails(world: SpoolWorld) -> None:
    """Everything fails."""
    world.disk.fault = disk_fault()


def disk_well(world: SpoolWorld) -> None:
    """All is well with the disk."""
    world.disk.hangs, world.disk.fault, world.disk.room = False, None, 10**9


def nothing(_: SpoolWorld) -> None:
    """Time passes."""


def crash(world: SpoolWorld) -> object:
    """The process dies."""
    return world.crash()


STEPS: list[Step] = [nothing, kafka_away, kafka_back, crash, kafka_mute, disk_full, disk_hangs, disk_fails, disk_well]


async def history(steps: list[Step], course: type[SpoolCourse]) -> None:
    """Registries post while the steps are taken; then all is well, and everything must have arrived."""
    world = SpoolWorld(course=course)
    await world.start()
    stop = asyncio.Event()
    registries = [asyncio.create_task(world.registry(name, stop)) for name in REPOSITORIES]
    for step in steps:
        await asyncio.sleep(STEP_S)
        if asyncio.iscoroutine(made := step(world)):
            await made
    kafka_back(world)
    disk_well(world)
    await asyncio.sleep(STEP_S)
    stop.set()
    async with asyncio.timeout(WHOLE_S):
        await asyncio.gather(*registries)
        await until(lambda: not world.holds)
    world.check_all()
    await world.stop()


@given(steps=several(STEPS, max_size=40))
@settings(max_examples=examples(3000, suite=150))
def test_histories(steps: list[Step]) -> None:
    """S1 to S4."""
    run(history(steps, SpoolCourse))


class Overtaking(SpoolCourse):
    """Goes straight although the spool holds something."""

    @property
    def holds(self) -> bool:
        """Never known to."""
        return not self._is_known


def test_a_fault_is_found() -> None:
    """The histories see a course with one fault."""

    @given(steps=several(STEPS, max_size=40))
    @settings(max_examples=300, phases=[Phase.generate])
    def histories(steps: list[Step]) -> None:
        run(history(steps, Overtaking))

    with pytest.raises(AssertionError, match="out of order"):
        histories()
