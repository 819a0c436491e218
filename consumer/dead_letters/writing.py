"""Writing to the dead-letter topic: letters, and the closings of letters; tried again until Kafka has them.

The lane of a letter stands still meanwhile, and loses nothing; the next letter of a repository is not sent before the
one before it is closed.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final, Protocol

import structlog

from consumer.dead_letters.letter import ClosingState, Letter
from consumer.dead_letters.record import closings_of, fitting, letter_of
from consumer.delivery.policy.attempts import Cause
from consumer.lanes.delivery import Delivery
from runtime.backoff import Backoff, Jitter
from runtime.errors import BridgeError
from runtime.kafka.errors import KafkaUnavailableError
from runtime.kafka.records import OutgoingRecord
from runtime.news import News
from runtime.patience import Patience
from runtime.retrying import retried

_log: Final = structlog.get_logger(__name__)

_LETTER_FIRST_S: Final = 1.0
_LETTER_MOST_S: Final = 30.0
_CLOSING_FIRST_S: Final = 0.5
_CLOSING_MOST_S: Final = 10.0
_WRITING: Final = "writing"


class RecordWriter(Protocol):
    """Writes records to Kafka."""

    async def write_soon(self, records: Sequence[OutgoingRecord]) -> None:
        """Return when all in-sync replicas have all of them.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: they do not; some of the records may be in the log all the same.
        """


class Burial:
    """Writes the dead letters of one endpoint."""

    def __init__(self, endpoint: str, topic: str, writer: RecordWriter, *, largest: int, jitter: Jitter) -> None:
        """Nothing was written yet.

        Args:
            endpoint: its name.
            topic: of dead letters.
            writer: writes them.
            largest: bytes of the largest record that it takes whole.
            jitter: stretches waits.
        """
        self._endpoint = endpoint
        self._largest = largest
        self._topic = topic
        self._writer = writer
        self._backoff = Backoff(_LETTER_FIRST_S, _LETTER_MOST_S, jitter)
        self.unwritten_because = ""
        """Why the last one could not be written; empty if it was."""
        self._news = News()
        self._patience = Patience()

    def hurry(self) -> None:
        """What waits to be written is tried once more at once; what cannot be written from now on is broken off."""
        self._patience.hurry()

    async def bury(self, delivery: Delivery, cause: Cause) -> None:
        """Return when the dead letter is in the log.

        Raises:
            CancelledError: it is broken off, see `hurry`.
        """
        record, cause = fitting(delivery.record, cause, self._largest)
        letter = letter_of(
            record,
            cause,
            topic=self._topic,
            endpoint=self._endpoint,
            attempts=delivery.tries.made,
            first_attempt=delivery.first_try,
            last_attempt=delivery.last_try,
        )
        write = partial(self._writer.write_soon, [letter])
        log_failure = partial(self._log_failure, delivery)
        await retried(write, self._backoff, on=BridgeError, log_failure=log_failure, patience=self._patience)
        if self.unwritten_because:
            self._patience.encourage()
        self.unwritten_because = ""
        self._news.settled(_WRITING)

    def _log_failure(self, delivery: Delivery, error: Exception, _wait_s: float) -> None:
        """Log each cause once, whatever number of letters it keeps from being written and however often."""
        self.unwritten_because = str(error)
        if self._news.is_news(_WRITING, self.unwritten_because):
            consequence = "it is tried again until it is written; the repository waits"
            facts = {"endpoint": self._endpoint, "record": delivery.record.place, "error": self.unwritten_because}
            _log.error("dead_letter.not_written", consequence=consequence, **facts)


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
        self._backoff = Backoff(_CLOSING_FIRST_S, _CLOSING_MOST_S, jitter)
        self._patience = Patience()

    def hurry(self) -> None:
        """What waits to be closed is tried once more at once; what cannot be closed from now on is broken off."""
        self._patience.hurry()

    async def close(self, letter: Letter) -> None:
        """Return when the letter is closed as redriven; while Kafka is away it is tried again.

        Raises:
            KafkaRefusedError: Kafka will not take the record.
            CancelledError: it is broken off, see `hurry`.
        """
        write = partial(self._writer.write_soon, closings_of(letter, ClosingState.REDRIVEN, topic=self._topic))
        log_failure = partial(self._log_failure, letter.name)
        await retried(write, self._backoff, on=KafkaUnavailableError, log_failure=log_failure, patience=self._patience)

    @staticmethod
    def _log_failure(event_id: str, error: Exception, wait_s: float) -> None:
        _log.error("redrive.not_closed", event_id=event_id, error=str(error), again_in_s=round(wait_s, 1))
