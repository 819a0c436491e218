"""Records that only a schema registry can explain, through random histories: nothing lost, nothing overtaken."""

import asyncio
import random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from schemas.catalog import CATALOG
from tests.kit.virtual_time import simulated
from tests.simulation.simulated_log import Stored
from tests.simulation.simulation import SchemaRegistry, World, foreign, stored

EVENT = CATALOG.latest.text
KNOWN, NOBODYS, OTHERS = 1, 404, 5
NEW = range(10, 200)
"""Ids of an event's schema that no worker has met yet."""


def unreadable(repository: str, schema_id: int) -> Stored:
    """A record with the id of no event."""
    one = foreign(repository, schema_id)
    return Stored(one.key, one.value, readable=False)


def live_through(seed: int) -> None:
    """Outages of the registry, restarts, kills and rebalances at random moments in a stream of all kinds."""

    @simulated
    async def scenario() -> None:
        dice = random.Random(seed)
        ours = dict.fromkeys([KNOWN, *NEW], EVENT)
        schemas = SchemaRegistry(ours | {OTHERS: '"string"'}, answer_s=dice.choice([0.0, 0.3, 4.0]))
        world = World(partitions=4, seed=seed, schemas=schemas)
        ids = iter(NEW)
        lost = 0

        def some() -> Stored:
            nonlocal lost
            name = f"team/{dice.randrange(12)}"
            kind = dice.randrange(10)
            if kind == 0:
                lost += 1
                return unreadable(name, dice.choice([NOBODYS, OTHERS, NOBODYS + dice.randrange(5)]))
            return stored(name) if kind < 5 else foreign(name, next(ids) if kind == 9 else KNOWN)

        workers = [world.worker([0, 1, 2, 3]), world.worker([])]
        for _ in range(25):
            schemas.is_away = dice.random() < 0.5
            world.write(*(some() for _ in range(dice.randrange(40))))
            await asyncio.sleep(dice.choice([0.01, 0.3, 2.0, 40.0]))
            match dice.randrange(4):
                case 0:
                    worker = workers[0]
                    await (worker.stop() if dice.random() < 0.5 else worker.kill())
                    workers = [workers[1], world.worker([])]
                    workers[0].log.assign(set(range(4)) - set(workers[0].log.epochs))
                case 1:
                    has = dice.choice([one for one in workers if one.log.epochs])
                    gets = workers[1 - workers.index(has)]
                    moving = set(dice.sample(sorted(has.log.epochs), dice.randint(1, len(has.log.epochs))))
                    await has.log.revoke(moving)
                    gets.log.assign(moving)
        schemas.is_away = False
        await world.finish()
        assert lost == len({letter.place for letter in world.letters})
        assert sum(map(len, world.topic.partitions.values())) == len({*world.accepted, *world.dead})

    scenario()


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_nothing_is_lost_or_overtaken(seed: int) -> None:
    """Each event arrives or becomes a dead letter, whatever happens meanwhile."""
    live_through(seed)


@settings(max_examples=10, phases=[Phase.explicit, Phase.generate])  # a smaller number is no smaller history
@given(st.integers(8, 2**32))
def test_of_whatever_happens_more_is_sought(seed: int) -> None:
    """The same for histories that a search makes up."""
    live_through(seed)
