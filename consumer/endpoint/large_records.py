"""The large records of one endpoint: screened beside the event loop, so that none of them stops other endpoints.

The partition of such a record waits until its event was read on the thread of `LargeEvents`. The event is not kept: it
may be many times the size of the record, and is read again when it is sent.
"""

import asyncio
from typing import Final

from msgspec.structs import replace

from consumer.delivery.owner import Wakes
from consumer.delivery.webhook.large_events import LargeEvents
from consumer.lanes.screening import LARGE, Screened, Screening, UnscreenedError
from consumer.log.decoding import UnaskedError
from consumer.record import Record
from schemas.avro import UndecodableError, UnknownSchemaError

_Verdict = Screened | UnaskedError | UnknownSchemaError | UndecodableError


class LargeRecords:
    """Screens the records of one endpoint, the large ones aside."""

    def __init__(self, screening: Screening, events: LargeEvents, wakeup: Wakes) -> None:
        """Nothing is being screened.

        Args:
            screening: screens each record.
            events: of the process.
            wakeup: woken when one is screened.
        """
        self._screening: Final = screening
        self._events: Final = events
        self._wakeup: Final = wakeup
        self._begun: dict[int, tuple[Record, asyncio.Future[_Verdict]]] = {}
        """By partition: the record that is its first, if it is large."""

    @property
    def tells_early(self) -> bool:
        """Whether `early_rule` may tell anything."""
        return self._screening.tells_early

    def early_rule(self, record: Record) -> str | None:
        """The rule against the event in a record, where its outline tells it at once; None where only `screen` can."""
        return None if len(record.value or b"") > LARGE else self._screening.early_rule(record)

    def screen(self, record: Record) -> Screened:
        """The rule against the event in a record, and the event, unless it is large.

        Raises:
            UnscreenedError: it is large, and is being screened.
            UnaskedError, UnknownSchemaError, UndecodableError: as `Screening.screen` does.
        """
        if record.size <= LARGE:
            return self._screening.screen(record)
        verdict = self._verdict(record)
        if isinstance(verdict, Screened):
            return verdict
        raise verdict

    def _verdict(self, record: Record) -> _Verdict:
        found = self._begun.get(record.partition)
        if found is None or found[0] is not record:
            begun = self._events.begin(record, lambda: self._judge(record))
            begun.add_done_callback(lambda _: self._wakeup.wake())
            found = self._begun[record.partition] = record, begun
        if not found[1].done():
            raise UnscreenedError
        del self._begun[record.partition]
        return found[1].result()

    def _judge(self, record: Record) -> _Verdict:
        """On the side thread."""
        try:
            return replace(self._screening.screen(record, self._events), event=None)
        except (UnaskedError, UnknownSchemaError, UndecodableError) as error:
            return error
