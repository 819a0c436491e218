"""The brokers and links that a runner keeps for its runs: one cluster at a time, started when a run first needs it."""

import asyncio
import shutil
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from broker import LocalCluster
from tests.chaos.plan import SESSION_S
from tests.chaos.wiring import BROKERS, Wiring

SETTINGS: Final = {
    "group.consumer.session.timeout.ms": f"{SESSION_S * 1000:.0f}",
    "group.consumer.heartbeat.interval.ms": "500",
    # A follower that cannot copy leaves the in-sync replicas after this, and writes go on without it.
    "replica.lag.time.max.ms": "4000",
    "num.network.threads": "1",
    "log.segment.delete.delay.ms": "1000",
}
JVM: Final = ("-Xmx384m",)
RUNS: Final = 40
"""After so many runs a cluster is made anew: what earlier runs left must not slow down later ones."""


class Rig:
    """One cluster with its wiring, of one or three brokers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = AsyncExitStack()
        self._brokers = 0
        self._runs = 0
        self.cluster: LocalCluster | None = None
        self.wiring: Wiring | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.give_up()

    async def of(self, brokers: int) -> tuple[LocalCluster, Wiring]:
        """The cluster of so many brokers, and its wiring; raises LocalKafkaError if it cannot be started."""
        self._runs += 1
        if self._brokers != brokers or self._runs > RUNS:
            await self.give_up()
            self.wiring = await self._stack.enter_async_context(Wiring(brokers))
            self.cluster = LocalCluster(
                self._folder,
                brokers,
                settings=SETTINGS,
                doors=self.wiring.doors,
                between=BROKERS if brokers > 1 else "",
                jvm=JVM,
            )
            self._stack.callback(self.cluster.stop)
            await asyncio.to_thread(self.cluster.start)
            self._brokers, self._runs = brokers, 1
        assert self.cluster is not None
        assert self.wiring is not None
        return self.cluster, self.wiring

    async def give_up(self) -> None:
        """Stop the cluster and remove its data; the next run gets another."""
        await self._stack.aclose()
        self._brokers = 0
        shutil.rmtree(self._folder, ignore_errors=True)
