"""The wiring of a runner: which port is whose, and the link between any two parts. It outlives single runs."""

import asyncio
from collections.abc import Iterator
from typing import Final, Self

from broker import Door, free_port
from tests.chaos.links import Link
from tests.chaos.plan import INTAKES, SENDERS, WORKERS

ENDPOINTS: Final = ("single", "batch", "slow", "filtered", "unordered")
BROKERS: Final = "BROKERS"
"""The door that brokers use among themselves."""


class Wiring:
    """Ports and links for a cluster of so many brokers; each client of Kafka has a door of its own at each broker."""

    def __init__(self, brokers: int) -> None:
        self.listening: Final = {name: free_port() for name in (*WORKERS, *INTAKES, *ENDPOINTS)}
        """The port of each process and of each receiver."""
        self._doors: Final = [
            {name.upper(): Link(free_port()) for name in (*WORKERS, *INTAKES, BROKERS)} for _ in range(brokers)
        ]
        self._links: Final = {
            **{f"{s}>{i}": Link(self.listening[i]) for s in SENDERS for i in INTAKES},
            **{f"{w}>{e}": Link(self.listening[e]) for w in WORKERS for e in ENDPOINTS},
        }

    async def __aenter__(self) -> Self:
        await asyncio.gather(*(link.open() for link in self._all()))
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(link.close() for link in self._all()))

    @property
    def doors(self) -> list[dict[str, Door]]:
        """The further listeners of each broker: they tell their clients to come by the link."""
        return [{name: Door(link.target, link.port) for name, link in doors.items()} for doors in self._doors]

    def bootstrap(self, client: str) -> str:
        """Where a client finds Kafka."""
        return ",".join(f"127.0.0.1:{doors[client.upper()].port}" for doors in self._doors)

    def port(self, link: str) -> int:
        """Where a link begins, e.g. `s1>i2`."""
        return self._links[link].port

    def links(self, target: str) -> list[Link]:
        """What a fault's target names: one link, a client's links to all brokers, or all that lead to one broker."""
        if target.endswith(">kafka"):
            client = target.removesuffix(">kafka").upper()
            return [doors[client] for doors in self._doors]
        if target.endswith("<brokers"):
            number = int(target.removesuffix("<brokers").removeprefix("b"))
            return [self._doors[number - 1][BROKERS]]
        return [self._links[target]]

    def _all(self) -> Iterator[Link]:
        yield from self._links.values()
        for doors in self._doors:
            yield from doors.values()
