"""What a trace shows of an attempt by HTTP: the processing of its events, and within it the request to the endpoint.

By OpenTelemetry's conventions for HTTP clients. Knows no library of tracing.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

from consumer.delivery.attempt_tracing import AttemptTracing, tell
from consumer.delivery.owner import Room
from consumer.delivery.policy.outcome import Answer, Result
from consumer.delivery.webhook.client import client_of
from consumer.delivery.webhook.large_events import LargeEvents
from consumer.delivery.webhook.limited_client import Client
from consumer.delivery.webhook.request import WebhookRequest
from consumer.delivery.webhook.sender import Sender, signer_of
from consumer.delivery.webhook.signing import Signer
from consumer.lanes.delivery import Delivery
from runtime.clock import Clock
from runtime.config.endpoint_settings import WebhookForm
from runtime.tracing.spans import Attributes, SpanKind
from schemas import names
from schemas.headers import trace_headers
from schemas.trace_context import TraceContext

_PORTS: Final = {"http": 80, "https": 443}
_OF_TRACES: Final = frozenset({names.TRACEPARENT, names.TRACESTATE})


class TracedSender(Sender):
    """Sends, each time as a step: the processing of events."""

    def __init__(
        self,
        client: Client,
        signer: Signer,
        clock: Clock,
        form: WebhookForm,
        events: LargeEvents | None,
        *,
        attempts: AttemptTracing,
    ) -> None:
        """Nothing is sent yet; `attempts` says how it is recorded, and the rest is that of `Sender`."""
        super().__init__(TracedClient(client, attempts), signer, clock, form, events)
        self._attempts: Final = attempts

    async def send(self, deliveries: list[Delivery], room: Room | None = None) -> Result:
        """See `Sender`."""
        with self._attempts.processing(deliveries) as span:
            result = await super().send(deliveries, room)
            tell(span, result)
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
            tell(span, result)
            return result

    async def close(self) -> None:
        """Close the client."""
        await self._client.close()


def _carrying(request: WebhookRequest, trace: TraceContext) -> WebhookRequest:
    kept = [line for line in request.headers if line[0] not in _OF_TRACES]
    ours = [(name, value.decode()) for name, value in trace_headers(trace)]
    return msgspec.structs.replace(request, headers=(*kept, *ours))


def traced_sender_of(attempts: AttemptTracing, clock: Clock, events: LargeEvents | None = None) -> Sender:
    """What POSTs to an endpoint, as `sender_of` makes it, each attempt recorded. Raises as `sender_of`."""
    endpoint = attempts.endpoint
    client = client_of(endpoint, clock)
    return TracedSender(client, signer_of(endpoint), clock, endpoint.form, events, attempts=attempts)
