"""Events as deliveries that can be sent, for tests of formats."""

from typing import get_args

from consumer.delivery.webhook.formats import Sendable
from consumer.delivery.webhook.request import WebhookRequest
from consumer.record import Record
from runtime.config.endpoint_settings import NamedFormat, WebhookForm
from runtime.config.template import Slot, Template
from schemas import ActorRecord, Event, RequestRecord, SourceRecord, Target
from schemas.avro import encode, frame
from schemas.catalog import CATALOG
from schemas.headers import record_headers
from schemas.trace_context import TraceContext
from tests.kit.events import V2

NAMED: tuple[NamedFormat, ...] = get_args(NamedFormat)
TEMPLATE = Template(
    ('{"id":', Slot(("event_id",), within_text=False), ',"text":"', Slot(("action",), within_text=True), ' it"}')
)
"""`{"id": "{event_id}", "text": "{action} it"}`."""
FORMS: tuple[WebhookForm, ...] = (*NAMED, TEMPLATE)
ONE_BY_ONE: tuple[WebhookForm, ...] = ("cloudevents-binary", "source", "acr", TEMPLATE)
"""Of these, what carries one event a request."""
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
DELETE = Event(
    id="320678d8-ca14-430f-8bb6-4ca139cd83f7",
    timestamp="2006-01-02T15:04:05.123456789+05:30",
    action="delete",
    target=Target(repository="library/test", tag="latest"),
    request=RequestRecord(id="r", addr="client.local", host="registry.local", method="DELETE", useragent="test/0.1"),
    actor=ActorRecord(name="a<b"),
    source=SourceRecord(addr="node.local:5000", instance_id="i"),
    registry="eu",
    content_type=V2,
)


def sendable(event: Event, *, offset: int = 7, traceparent: str = "", tracestate: str = "") -> Sendable:
    """Make the event and its record as they lie in the log."""
    headers = tuple(record_headers(event, TraceContext(traceparent, tracestate)))
    value = frame(CATALOG.latest.id, encode(event))
    return Record("registry.events", 3, offset, 1_700_000_000_000, b"library/test", value, headers), event


def headers_of(request: WebhookRequest) -> dict[str, str]:
    """Make a mapping of headers of which none stands twice."""
    assert len(dict(request.headers)) == len(request.headers)
    return dict(request.headers)
