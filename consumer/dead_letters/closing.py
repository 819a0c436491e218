"""Closing letters: the record that says so is written before anything else goes on."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from consumer.dead_letters.letter import Letter, State, closings_of
from consumer.delivery.policy.retry_after import backoff_s
from runtime.kafka.errors import KafkaUnavailableError
from runtime.kafka.records import OutgoingRecord

_log: Final = structlog.get_logger(__name__)

_FIRST_S: Final = 0.5
_MOST_S: Final = 10.0

Write = Callable[[Sequence[OutgoingRecord]], Awaitable[None]]


class Closer:
    """Writes closings into one dead-letter topic."""

    def __init__(self, topic: str, *, write: Write, jitter: Callable[[], float]) -> None:
        """`write` returns when the records are acknowledged."""
        self._topic = topic
        self._write = write
        self._jitter = jitter

    async def redriven(self, letter: Letter) -> None:
        """Return when the letter is closed; while Kafka is away it is tried again.

        Raises:
            KafkaRefusedError: Kafka will not take the record.
        """
        records = closings_of(letter, State.REDRIVEN, topic=self._topic)
        tries = 0
        while True:
            try:
                await self._write(records)
            except KafkaUnavailableError as error:
                tries += 1
                wait = backoff_s(tries, first_s=_FIRST_S, most_s=_MOST_S, jitter=self._jitter())
                _log.error("redrive.not_closed", event_id=letter.name, error=str(error), again_in_s=round(wait, 1))
                await asyncio.sleep(wait)
            else:
                return
