"""Closing letters: the record that says so is written before anything else goes on."""

from functools import partial
from typing import Final

import structlog

from consumer.dead_letters.letter import ClosingState, Letter
from consumer.dead_letters.record import closings_of
from consumer.dead_letters.writing import RecordWriter
from runtime.backoff import Backoff, Jitter
from runtime.kafka.errors import KafkaUnavailableError
from runtime.retrying import retried

_log: Final = structlog.get_logger(__name__)

_FIRST_S: Final = 0.5
_MOST_S: Final = 10.0


class Closer:
    """Writes closings into one dead-letter topic."""

    def __init__(self, topic: str, *, writer: RecordWriter, jitter: Jitter) -> None:
        """Nothing was closed yet.

        Args:
            topic: of dead letters.
            writer: writes closings.
            jitter: stretches waits.
        """
        self._topic = topic
        self._writer = writer
        self._backoff = Backoff(_FIRST_S, _MOST_S, jitter)

    async def close(self, letter: Letter) -> None:
        """Return when the letter is closed as redriven; while Kafka is away it is tried again.

        Raises:
            KafkaRefusedError: Kafka will not take the record.
        """
        write = partial(self._writer.write_soon, closings_of(letter, ClosingState.REDRIVEN, topic=self._topic))
        await retried(
            write, self._backoff, on=KafkaUnavailableError, log_failure=partial(self._log_failure, letter.name)
        )

    @staticmethod
    def _log_failure(event_id: str, error: Exception, wait_s: float) -> None:
        _log.error("redrive.not_closed", event_id=event_id, error=str(error), again_in_s=round(wait_s, 1))
