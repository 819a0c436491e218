"""What a trace shows of the intake: the POST, and each write of its events, from which the endpoints' attempts go on.

By OpenTelemetry's conventions for HTTP servers and for messaging. Knows no library of tracing.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import msgspec

from producer.intake.acceptance import EventsTopic
from producer.intake.entrances import trace_of_request
from runtime.config.settings import TracingSettings
from runtime.http.asgi import Request, Response, Route
from runtime.kafka.records import OutgoingRecord
from runtime.tracing.opening import tracing_of
from runtime.tracing.spans import Attributes, SpanKind, Tracing
from schemas import names
from schemas.headers import text_header, trace_headers

_OF_TRACES: Final = frozenset({names.TRACEPARENT, names.TRACESTATE})


class IntakeTracing:
    """Records what an intake does, if somebody wants it recorded."""

    def __init__(self, settings: TracingSettings, topic: str, *, client_id: str) -> None:
        """Records from here on, if the settings ask for it. Raises what `tracing_of` raises.

        Args:
            settings: say whether.
            topic: the events topic.
            client_id: of the program, and of its clients of Kafka.
        """
        self._tracing: Final = tracing_of(settings, program=client_id)
        self._topic: Final = topic
        self._client_id: Final = client_id

    def topic(self, events: EventsTopic) -> EventsTopic:
        """The events topic, its writes recorded."""
        if self._tracing is None:
            return events
        return TracedTopic(events, self._topic, self._tracing, client_id=self._client_id)

    def route(self, route: Route) -> Route:
        """The route, its requests recorded."""
        return route if self._tracing is None else traced(route, self._tracing)

    async def close(self, limit_s: float) -> None:
        """Send what was recorded, within so many seconds."""
        if self._tracing is not None:
            await self._tracing.close(limit_s)


class TracedTopic:
    """An events topic whose records carry the step that wrote them, in place of the POST's."""

    def __init__(self, events: EventsTopic, topic: str, tracing: Tracing, *, client_id: str) -> None:
        """Writes to `events`, which is the topic of that name."""
        self._events: Final = events
        self._name: Final = f"send {topic}"
        self._tracing: Final = tracing
        self._attributes: Final[Attributes] = {
            "messaging.system": "kafka",
            "messaging.operation.name": "send",
            "messaging.operation.type": "send",
            "messaging.destination.name": topic,
            "messaging.client.id": client_id,
        }

    def schema_id(self) -> int:
        """See `EventsTopic`."""
        return self._events.schema_id()

    async def write(self, records: Sequence[OutgoingRecord]) -> None:
        """See `EventsTopic`."""
        attributes = {**self._attributes, **_of_records(records)}
        with self._tracing.span(self._name, SpanKind.PRODUCER, attributes) as span:
            ours = list(trace_headers(span.trace))
            await self._events.write([_carrying(record, ours) for record in records])


def traced(route: Route, tracing: Tracing) -> Route:
    """A route whose requests are steps, which go on from their client's."""

    async def respond(request: Request) -> Response:
        template = next((one for one in route.templates if one == request.path), route.templates[-1])
        attributes = {
            "http.request.method": request.method,
            "http.route": template,
            "url.path": request.path,
            "url.scheme": str(request.scope["scheme"]),
            "client.address": request.sender.rpartition(":")[0],
        }
        name, parent = f"{request.method} {template}", trace_of_request(request)
        with tracing.span(name, SpanKind.SERVER, attributes, parent=parent) as span:
            response = await route.respond(request)
            span.describe({"http.response.status_code": response.status})
            if response.status >= 500:
                span.fail(str(response.status))
            return response

    return replace(route, respond=respond)


def _of_records(records: Sequence[OutgoingRecord]) -> Attributes:
    if len(records) != 1:
        return {"messaging.batch.message_count": len(records)}
    (record,) = records
    key = {} if record.key is None else {"messaging.kafka.message.key": record.key.decode()}
    return {"messaging.message.id": text_header(record.headers, names.CE_ID) or "", **key}


def _carrying(record: OutgoingRecord, trace: Sequence[tuple[str, bytes]]) -> OutgoingRecord:
    kept = [header for header in record.headers if header[0] not in _OF_TRACES]
    return msgspec.structs.replace(record, headers=[*kept, *trace])
