"""Asking the schema registry off the event loop, again and again until it has answered; partitions wait meanwhile."""

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog

from consumer.delivery.policy.retry_after import backoff_s
from consumer.log.decoding import UnaskedError
from consumer.log.schema_ids import SchemaIds
from consumer.record import Record
from runtime.errors import BridgeError
from schemas.avro import UndecodableError

_log: Final = structlog.get_logger(__name__)

_FIRST_S: Final = 1.0
_MOST_S: Final = 30.0
_AT_ONCE: Final = 2


class SchemaLookup:
    """The questions of one endpoint that are under way."""

    def __init__(
        self, ids: SchemaIds | None, *, endpoint: str, answered: Callable[[int], None], jitter: Callable[[], float]
    ) -> None:
        """Nothing is asked yet.

        Args:
            ids: what is known; None: there is no schema registry.
            endpoint: its name, for log lines.
            answered: told, on the loop, of each id of which something is known now.
            jitter: in [0, 1).
        """
        self._ids = ids
        self._endpoint = endpoint
        self._answered = answered
        self._jitter = jitter
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._troubles: dict[int, str] = {}
        # Not the loop's own threads: a registry that is slow would keep them from those who leave the group in one.
        self._threads = ThreadPoolExecutor(_AT_ONCE, f"schemas-{endpoint}")

    @property
    def troubles(self) -> list[str]:
        """Why questions are not answered yet, those that were tried."""
        return [f"schema id {schema_id}: {why}" for schema_id, why in self._troubles.items()]

    def learn(self, record: Record, schema_id: int) -> Record:
        """The record with what is known of its foreign schema id.

        Raises:
            UnaskedError: nothing is; the registry is being asked now.
            UndecodableError: there is no registry, or no schema of an event with this id.
        """
        if self._ids is None:
            raise UndecodableError(
                f"schema id {schema_id} is not one of the bridge's own, and schema_registry.url is not set"
            )
        try:
            return self._ids.learn(record, schema_id)
        except UnaskedError:
            if schema_id not in self._tasks:
                self._tasks[schema_id] = asyncio.create_task(self._ask(self._ids, schema_id))
            raise

    def keep(self, wanted: Collection[int]) -> None:
        """Ask no more for other ids than these: whoever waited for them is gone."""
        for schema_id in self._tasks.keys() - set(wanted):
            self._tasks.pop(schema_id).cancel()
            self._troubles.pop(schema_id, None)

    async def close(self) -> None:
        """Ask no more."""
        tasks = list(self._tasks.values())
        self.keep(())
        await asyncio.gather(*tasks, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _ask(self, ids: SchemaIds, schema_id: int) -> None:
        tries = 0
        while True:
            try:
                await asyncio.get_running_loop().run_in_executor(self._threads, ids.ask, schema_id)
            except Exception as error:  # noqa: BLE001 - whatever it was, the partitions must not wait for good
                tries += 1
                self._tell(schema_id, error)
                await asyncio.sleep(backoff_s(tries, first_s=_FIRST_S, most_s=_MOST_S, jitter=self._jitter()))
            else:
                break
        self._troubles.pop(schema_id, None)
        del self._tasks[schema_id]
        self._answered(schema_id)

    def _tell(self, schema_id: int, error: Exception) -> None:
        """Once for each trouble, not at every try."""
        told = str(error) if isinstance(error, BridgeError) else f"internal error: {error!r}"
        if self._troubles.get(schema_id) != told:
            _log.warning("schema_registry.waiting", endpoint=self._endpoint, schema_id=schema_id, error=told)
        self._troubles[schema_id] = told
