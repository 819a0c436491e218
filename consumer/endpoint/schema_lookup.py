"""Questions to the schema registry, asked off the event loop until they are answered; partitions wait meanwhile."""

import asyncio
from collections.abc import Collection
from functools import partial
from typing import Final

import structlog

from consumer.delivery.owner import Wakes
from consumer.lanes.screening import ForeignSchemas
from runtime.backoff import Backoff, Jitter
from runtime.errors import BridgeError
from runtime.retrying import retried
from runtime.side_threads import SideThreads

_log: Final = structlog.get_logger(__name__)

_FIRST_S: Final = 1.0
_MOST_S: Final = 30.0
_AT_ONCE: Final = 2


class SchemaLookup:
    """The questions of one endpoint that are under way."""

    def __init__(self, ids: ForeignSchemas, wakeup: Wakes, *, endpoint: str, jitter: Jitter) -> None:
        """Nothing is asked yet.

        Args:
            ids: what is known, and who is asked.
            wakeup: woken, on the loop, when something more is known.
            endpoint: its name, for log lines.
            jitter: stretches waits.
        """
        self._ids = ids
        self._wakeup = wakeup
        self._endpoint = endpoint
        self._backoff = Backoff(_FIRST_S, _MOST_S, jitter)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._troubles: dict[int, str] = {}
        self._threads = SideThreads(_AT_ONCE, f"schemas-{endpoint}")

    @property
    def troubles(self) -> list[str]:
        """Why questions are not answered yet, those that were tried."""
        return [f"schema id {schema_id}: {why}" for schema_id, why in self._troubles.items()]

    def want(self, schema_ids: Collection[int]) -> None:
        """Ask for these, and for no others: whoever waited for those is gone."""
        for schema_id in self._tasks.keys() - set(schema_ids):
            self._tasks.pop(schema_id).cancel()
            self._troubles.pop(schema_id, None)
        for schema_id in schema_ids:
            if schema_id not in self._tasks:
                self._tasks[schema_id] = asyncio.create_task(self._ask(schema_id))

    def is_asking(self, schema_id: int) -> bool:
        """Whether the question is under way."""
        return schema_id in self._tasks

    async def close(self) -> None:
        """Ask no more."""
        tasks = list(self._tasks.values())
        self.want(())
        await asyncio.gather(*tasks, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _ask(self, schema_id: int) -> None:
        async def ask() -> None:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._ids.ask, schema_id)

        # Whatever it was, the partitions must not wait for good.
        await retried(ask, self._backoff, on=Exception, log_failure=partial(self._log_failure, schema_id))
        self._troubles.pop(schema_id, None)
        del self._tasks[schema_id]
        self._wakeup.wake()

    def _log_failure(self, schema_id: int, error: Exception, _wait_s: float) -> None:
        """Log each trouble once, not at every try."""
        trouble = str(error) if isinstance(error, BridgeError) else f"internal error: {error!r}"
        if self._troubles.get(schema_id) != trouble:
            _log.warning("schema_registry.waiting", endpoint=self._endpoint, schema_id=schema_id, error=trouble)
        self._troubles[schema_id] = trouble
