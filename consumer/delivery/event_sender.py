"""What sends the events of one endpoint, be it by HTTP or to a sink in Python; and the lanes that it sends from."""

from typing import Protocol

from consumer.delivery.owner import Room
from consumer.delivery.policy.outcome import Result
from consumer.delivery.sink.exchange import called
from consumer.delivery.sink.running_writes import RunningWrites
from consumer.delivery.sink.sink_sender import sink_sender_of
from consumer.delivery.webhook.exchange import WebhookExchange, exchanged
from consumer.delivery.webhook.formats import Sendable
from consumer.delivery.webhook.large_events import LargeEvents
from consumer.delivery.webhook.sender import sender_of
from consumer.lanes.delivery import Delivery
from consumer.lanes.lanes import Lanes
from runtime.clock import Clock
from runtime.config import EndpointSettings


class EventSender(Protocol):
    """Sends the deliveries of one endpoint."""

    @property
    def large_events(self) -> LargeEvents:
        """What reads the large ones."""
        ...

    def kind(self, delivery: Delivery) -> object:
        """Deliveries go into one batch only if this is equal."""
        ...

    async def send(self, deliveries: list[Delivery], room: Room | None = None) -> Result:
        """Send them at once; what came of it. `room` was taken for them: what they do not need of it is given back.

        Raises:
            UnsendableError: no request can be made of them.
        """
        ...

    async def close(self) -> None:
        """Close what it sends by."""
        ...


def event_sender_of(
    endpoint: EndpointSettings, clock: Clock, events: LargeEvents | None = None, running: RunningWrites | None = None
) -> EventSender:
    """What sends to an endpoint, as its settings say.

    Args:
        endpoint: where to.
        clock: stamps each attempt.
        events: reads and renders the large ones; all senders of a process share it.
        running: the writes to sinks of the process.

    Raises:
        ClientSettingsError: the address, headers, certificates or proxy cannot be used.
        SinkSettingsError: there is no such factory of a sink, or it takes other options.
    """
    if endpoint.sink is not None:
        return sink_sender_of(endpoint, running or RunningWrites(), events)
    return sender_of(endpoint, clock, events)


async def exchange_with(endpoint: EndpointSettings, sendable: Sendable, clock: Clock, *, test: str) -> WebhookExchange:
    """Send one event, once, whatever the endpoint's filters say; `test` is `sample` or `event`.

    Raises:
        ClientSettingsError, SinkSettingsError: see `event_sender_of`.
        UnsendableError: no request can be made of the event.
    """
    if endpoint.sink is not None:
        return await called(endpoint, sendable, clock, test=test)
    return await exchanged(endpoint, sendable, clock, test=test)


def lanes_of(settings: EndpointSettings, sender: EventSender) -> Lanes:
    """Empty lanes, in the order and with the batches of the endpoint."""
    return Lanes(
        ordered=settings.ordering == "repository",
        max_events=settings.batch.max_events,
        linger_s=settings.batch.linger_s,
        kinds=sender,
    )
