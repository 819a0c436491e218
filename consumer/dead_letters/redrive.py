"""Redriving: the open letters of one endpoint, sent to it again and closed one by one.

The dispatcher of live delivery sends: breaker, rate, concurrency limit, backoff and Retry-After are those of delivery,
counted for this run alone. Here is its owner: it has letters read ahead, closes what is delivered before the next of
its repository goes, and leaves open what fails again. Knows nothing of groups: live workers and their cursors are not
touched.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

from consumer.dead_letters.feed import Feed, LetterSource
from consumer.dead_letters.letter import Letter
from consumer.dead_letters.redrive_monitor import RedriveMonitor
from consumer.dead_letters.redrive_policy import RedrivePolicy
from consumer.dead_letters.report import RedriveReport
from consumer.delivery.dispatcher import Dispatcher
from consumer.delivery.owner import Room
from consumer.delivery.policy.attempts import Cause
from consumer.delivery.policy.gate import Gate
from consumer.delivery.policy.outcome import Result
from consumer.delivery.settlement import Settlement
from consumer.lanes.delivery import Delivery
from consumer.lanes.lanes import Lanes
from runtime.backoff import Jitter
from runtime.clock import Clock
from runtime.config import EndpointSettings
from runtime.deadline import CLOSE_GRACE_S, Deadline
from runtime.errors import BridgeError
from runtime.progress import Progress


class Sends(Protocol):
    """Sends requests."""

    async def send(self, deliveries: list[Delivery], room: Room | None = None) -> Result:
        """POST these in one request, once; `room` was taken for its body."""
        ...


class Closes(Protocol):
    """Closes letters."""

    async def close(self, letter: Letter) -> None:
        """Return when the letter is closed, and that is in the log."""

    def hurry(self) -> None:
        """Wait no longer for a log that is away: `close` raises CancelledError there from now on."""


class Redrive:
    """Redrives letters of one endpoint until all are settled or it is told to stop."""

    def __init__(
        self,
        endpoint: EndpointSettings,
        letters: Sequence[Letter],
        *,
        source: LetterSource,
        sender: Sends,
        closer: Closes,
        clock: Clock,
        jitter: Jitter,
    ) -> None:
        """Nothing is under way.

        Args:
            endpoint: where they go; its `rate_limit` and `concurrency` hold for this run alone.
            letters: those to be redriven.
            source: reads their records.
            sender: POSTs once.
            closer: writes closings.
            clock: for waits and stamps.
            jitter: stretches waits.
        """
        self._limit = 2 * endpoint.concurrency
        self._sender = sender
        self._closer = closer
        self._clock = clock
        self.report: Final = RedriveReport(endpoint.name, len(letters))
        self._partitions = {letter.partition for letter in letters}
        lanes = Lanes(ordered=False)  # the feed lets one of each repository out at a time
        gate = Gate(endpoint, jitter)
        self._feed = Feed(endpoint, letters, lanes, self.report, source=source, clock=clock)
        self._monitor = RedriveMonitor(endpoint, self._feed, gate, clock)
        policy = RedrivePolicy(endpoint.attempts)
        settlement = Settlement(endpoint.reject_statuses, lanes, gate, self, policy, monitor=self._monitor, clock=clock)
        self._dispatcher = Dispatcher(
            endpoint.name, lanes, gate, self, settlement, courier=self, wakeup=self, clock=clock
        )
        self._reading: asyncio.Task[None] | None = None
        self._closing: dict[asyncio.Task[None], Letter] = {}
        self._fault: BaseException | None = None
        self._changed = asyncio.Event()
        self._shown = 0

    async def run(self, stop: asyncio.Event, *, drain_s: float, progress: Progress) -> RedriveReport:
        """Redrive until all are settled, the endpoint turns out to be away, or `stop` is set.

        Args:
            stop: ends the run; requests in flight may end within `drain_s` seconds, and what they deliver is closed.
            drain_s: see there; the end takes `CLOSE_GRACE_S` seconds longer at most.
            progress: shows how many letters are settled.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: letters could not be read or closed; what is done is closed.
        """
        stopping = asyncio.create_task(stop.wait())
        stopping.add_done_callback(lambda task: None if task.cancelled() else self._told_to_stop())
        try:
            while self._has_more():
                self._changed.clear()
                self._read_on()
                self._dispatcher.start_due()
                await self._until_changed()
                self._show(progress)
        finally:
            stopping.cancel()
            await self._end(drain_s)
            self._show(progress)
        if self._fault is not None:
            raise self._fault
        return self.report

    # The courier of the dispatcher.

    async def send(self, deliveries: list[Delivery], room: Room | None = None) -> Result:
        """POST a letter's event once."""
        return await self._sender.send(deliveries, room)

    async def bury(self, delivery: Delivery, cause: Cause) -> None:
        """The letter of an event that is given up stays open: it is not buried again."""
        letter = self._feed.release(delivery)
        assert letter is not None
        self._feed.failed(letter, f"{cause.reason.value}: {cause.error}")

    # Its claims: there are no partitions, and no window.

    def finished(self, delivery: Delivery) -> None:
        """Close the letter of a delivery; one that stays open is released already."""
        letter = self._feed.release(delivery)
        if letter is not None:
            task = asyncio.create_task(self._close(letter))
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
        return not self.report.stopped and in_flight + len(self._closing) < self._limit

    def wake(self) -> None:
        """Make another pass."""
        self._changed.set()

    # A pass.

    def _has_more(self) -> bool:
        if self._monitor.away_because:
            self._stop(f"the endpoint accepts nothing ({self._monitor.away_because})")
        if self.report.stopped:
            return False
        return bool(self._feed.has_more or self._reading or self._closing)

    def _read_on(self) -> None:
        if self._reading is None and self._feed.wants_more:
            self._reading = asyncio.create_task(self._feed.read_on())
            self._reading.add_done_callback(self._was_read)

    def _was_read(self, task: asyncio.Task[None]) -> None:
        self._reading = None
        self._note_fault(task)

    async def _close(self, letter: Letter) -> None:
        await self._closer.close(letter)
        self.report.redriven += 1
        self._feed.closed(letter)

    def _closed(self, task: asyncio.Task[None]) -> None:
        letter = self._closing.pop(task)
        if task.cancelled() or task.exception() is not None:
            self.report.unclosed.append(letter)
        self._note_fault(task)

    def _note_fault(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._fault = self._fault or fault
            self._stop(str(fault) if isinstance(fault, BridgeError) else type(fault).__name__)
        self.wake()

    def _show(self, progress: Progress) -> None:
        settled = self.report.settled
        progress.advance(settled - self._shown)
        self._shown = settled

    async def _until_changed(self) -> None:
        wake = self._dispatcher.next_wake()
        try:
            async with asyncio.timeout(None if wake is None else max(0.01, wake - self._clock.monotonic())):
                await self._changed.wait()
        except TimeoutError:
            return

    # Ending.

    def _told_to_stop(self) -> None:
        self._closer.hurry()
        self._stop("the run was stopped")

    def _stop(self, why: str) -> None:
        self.report.stopped = self.report.stopped or why
        self.wake()

    async def _end(self, drain_s: float) -> None:
        """Let what is in flight end, and what it delivered be closed; what takes longer is broken off."""
        deadline = Deadline.after(drain_s + CLOSE_GRACE_S, self._clock)
        await self._dispatcher.drain(self._partitions, drain_s)
        ending = [*self._closing, *([self._reading] if self._reading is not None else [])]
        if ending:
            _, late = await asyncio.wait(ending, timeout=deadline.left_s)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
