"""What a trace shows of an attempt by a sink: the processing of its event, in which the spans of the sink are too."""

from typing import Final

from consumer.delivery.attempt_tracing import AttemptTracing, tell
from consumer.delivery.owner import Room
from consumer.delivery.policy.outcome import Result
from consumer.delivery.sink.running_writes import RunningWrites
from consumer.delivery.sink.sink_sender import SinkSender
from consumer.delivery.webhook.large_events import LargeEvents
from consumer.lanes.delivery import Delivery
from runtime.sink_factory import Factory, factory_of


class TracedSinkSender(SinkSender):
    """Gives events to a sink, each time as a step."""

    def __init__(
        self, factory: Factory, running: RunningWrites, events: LargeEvents, *, attempts: AttemptTracing
    ) -> None:
        """Nothing is called yet; `attempts` says how it is recorded, and the rest is that of `SinkSender`."""
        super().__init__(attempts.endpoint, factory, running, events)
        self._attempts: Final = attempts

    async def send(self, deliveries: list[Delivery], room: Room | None = None) -> Result:
        """See `SinkSender`."""
        with self._attempts.processing(deliveries) as span:
            result = await super().send(deliveries, room)
            tell(span, result)
            return result


def traced_sink_sender_of(attempts: AttemptTracing, running: RunningWrites, events: LargeEvents) -> SinkSender:
    """What gives events to the sink of an endpoint, as `sink_sender_of` makes it, each attempt recorded."""
    return TracedSinkSender(factory_of(attempts.endpoint), running, events, attempts=attempts)
