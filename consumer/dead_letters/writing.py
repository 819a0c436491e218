"""Writing dead letters: until Kafka has one, it is tried again; its lane stands still meanwhile, and loses nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

import structlog

from consumer.dead_letters.record import Cause, letter_of
from consumer.delivery.policy.retry_after import backoff_s
from consumer.lanes.delivery import Delivery
from runtime.errors import BridgeError
from runtime.kafka.records import OutgoingRecord
from runtime.news import News

_log: Final = structlog.get_logger(__name__)

_FIRST_S: Final = 1.0
_MOST_S: Final = 30.0
_WRITING: Final = "writing"

Write = Callable[[Sequence[OutgoingRecord]], Awaitable[None]]


class Buries(Protocol):
    """What takes the events that are given up."""

    @property
    def trouble(self) -> str:
        """Why they cannot be kept now; empty if they can."""
        ...

    async def bury(self, delivery: Delivery, cause: Cause) -> None:
        """Return when it is kept for good that this event was given up, and why."""
        ...


class Burial:
    """Writes the dead letters of one endpoint."""

    def __init__(self, endpoint: str, *, topic: str, write: Write, jitter: Callable[[], float]) -> None:
        """`write` returns when the records are acknowledged; `topic` is that of dead letters."""
        self._endpoint = endpoint
        self._topic = topic
        self._write = write
        self._jitter = jitter
        self.trouble = ""
        """Why the last one could not be written; empty if it was."""
        self._news = News()

    async def bury(self, delivery: Delivery, cause: Cause) -> None:
        """Return when the dead letter is in the log."""
        letter = letter_of(
            delivery.record,
            cause,
            topic=self._topic,
            endpoint=self._endpoint,
            attempts=delivery.tries.made,
            first_attempt=delivery.first_try,
            last_attempt=delivery.last_try,
        )
        tries = 0
        while True:
            try:
                await self._write([letter])
            except BridgeError as error:
                tries += 1
                self.trouble = str(error)
                wait = backoff_s(tries, first_s=_FIRST_S, most_s=_MOST_S, jitter=self._jitter())
                self._say_failed(delivery, str(error))
                await asyncio.sleep(wait)
            else:
                self.trouble = ""
                self._news.settled(_WRITING)
                return

    def _say_failed(self, delivery: Delivery, error: str) -> None:
        """Once for each cause, whatever number of letters it keeps from being written and however often."""
        if self._news.is_news(_WRITING, error):
            consequence = "tried again until it is written; its repository waits"
            facts = {"endpoint": self._endpoint, "record": delivery.record.place, "error": error}
            _log.error("dead_letter.not_written", consequence=consequence, **facts)
