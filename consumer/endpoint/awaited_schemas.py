"""The schemas that partitions of one endpoint wait for: asked of the schema registry, if there is one."""

from collections.abc import Iterable
from typing import Final

from consumer.delivery.owner import Wakes
from consumer.endpoint.schema_lookup import SchemaLookup
from consumer.lanes.screening import Screening
from consumer.offsets.partition import Partition
from runtime.backoff import Jitter


class AwaitedSchemas:
    """What the partitions of one endpoint wait for."""

    def __init__(self, screening: Screening, wakeup: Wakes, *, endpoint: str, jitter: Jitter) -> None:
        """Nothing is asked yet; the arguments are those of `SchemaLookup`, and `screening` says whom to ask."""
        ids = screening.schemas
        self._lookup: Final = None if ids is None else SchemaLookup(ids, wakeup, endpoint=endpoint, jitter=jitter)

    @property
    def troubles(self) -> list[str]:
        """Why the schema registry has not answered what partitions wait for."""
        return self._lookup.troubles if self._lookup is not None else []

    def ask_for(self, partitions: Iterable[Partition]) -> None:
        """Ask for what these partitions wait for, and for nothing else."""
        if self._lookup is not None:
            self._lookup.want({at.awaits for at in partitions if at.awaits is not None})

    def resume(self, partitions: Iterable[Partition]) -> None:
        """Let those go on whose schema the registry has explained."""
        if self._lookup is not None:
            for partition in partitions:
                if partition.awaits is not None and not self._lookup.is_asking(partition.awaits):
                    partition.awaits = None

    async def close(self) -> None:
        """Ask no more."""
        if self._lookup is not None:
            await self._lookup.close()
