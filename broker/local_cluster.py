"""Starts a local Kafka of several brokers: each is broker and controller, and each topic may have a copy on each."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from broker.formatting import fresh_id
from broker.local_kafka import NO_SETTINGS, LocalKafka
from broker.node import Door, Node
from broker.ports import free_port


class LocalCluster:
    """Brokers 1 to `size` of one cluster on the loopback; use it as a context manager.

    Kafka's own topics have a copy on each of up to three brokers, and with three of them a write needs two.

    Args:
        folder: has a folder with the data of each broker.
        size: how many brokers; an outage of less than half of them stops nothing.
        settings: of every broker, over those of `broker.storage.SETTINGS`.
        doors: further listeners of each broker, by name; the first broker's first.
        between: the door that the brokers use among themselves; their clients' listener if empty.
        jvm: further options of each broker's Java.
    """

    def __init__(
        self,
        folder: Path,
        size: int = 3,
        *,
        settings: Mapping[str, str] = NO_SETTINGS,
        doors: Sequence[Mapping[str, Door]] = (),
        between: str = "",
        jvm: Sequence[str] = (),
    ) -> None:
        controllers = {number: free_port() for number in range(1, size + 1)}
        cluster_id = fresh_id()
        self.brokers = tuple(
            LocalKafka(
                folder / f"broker-{number}",
                settings={**_copies(size), **settings},
                jvm=jvm,
                node=Node(number, controllers, cluster_id, doors[number - 1] if doors else {}, between),
            )
            for number in controllers
        )
        """In the order of their numbers, which begin at 1."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def bootstrap(self) -> str:
        """HOST:PORT of every broker; raises LocalKafkaError before the first start."""
        return ",".join(broker.bootstrap for broker in self.brokers)

    def start(self) -> None:
        """Starts all brokers and returns when each serves topics and groups; else none is left running.

        Raises:
            LocalKafkaError: one cannot be started, dies, or is not ready in 180 s.
        """
        with ExitStack() as started:
            for broker in self.brokers:
                broker.launch()
                started.callback(broker.kill)
            for broker in self.brokers:
                broker.wait_until_ready()
            started.pop_all()

    def stop(self) -> None:
        """Kills all brokers: in order, the last of them would wait for a majority that is gone."""
        for broker in self.brokers:
            broker.kill()


def _copies(size: int) -> dict[str, str]:
    """The settings that say on how many brokers Kafka keeps its own topics, and how many a write needs."""
    copies, least = str(min(size, 3)), "2" if size >= 3 else "1"
    return {
        "default.replication.factor": copies,
        "min.insync.replicas": least,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": least,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": least,
    }
