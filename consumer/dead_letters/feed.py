"""The letters of a redrive, read ahead within bounds and given to the lanes, one of each repository at a time.

A letter follows when the one before it is closed; none of its repository follows one that failed again.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from consumer.dead_letters.letter import Letter, LetterPlace
from consumer.dead_letters.queue import Queue, Ready
from consumer.dead_letters.record import original_of
from consumer.dead_letters.report import RedriveReport
from consumer.lanes.delivery import Delivery
from consumer.lanes.lanes import Lanes
from consumer.log.decoding import event_of
from consumer.record import Record
from runtime.clock import Clock
from runtime.config import EndpointSettings
from schemas.avro import UndecodableError, UnknownSchemaError

_READ_LETTERS: Final = 200
_READ_BYTES: Final = 16 * 1024 * 1024
_HOLD_BYTES: Final = 64 * 1024 * 1024
_HOLD_LETTERS: Final = 20_000


class LetterSource(Protocol):
    """Reads the records of letters."""

    async def records(self, letters: Sequence[Letter]) -> Mapping[LetterPlace, Record]:
        """The records of these letters; one that is gone from the topic is missing.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: they could not be read.
        """
        ...


class Feed:
    """The letters of one endpoint."""

    def __init__(
        self,
        endpoint: EndpointSettings,
        letters: Sequence[Letter],
        lanes: Lanes,
        report: RedriveReport,
        *,
        source: LetterSource,
        clock: Clock,
    ) -> None:
        """Nothing is read yet.

        Args:
            endpoint: where the letters go; its `ordering` and `concurrency` count.
            letters: all of them.
            lanes: where those go that can be sent.
            report: gets those that cannot, and why.
            source: reads their records.
            clock: for when a letter can be sent.
        """
        self._concurrency = endpoint.concurrency
        self._queue = Queue(letters, ordered=endpoint.ordering == "repository")
        self._lanes = lanes
        self._report = report
        self._source = source
        self._clock = clock
        self._letter_of: dict[Delivery, Letter] = {}

    @property
    def has_more(self) -> bool:
        """Whether letters are still to be read, sent or closed."""
        return bool(self._queue.unread or self._queue.under_way)

    @property
    def wants_more(self) -> bool:
        """Whether to read on: few letters could start, and memory has room for more."""
        held = self._queue.bytes + self._lanes.bytes
        enough = self._lanes.startable >= self._concurrency
        room = held < _HOLD_BYTES and self._lanes.held + self._queue.waiting < _HOLD_LETTERS
        return self._queue.unread > 0 and room and not enough

    async def read_on(self) -> None:
        """Read the next letters, and give those that can be sent now to the lanes.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: they could not be read.
        """
        letters = self._queue.next_unread(most=_READ_LETTERS, most_bytes=_READ_BYTES)
        wanted = [letter for letter in letters if not self._is_skipped(letter)]
        records = await self._source.records(wanted) if wanted else {}
        for letter in wanted:
            if not self._is_skipped(letter):  # one of its repository may have failed meanwhile
                self._admit(letter, records.get(letter.place))

    def letter_of(self, delivery: Delivery) -> Letter:
        """The letter of a delivery that is under way."""
        return self._letter_of[delivery]

    def release(self, delivery: Delivery) -> Letter | None:
        """The letter of a delivery that ends here; None if it had ended already."""
        return self._letter_of.pop(delivery, None)

    def closed(self, letter: Letter) -> None:
        """A letter is delivered and closed: the next of its repository may go."""
        self._let_go(self._queue.done(letter))

    def failed(self, letter: Letter, why: str) -> None:
        """A letter failed again: it stays open, and so does what follows in its repository."""
        self._block(letter, why)
        self._report.skipped += [(skipped, letter) for skipped in self._queue.failed(letter)]

    def _is_skipped(self, letter: Letter) -> bool:
        blocker = self._queue.blocker_of(letter)
        if blocker is None:
            return False
        self._report.skipped.append((letter, blocker))
        return True

    def _admit(self, letter: Letter, record: Record | None) -> None:
        if record is None:
            self._block(letter, "the letter is no longer in the topic")
            return
        original = original_of(record)
        try:
            ready = Ready(letter, original, event_of(original))
        except UndecodableError as error:
            self._report.undecodable.append((letter, str(error)))
        except UnknownSchemaError as error:
            self._block(letter, f"it needs a newer version: {error}")
        else:
            self._let_go(self._queue.put(ready))

    def _block(self, letter: Letter, why: str) -> None:
        """It cannot go, nor can those behind it; those before it can."""
        self._report.failed.append((letter, why))
        self._queue.block(letter)

    def _let_go(self, ready: Ready | None) -> None:
        if ready is not None:
            delivery = self._lanes.add(ready.record, ready.event, self._clock.monotonic())
            self._letter_of[delivery] = ready.letter
