"""What a trace shows of a worker: each attempt as the processing of a message, and its request to the endpoint.

By OpenTelemetry's conventions for messaging and for HTTP clients. An attempt goes on from the step that wrote its
event; one of several events is a trace of its own, linked to theirs. Knows no library of tracing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import msgspec

from consumer.delivery.policy.outcome import Answer, NoAnswer, Result, describe
from consumer.delivery.webhook.client import Client, client_of
from consumer.delivery.webhook.large_events import LargeEvents
from consumer.delivery.webhook.request import WebhookRequest
from consumer.delivery.webhook.sender import Sender, signer_of
from consumer.delivery.webhook.signing import Signer
from consumer.lanes.delivery import Delivery
from runtime.clock import Clock
from runtime.config import EndpointSettings
from runtime.config.endpoint_settings import WebhookFormat
from runtime.tracing.spans import Attributes, OpenSpan, SpanKind, Tracing
from schemas import names
from schemas.headers import text_header, trace_headers, trace_of
from schemas.trace_context import NO_TRACE, TraceContext

_PORTS: Final = {"http": 80, "https": 443}
_OF_TRACES: Final = frozenset({names.TRACEPARENT, names.TRACESTATE})


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


class TracedSender(Sender):
    """Sends, each time as a step: the processing of events."""

    def __init__(
        self,
        client: Client,
        signer: Signer,
        clock: Clock,
        format_: WebhookFormat,
        events: LargeEvents | None,
        *,
        attempts: AttemptTracing,
    ) -> None:
        """Nothing is sent yet; `attempts` says how it is recorded, and the rest is that of `Sender`."""
        super().__init__(TracedClient(client, attempts), signer, clock, format_, events)
        self._tracing: Final = attempts.tracing
        self._attributes: Final = attempts.attributes

    async def send(self, deliveries: list[Delivery]) -> Result:
        """See `Sender`."""
        attributes = {**self._attributes, **_of_deliveries(deliveries)}
        traces = [trace_of(delivery.record.headers) for delivery in deliveries]
        parent, links = (traces[0], ()) if len(traces) == 1 else (NO_TRACE, traces)
        name = f"process {deliveries[0].record.topic}"
        with self._tracing.span(name, SpanKind.CONSUMER, attributes, parent=parent, links=links) as span:
            result = await super().send(deliveries)
            _tell(span, result)
            return result


class TracedClient:
    """Sends each request as a step, whose place in the trace the request carries."""

    def __init__(self, client: Client, attempts: AttemptTracing) -> None:
        """Sends with `client`."""
        self._client: Final = client
        self._tracing: Final = attempts.tracing
        url = urlsplit(attempts.endpoint.url)
        self._attributes: Final[Attributes] = {
            "http.request.method": "POST",
            "server.address": url.hostname or "",
            "server.port": url.port or _PORTS[url.scheme.lower()],
            "url.full": attempts.endpoint.safe_url,
        }

    async def send(self, request: WebhookRequest, attempt_headers: Mapping[str, str] | None = None) -> Result:
        """See `Client`."""
        with self._tracing.span("POST", SpanKind.CLIENT, self._attributes) as span:
            result = await self._client.send(_carrying(request, span.trace), attempt_headers)
            if isinstance(result, Answer):
                span.describe({"http.response.status_code": result.status})
            _tell(span, result)
            return result

    async def close(self) -> None:
        """Close the client."""
        await self._client.close()


def _tell(span: OpenSpan, result: Result) -> None:
    if isinstance(result, NoAnswer):
        span.fail(result.fault.word, describe(result))
    elif not 200 <= result.status < 300:  # a 3xx too: it is not followed, and nothing was delivered
        span.fail(str(result.status))


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


def _carrying(request: WebhookRequest, trace: TraceContext) -> WebhookRequest:
    kept = [line for line in request.headers if line[0] not in _OF_TRACES]
    ours = [(name, value.decode()) for name, value in trace_headers(trace)]
    return msgspec.structs.replace(request, headers=(*kept, *ours))


def traced_sender_of(attempts: AttemptTracing, clock: Clock, events: LargeEvents | None = None) -> Sender:
    """What POSTs to an endpoint, as `sender_of` makes it, each attempt recorded. Raises as `sender_of`."""
    endpoint = attempts.endpoint
    client = client_of(endpoint, clock)
    return TracedSender(client, signer_of(endpoint), clock, endpoint.format, events, attempts=attempts)
