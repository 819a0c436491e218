"""The senders of a worker, with and without spans."""

import asyncio

from consumer.delivery.webhook.large_events import LargeEvents
from consumer.delivery.webhook.sender import Sender
from consumer.delivery.webhook.tracing import TracedSender
from consumer.worker.senders import SenderMaker
from runtime.config import EndpointSettings
from runtime.tracing.spans import Tracing
from tests.kit.spans import KeptSpans
from tests.kit.still_clock import StillClock

SETTINGS = EndpointSettings(name="ci", url="https://ci.example.com/")


def kind_of_sender(tracing: Tracing | None) -> type[Sender]:
    """Which is made."""
    maker = SenderMaker(StillClock(), LargeEvents(), "registry-worker", tracing)
    made = maker.sender(SETTINGS)
    asyncio.run(made.close())
    return type(made)


def test_without_tracing_nothing_is_in_the_way() -> None:
    """Only where there are spans, an attempt goes through what records it."""
    assert kind_of_sender(None) is Sender
    assert kind_of_sender(KeptSpans().tracing) is TracedSender
