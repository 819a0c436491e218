"""What a trace shows of a worker: each attempt as the processing of a message.

By OpenTelemetry's conventions for messaging. An attempt goes on from the step that wrote its event; one of several
events is a trace of its own, linked to theirs. Knows no library of tracing.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from consumer.delivery.policy.outcome import Answer, NoAnswer, Outcome, Result, SinkResult, describe
from consumer.lanes.delivery import Delivery
from runtime.config import EndpointSettings
from runtime.tracing.spans import Attributes, OpenSpan, SpanKind, Tracing
from schemas import names
from schemas.headers import text_header, trace_of
from schemas.trace_context import NO_TRACE


@dataclass(frozen=True, slots=True)
class AttemptTracing:
    """How the attempts of one endpoint are recorded."""

    tracing: Tracing
    endpoint: EndpointSettings
    group: str

    @property
    def attributes(self) -> Attributes:
        """Of the processing of its events."""
        return {
            "messaging.system": "kafka",
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.consumer.group.name": self.group,
            "registry_bridge.endpoint": self.endpoint.name,
        }

    def processing(self, deliveries: Sequence[Delivery]) -> AbstractContextManager[OpenSpan]:
        """The step in which these are sent."""
        attributes = {**self.attributes, **_of_deliveries(deliveries)}
        traces = [trace_of(delivery.record.headers) for delivery in deliveries]
        parent, links = (traces[0], ()) if len(traces) == 1 else (NO_TRACE, traces)
        name = f"process {deliveries[0].record.topic}"
        return self.tracing.span(name, SpanKind.CONSUMER, attributes, parent=parent, links=links)


def tell(span: OpenSpan, result: Result) -> None:
    """What is not delivered is an error of the step."""
    match result:
        case NoAnswer(fault=fault):
            span.fail(fault.word, describe(result))
        case SinkResult(outcome=outcome) if outcome is not Outcome.DELIVERED:
            span.fail(outcome.value, describe(result))
        case Answer(status=status) if not 200 <= status < 300:  # a 3xx too: it is not followed
            span.fail(str(status))


def _of_deliveries(deliveries: Sequence[Delivery]) -> Attributes:
    first = deliveries[0].record
    tries: Attributes = {
        "registry_bridge.attempt": deliveries[0].tries.made + 1,
        "messaging.destination.name": first.topic,
    }
    if len(deliveries) > 1:
        return {"messaging.batch.message_count": len(deliveries), **tries}
    return {
        "messaging.destination.partition.id": str(first.partition),
        "messaging.kafka.offset": first.offset,
        "messaging.message.id": text_header(first.headers, names.CE_ID) or "",
        "messaging.kafka.message.key": (first.key or b"").decode("utf-8", "replace"),
        **tries,
    }
