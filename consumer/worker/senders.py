"""Makes what POSTs to the endpoints of a worker, each attempt recorded as spans if there are spans."""

from dataclasses import dataclass

from consumer.delivery.webhook.large_events import LargeEvents
from consumer.delivery.webhook.sender import Sender, sender_of
from consumer.delivery.webhook.tracing import AttemptTracing, traced_sender_of
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

    def sender(self, endpoint: EndpointSettings) -> Sender:
        """What POSTs to this endpoint.

        Raises:
            ClientSettingsError: none can be made of its settings.
        """
        if self.tracing is None:
            return sender_of(endpoint, self.clock, self.large_events)
        attempts = AttemptTracing(self.tracing, endpoint, group_of(self.group_prefix, endpoint.name))
        return traced_sender_of(attempts, self.clock, self.large_events)


def sender_maker(parts: Parts) -> SenderMaker:
    """Out of the parts of a worker."""
    return SenderMaker(parts.clock, parts.large_events, parts.settings.worker.group_prefix, parts.tracing)
