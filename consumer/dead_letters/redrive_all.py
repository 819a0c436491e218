"""A redrive, put together: each endpoint with its own client, breaker and rate, side by side in one event loop."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from consumer.dead_letters.letter import Letter, LetterPlace
from consumer.dead_letters.redrive import Redrive
from consumer.dead_letters.report import RedriveReport
from consumer.dead_letters.topic import DeadLetterTopic
from consumer.dead_letters.writing import Closer, RecordWriter
from consumer.delivery.event_sender import event_sender_of
from consumer.delivery.webhook.large_events import LargeEvents
from consumer.record import Record
from runtime.clock import Clock
from runtime.config import EndpointSettings
from runtime.errors import BridgeError
from runtime.progress import Progress
from runtime.side_threads import beside


@dataclass(frozen=True, slots=True)
class RedriveResult:
    """The result of the redrive of one endpoint's letters."""

    report: RedriveReport
    fault: BaseException | None
    """Why it had to end, if it had to."""


class RedriveAll:
    """Redrives the letters of several endpoints."""

    def __init__(
        self, topic: DeadLetterTopic, writer: RecordWriter, clock: Clock, *, drain_s: float, progress: Progress
    ) -> None:
        """Nothing is under way.

        Args:
            topic: holds the letters.
            writer: writes closings.
            clock: for waits and stamps.
            drain_s: how long requests in flight may take after a stop, at least.
            progress: shows how many letters are settled.
        """
        self._source = _SharedSource(topic)
        self._closer = Closer(topic.name, writer=writer, jitter=random.random)
        self._clock = clock
        self._drain_s = drain_s
        self._progress = progress
        self._large_events = LargeEvents()

    async def run(
        self,
        letters: Mapping[str, Sequence[Letter]],
        endpoints: Sequence[EndpointSettings],
        stop: asyncio.Event,
        *,
        rate: float | None,
    ) -> list[RedriveResult]:
        """Redrive the letters of each of these endpoints.

        Args:
            letters: by endpoint.
            endpoints: where they go.
            stop: ends all.
            rate: requests a second to each endpoint, over its own `rate_limit`.
        """
        limited = (replace(endpoint, rate_limit=rate or endpoint.rate_limit) for endpoint in endpoints)
        return list(await asyncio.gather(*(self._redrive(one, letters[one.name], stop) for one in limited)))

    async def _redrive(
        self, endpoint: EndpointSettings, letters: Sequence[Letter], stop: asyncio.Event
    ) -> RedriveResult:
        try:
            sender = event_sender_of(endpoint, self._clock, self._large_events)
        except BridgeError as error:  # a fault of this endpoint's settings: the others go on
            return RedriveResult(RedriveReport(endpoint.name, len(letters), stopped=str(error)), error)
        redrive = Redrive(
            endpoint,
            letters,
            source=self._source,
            sender=sender,
            closer=self._closer,
            clock=self._clock,
            jitter=random.random,
        )
        fault: BaseException | None = None
        try:
            drain_s = max(self._drain_s, endpoint.timeout_s + 1.0)
            await redrive.run(stop, drain_s=drain_s, progress=self._progress)
        except Exception as error:  # noqa: BLE001 - shown after the report, which must not be lost
            fault = error
        finally:
            await sender.close()
        return RedriveResult(redrive.report, fault)


class _SharedSource:
    """The records of letters, read in a thread for one endpoint at a time: all share one client."""

    def __init__(self, topic: DeadLetterTopic) -> None:
        self._topic: Final = topic
        self._reading: Final = asyncio.Lock()

    async def records(self, letters: Sequence[Letter]) -> Mapping[LetterPlace, Record]:
        async with self._reading:
            return await beside(self._topic.records, letters)
