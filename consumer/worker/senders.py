"""Makes what sends to the endpoints of a worker, each attempt recorded as spans if there are spans."""

from dataclasses import dataclass, field

from consumer.delivery.attempt_tracing import AttemptTracing
from consumer.delivery.event_sender import EventSender, event_sender_of
from consumer.delivery.sink.running_writes import RunningWrites
from consumer.delivery.sink.tracing import traced_sink_sender_of
from consumer.delivery.webhook.large_events import LargeEvents
from consumer.delivery.webhook.tracing import traced_sender_of
from consumer.worker.parts import Parts
from runtime.clock import Clock
from runtime.config import EndpointSettings
from runtime.tracing.spans import Tracing
from schemas.names import group_of


@dataclass(frozen=True, slots=True)
class SenderMaker:
    """Makes senders that share what they can."""

    clock: Clock
    large_events: LargeEvents
    group_prefix: str
    tracing: Tracing | None = None
    running: RunningWrites = field(default_factory=RunningWrites)

    def sender(self, endpoint: EndpointSettings) -> EventSender:
        """What sends to this endpoint.

        Raises:
            ClientSettingsError, SinkSettingsError: none can be made of its settings.
        """
        if self.tracing is None:
            return event_sender_of(endpoint, self.clock, self.large_events, self.running)
        attempts = AttemptTracing(self.tracing, endpoint, group_of(self.group_prefix, endpoint.name))
        if endpoint.sink is not None:
            return traced_sink_sender_of(attempts, self.running, self.large_events)
        return traced_sender_of(attempts, self.clock, self.large_events)


def sender_maker(parts: Parts) -> SenderMaker:
    """Out of the parts of a worker."""
    prefix = parts.settings.worker.group_prefix
    return SenderMaker(parts.clock, parts.large_events, prefix, parts.tracing, parts.running_writes)
