"""The events topic for what comes from the spool: a writer of its own, with time to wait for Kafka.

A POST waits for its answer, so its writer gives up soon; a batch of the spool has time. A writer that gives up late
rarely has to write again what Kafka may already have. The writer is opened when it is first needed: an intake whose
Kafka is well has none.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from producer.preparation import PreparedLog, unacknowledged
from runtime.clock import Clock
from runtime.kafka.records import OutgoingRecord
from runtime.kafka.settings import ClientSettings
from runtime.kafka.writer import AcknowledgedWriter
from runtime.side_threads import beside

FORWARD_LIMIT_S: Final = 60.0
"""Longer than a broker's restart; then the batch is written again."""


class PreparedForwardLog:
    """Writes behind the records that went straight."""

    def __init__(
        self, straight: PreparedLog, settings: ClientSettings, *, client_id: str, max_record_bytes: int, clock: Clock
    ) -> None:
        """Opens no connection yet.

        Args:
            straight: where the other records go, and who prepares the topic.
            settings: librdkafka settings.
            client_id: how the broker's logs name this client.
            max_record_bytes: the largest record that will be written.
            clock: of the writer.
        """
        self._straight = straight
        self._settings = settings
        self._client_id = client_id
        self._max_record_bytes = max_record_bytes
        self._clock = clock
        self._writer: AcknowledgedWriter | None = None

    @property
    def ids(self) -> Mapping[int, int]:
        """The schema id of each release; empty until they are known."""
        return self._straight.ids

    @property
    def obstacle(self) -> str:
        """Why nothing can be written now; empty if it can be tried."""
        hindrance = self._straight.unprepared
        if hindrance is not None:
            return hindrance.text
        if why := self._straight.under_way_because:
            return why
        if self._writer is not None and not self._writer.available:
            return unacknowledged(self._writer).text
        return ""

    async def write(self, records: Sequence[OutgoingRecord]) -> None:
        """Return when they are acknowledged.

        Raises:
            KafkaUnavailableError: not all are; some may be in the log.
            KafkaRefusedError: Kafka will not take one of them.
        """
        if self._writer is None:
            self._writer = AcknowledgedWriter(
                self._settings,
                client_id=self._client_id,
                max_record_bytes=self._max_record_bytes,
                limit_s=FORWARD_LIMIT_S,
                meanwhile="the events of the spool wait",
                clock=self._clock,
                is_bulk=True,
            )
        await self._writer.write_soon(records)

    async def close(self, timeout_s: float) -> None:
        """Give up what is under way after this time: it is still in the spool."""
        if self._writer is not None:
            await beside(self._writer.close, timeout_s)
