"""Transactions: records that come to the log together or not at all, from one writer at a time.

The broker knows a writer by its transactional id. One that begins takes the place of the one before it: that one cannot
write any more, wherever it is, and what it left unfinished is undone. Everything here blocks.
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from confluent_kafka import KafkaError, KafkaException, Producer

from runtime.kafka.connection_faults import ConnectionFaults
from runtime.kafka.errors import KafkaRefusedError, translated
from runtime.kafka.records import OutgoingRecord
from runtime.kafka.settings import ClientSettings, producer_settings

_LIMIT_S: Final = 30.0
_T = TypeVar("_T")
_FENCED: Final = frozenset(
    {
        KafkaError._FENCED,  # noqa: SLF001 - librdkafka's local codes are public constants
        KafkaError.PRODUCER_FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
    }
)


class FencedError(KafkaRefusedError):
    """Another writer has taken the place of this one."""


class TransactionalWriter:
    """The one writer with a transactional id."""

    def __init__(
        self,
        settings: ClientSettings,
        *,
        client_id: str,
        transactional_id: str,
        max_record_bytes: int,
        limit_s: float = _LIMIT_S,
    ) -> None:
        """Takes the place of the one before, of which nothing is under way any more when this returns.

        Args:
            settings: librdkafka settings.
            client_id: how the broker's logs name this client.
            transactional_id: of the writer.
            max_record_bytes: the largest record that will be written.
            limit_s: how long each step may take, in seconds.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: it cannot.
        """
        made = producer_settings(
            settings,
            client_id=client_id,
            max_record_bytes=max_record_bytes,
            message_timeout_s=limit_s,
            is_bulk=True,
        )
        own = {"transactional.id": transactional_id, "transaction.timeout.ms": int(2 * limit_s * 1000)}
        self._id: Final = transactional_id
        self._limit_s: Final = limit_s
        self._faults: Final = ConnectionFaults()
        self._has_failed = False
        self._producer: Final = self._checked(Producer, {**made, **own, "error_cb": self._faults.note})
        self._checked(self._producer.init_transactions, limit_s)

    def write(self, records: Sequence[OutgoingRecord]) -> None:
        """Write these records in one transaction; when this returns they are in the log.

        Raises:
            FencedError: another writer has taken this one's place: nothing was written.
            KafkaUnavailableError, KafkaRefusedError: whether they are in the log is known only to the next writer.
        """
        if records:
            self._checked(self._produced, records)

    def close(self) -> None:
        """Let the client go; what is unfinished the next writer undoes."""
        self._producer.purge()
        if not self._has_failed:  # else there is nothing that it could still abort, of which it warns on standard error
            with contextlib.suppress(KafkaException):
                self._producer.close()

    def _produced(self, records: Sequence[OutgoingRecord]) -> None:
        self._producer.begin_transaction()
        for record in records:
            self._hand_over(record)
        self._producer.commit_transaction(self._limit_s)

    def _hand_over(self, record: OutgoingRecord) -> None:
        while True:
            try:
                self._producer.produce(
                    record.topic,
                    value=record.value,
                    key=record.key,
                    headers=list(record.headers),
                    partition=-1 if record.partition is None else record.partition,
                )
            except BufferError:  # the client's queue is full: until it has sent some
                self._producer.poll(0.1)
            else:
                return

    def _checked(self, step: Callable[[Any], _T], argument: Any) -> _T:
        try:
            return step(argument)
        except KafkaException as error:
            self._has_failed = True
            cause = error.args[0] if error.args else None
            doing = f"writing as {self._id}"
            if isinstance(cause, KafkaError) and cause.code() in _FENCED:
                raise FencedError(f"{doing}: another writer has taken its place ({cause.name()})") from error
            raise translated(error, doing, fault=self._faults.cause) from error
