"""Redriving: the open letters of one endpoint, sent to it again and closed one by one.

The engine's own dispatcher sends: breaker, rate, ceiling, backoff and Retry-After are those of delivery, counted for
this run alone. This is its owner: it reads letters ahead, lets one of each repository go at a time, closes what is
delivered before the next one goes, and leaves open what fails again. Knows nothing of groups: live workers and their
cursors are not touched.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol

import structlog

from consumer.dead_letters.letter import Letter, LetterPlace
from consumer.dead_letters.queue import Queue, Ready
from consumer.dead_letters.record import original_of
from consumer.dead_letters.redrive_policy import RedrivePolicy, patience_s
from consumer.dead_letters.report import RedriveReport
from consumer.delivery.dispatcher import Dispatcher
from consumer.delivery.owner import Attempt
from consumer.delivery.policy.attempts import Cause
from consumer.delivery.policy.breaker import BreakerState
from consumer.delivery.policy.gate import Gate
from consumer.delivery.policy.outcome import Outcome, Result, describe
from consumer.delivery.settlement import Settlement
from consumer.lanes.delivery import Delivery
from consumer.lanes.lanes import Lanes
from consumer.log.decoding import event_of
from consumer.record import Record
from runtime.backoff import Jitter
from runtime.clock import Clock
from runtime.config import EndpointSettings
from runtime.errors import BridgeError
from schemas.avro import UndecodableError, UnknownSchemaError

_log: Final = structlog.get_logger(__name__)

_READ_LETTERS: Final = 200
_READ_BYTES: Final = 16 * 1024 * 1024
_HOLD_BYTES: Final = 64 * 1024 * 1024
_HOLD_LETTERS: Final = 20_000
_CLOSE_LIMIT_S: Final = 5.0
"""After a stop: how long closings may still take."""

Load = Callable[[Sequence[Letter]], Awaitable[Mapping[LetterPlace, Record]]]
"""The records of letters; one that is gone is missing."""


class Sends(Protocol):
    """Who POSTs."""

    async def send(self, deliveries: list[Delivery]) -> Result:
        """POST these in one request, once."""
        ...


class Closes(Protocol):
    """Who closes letters."""

    async def close(self, letter: Letter) -> None:
        """Return when the letter is closed, and that is in the log."""


class Redrive:
    """Redrives letters of one endpoint until all are settled or it is told to stop."""

    def __init__(
        self,
        endpoint: EndpointSettings,
        letters: Sequence[Letter],
        *,
        load: Load,
        sender: Sends,
        closer: Closes,
        clock: Clock,
        jitter: Jitter,
        settled: Callable[[], None] = lambda: None,
    ) -> None:
        """Nothing is under way.

        Args:
            endpoint: where they go; its `rate_limit` and `concurrency` hold for this run alone.
            letters: what is to be redriven.
            load: reads their records.
            sender: POSTs once.
            closer: writes closings.
            clock: for waits and stamps.
            jitter: stretches waits.
            settled: told once for each letter that nothing more is done about.
        """
        self._endpoint = endpoint
        self._load = load
        self._sender = sender
        self._closer = closer
        self._clock = clock
        self._settled = settled
        self.report: Final = RedriveReport(endpoint.name, len(letters))
        self._partitions = {letter.partition for letter in letters}
        self._queue = Queue(letters, ordered=endpoint.ordering == "repository")
        self._lanes = Lanes(ordered=False)  # the queue lets one of each repository out at a time
        self._gate = Gate(endpoint, jitter)
        settlement = Settlement(
            endpoint.reject_statuses,
            self._lanes,
            self._gate,
            self,
            RedrivePolicy(endpoint.attempts),
            monitor=self,
            clock=clock,
        )
        self._dispatcher = Dispatcher(
            endpoint.name, self._lanes, self._gate, self, settlement, courier=self, wakeup=self, clock=clock
        )
        self._letter_of: dict[Delivery, Letter] = {}
        self._reading: asyncio.Task[None] | None = None
        self._closing: dict[asyncio.Task[None], Letter] = {}
        self._failing_since: float | None = None
        self._patience_s = patience_s(endpoint, self._gate.backoff)
        self._fault: BaseException | None = None
        self._changed = asyncio.Event()

    async def run(self, stop: asyncio.Event, *, drain_s: float) -> RedriveReport:
        """Redrive until all are settled, the endpoint turns out to be away, or `stop` is set.

        Args:
            stop: ends the run; requests in flight may end within `drain_s` seconds, and what they deliver is closed.
            drain_s: see there.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: letters could not be read or closed; what is done is closed.
        """
        stopping = asyncio.create_task(stop.wait())
        stopping.add_done_callback(lambda task: None if task.cancelled() else self._stop("it was told to stop"))
        try:
            while self._has_more():
                self._changed.clear()
                self._read_on()
                self._dispatcher.start_due()
                await self._until_changed()
        finally:
            stopping.cancel()
            await self._end(drain_s)
        if self._fault is not None:
            raise self._fault
        return self.report

    # What the dispatcher asks and tells.

    async def send(self, deliveries: list[Delivery]) -> Result:
        """POST a letter's event once."""
        return await self._sender.send(deliveries)

    async def bury(self, delivery: Delivery, cause: Cause) -> None:
        """The dispatcher would bury it again: it stays open instead."""
        self._fail(self._letter_of.pop(delivery), f"{cause.reason.value}: {cause.error}")

    def finished(self, delivery: Delivery) -> None:
        """Delivered: close it. Left open: nothing more."""
        letter = self._letter_of.pop(delivery, None)
        if letter is not None:
            task = asyncio.create_task(self._close_and_go_on(letter))
            self._closing[task] = letter
            task.add_done_callback(self._closed)

    def window_full(self, _: Delivery) -> bool:
        """There is no window."""
        return False

    def blocks_window(self, _: Delivery) -> bool:
        """There is no window."""
        return False

    def may_attempt(self, in_flight: int) -> bool:
        """Whether another attempt keeps what a kill would repeat within bounds."""
        return not self.report.stopped and in_flight + len(self._closing) < 2 * self._endpoint.concurrency

    def attempted(self, attempt: Attempt) -> None:
        """Tell a failed one; find out whether the endpoint is away."""
        if attempt.outcome is Outcome.DELIVERED:
            self._failing_since = None
            return
        letter = self._letter_of[attempt.deliveries[0]]
        _log.warning(
            "redrive.failed",
            endpoint=self._endpoint.name,
            event_id=letter.name,
            repository=letter.repository,
            outcome=attempt.outcome.value,
            error=describe(attempt.result),
            next_try_s=None if attempt.next_try_s is None else round(attempt.next_try_s, 3),
        )
        if attempt.outcome in {Outcome.UNAVAILABLE, Outcome.THROTTLED}:
            self._judge_absence(describe(attempt.result))

    def breaker_moved(self, state: BreakerState, *, reason: str) -> None:
        """Tell it."""
        is_open = state is not BreakerState.CLOSED
        tell = _log.warning if is_open else _log.info
        tell(
            "redrive.breaker_open" if is_open else "redrive.breaker_closed", endpoint=self._endpoint.name, reason=reason
        )

    def wake(self) -> None:
        """Look again what can be done."""
        self._changed.set()

    # Reading ahead.

    def _has_more(self) -> bool:
        if self.report.stopped:
            return False
        return bool(self._queue.unread or self._reading or self._queue.under_way or self._closing)

    def _read_on(self) -> None:
        """Read more while few letters could start, and hold no more than memory has room for."""
        held = self._queue.bytes + self._lanes.bytes
        enough = self._lanes.startable >= self._endpoint.concurrency
        room = held < _HOLD_BYTES and self._lanes.held + self._queue.waiting < _HOLD_LETTERS
        if self._reading is None and self._queue.unread and room and not enough:
            letters = self._queue.next_unread(most=_READ_LETTERS, most_bytes=_READ_BYTES)
            self._reading = asyncio.create_task(self._read(letters))
            self._reading.add_done_callback(self._was_read)

    async def _read(self, letters: list[Letter]) -> None:
        wanted = [letter for letter in letters if not self._is_skipped(letter)]
        records = await self._load(wanted) if wanted else {}
        for letter in wanted:
            if not self._is_skipped(letter):  # one of its repository may have failed meanwhile
                self._admit(letter, records.get(letter.place))

    def _was_read(self, task: asyncio.Task[None]) -> None:
        self._reading = None
        self._note_fault(task)

    def _is_skipped(self, letter: Letter) -> bool:
        blocker = self._queue.blocker_of(letter)
        if blocker is None:
            return False
        self.report.skipped.append((letter, blocker))
        self._settled()
        return True

    def _admit(self, letter: Letter, record: Record | None) -> None:
        if record is None:
            self._block(letter, "the letter is gone from the topic")
            return
        original = original_of(record)
        try:
            ready = Ready(letter, original, event_of(original))
        except UndecodableError as error:
            self.report.undecodable.append((letter, str(error)))
            self._settled()
        except UnknownSchemaError as error:
            self._block(letter, f"it needs a newer version: {error}")
        else:
            self._let_go(self._queue.put(ready))

    def _let_go(self, ready: Ready | None) -> None:
        if ready is not None:
            delivery = self._lanes.add(ready.record, ready.event, self._clock.monotonic())
            self._letter_of[delivery] = ready.letter

    # What becomes of a letter.

    def _block(self, letter: Letter, why: str) -> None:
        """It cannot go, nor can those behind it; those before it can."""
        self.report.failed.append((letter, why))
        self._settled()
        self._queue.block(letter)

    def _fail(self, letter: Letter, why: str) -> None:
        self._block(letter, why)
        for skipped in self._queue.failed(letter):
            self.report.skipped.append((skipped, letter))
            self._settled()

    async def _close_and_go_on(self, letter: Letter) -> None:
        await self._closer.close(letter)
        self.report.redriven += 1
        self._settled()
        self._let_go(self._queue.done(letter))

    def _closed(self, task: asyncio.Task[None]) -> None:
        letter = self._closing.pop(task)
        if task.cancelled() or task.exception() is not None:
            self.report.unclosed.append(letter)
            self._settled()
        self._note_fault(task)

    def _note_fault(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._fault = self._fault or fault
            self._stop(str(fault) if isinstance(fault, BridgeError) else type(fault).__name__)
        self.wake()

    # Ending.

    def _judge_absence(self, why: str) -> None:
        """An endpoint that has delivered nothing for as long as one letter's tries take is left for another day."""
        now = self._clock.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        if max(now, self._gate.retry_after_until) - self._failing_since >= self._patience_s:
            self._stop(f"the endpoint is away ({why})")

    def _stop(self, why: str) -> None:
        self.report.stopped = self.report.stopped or why
        self.wake()

    async def _until_changed(self) -> None:
        wake = self._dispatcher.next_wake()
        try:
            async with asyncio.timeout(None if wake is None else max(0.01, wake - self._clock.monotonic())):
                await self._changed.wait()
        except TimeoutError:
            return

    async def _end(self, drain_s: float) -> None:
        """Let what is in flight end, and what it delivered be closed."""
        await self._dispatcher.drain(self._partitions, drain_s)
        if self._reading is not None:
            await asyncio.wait([self._reading])
        if self._closing:
            _, late = await asyncio.wait(self._closing, timeout=_CLOSE_LIMIT_S)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
