"""A redrive, put together: each endpoint with its own client, breaker and rate, side by side in one event loop."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from consumer.dead_letters.closing import Closer
from consumer.dead_letters.letter import Letter, LetterPlace
from consumer.dead_letters.redrive import Redrive
from consumer.dead_letters.report import RedriveReport
from consumer.dead_letters.topic import DeadLetterTopic
from consumer.delivery.webhook.sender import sender_of
from consumer.record import Record
from runtime.clock import Clock
from runtime.config import EndpointSettings
from runtime.kafka.writer import AcknowledgedWriter


@dataclass(frozen=True, slots=True)
class Tools:
    """What the endpoints of a redrive share."""

    topic: DeadLetterTopic
    writer: AcknowledgedWriter
    clock: Clock
    drain_s: float
    """How long requests in flight may take after a stop, at least."""
    settled: Callable[[], None]
    """Told once for each letter that nothing more is done about."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the letters of one endpoint."""

    report: RedriveReport
    fault: BaseException | None
    """Why it had to end, if it had to."""


async def redrive_all(
    tools: Tools,
    letters: Mapping[str, Sequence[Letter]],
    endpoints: Sequence[EndpointSettings],
    stop: asyncio.Event,
    *,
    rate: float | None,
) -> list[Outcome]:
    """Redrive the letters of each of these endpoints.

    Args:
        tools: shared.
        letters: by endpoint.
        endpoints: where they go.
        stop: ends all.
        rate: requests a second to each endpoint, over its own `rate_limit`.
    """
    reading = asyncio.Lock()

    async def load(wanted: Sequence[Letter]) -> Mapping[LetterPlace, Record]:
        async with reading:  # they share one reader
            return await asyncio.to_thread(tools.topic.records, wanted)

    async def one(endpoint: EndpointSettings) -> Outcome:
        limited = replace(endpoint, rate_limit=rate or endpoint.rate_limit)
        sender = sender_of(limited, tools.clock)
        redrive = Redrive(
            limited,
            letters[endpoint.name],
            load=load,
            sender=sender,
            closer=Closer(tools.topic.name, writer=tools.writer, jitter=random.random),
            clock=tools.clock,
            jitter=random.random,
            settled=tools.settled,
        )
        fault: BaseException | None = None
        try:
            await redrive.run(stop, drain_s=max(tools.drain_s, endpoint.timeout_s + 1.0))
        except Exception as error:  # noqa: BLE001 - told after the report, which must not be lost
            fault = error
        finally:
            await sender.close()
        return Outcome(redrive.report, fault)

    return list(await asyncio.gather(*map(one, endpoints)))
