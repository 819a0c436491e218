"""One call of a sink and what came of it, for a person: with a sink that is made for this call, and closed."""

import asyncio
from contextlib import suppress
from typing import Final

from msgspec.structs import replace

from consumer.delivery.policy.outcome import describe, outcome_of
from consumer.delivery.sink.running_writes import RunningWrites
from consumer.delivery.sink.sink_sender import sink_sender_of
from consumer.delivery.webhook.exchange import WebhookExchange, shown_body
from consumer.delivery.webhook.formats import Sendable
from consumer.lanes.delivery import Delivery, Lane
from runtime.clock import Clock
from runtime.config import EndpointSettings
from schemas.wire import event_json

_NOWHERE: Final = -1


async def called(endpoint: EndpointSettings, sendable: Sendable, clock: Clock, *, test: str) -> WebhookExchange:
    """Write one event, once, whatever the endpoint's filters say.

    The record of a `sample` has -1 as its partition and its offset: what a sink keeps by place must not be replaced.

    Raises:
        SinkSettingsError: there is no such factory, or it takes other options.
    """
    record, event = sendable
    if test == "sample":
        record = replace(record, partition=_NOWHERE, offset=_NOWHERE)
    sender = sink_sender_of(endpoint, RunningWrites())
    began = clock.monotonic()
    try:
        result = await sender.send([Delivery(record, event, Lane((record.partition, record.offset)), began, None)])
        total_s = clock.monotonic() - began
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(sender.close(), endpoint.timeout_s)
    return WebhookExchange(
        endpoint=endpoint.name,
        url=endpoint.safe_url,
        proxy="",
        request_line="write(event)",
        request_headers=(),
        body=shown_body(event_json(event)),
        status=None,
        answer_headers=(),
        answer_text="",
        outcome=outcome_of(result, endpoint.reject_statuses),
        said=describe(result),
        head_s=None,
        total_s=total_s,
        sink=endpoint.sink or "",
    )
