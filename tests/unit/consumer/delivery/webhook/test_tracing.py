"""What a trace shows of an attempt, and what its request carries on."""

import asyncio
from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from consumer.delivery.attempt_tracing import AttemptTracing
from consumer.delivery.policy.outcome import Answer, Fault, NoAnswer, Result
from consumer.delivery.webhook.formats import UnsendableError
from consumer.delivery.webhook.request import WebhookRequest
from consumer.delivery.webhook.signing import Signer
from consumer.delivery.webhook.tracing import TracedSender, traced_sender_of
from consumer.lanes.delivery import Delivery, Lane
from runtime.config import EndpointSettings
from tests.kit.sendables import DELETE, TRACEPARENT, headers_of, sendable
from tests.kit.spans import KeptSpans, facts, parent, traceparent
from tests.kit.still_clock import StillClock

SETTINGS = EndpointSettings(name="ci", url="https://user:s3cret@CI.example.com/hook?token=s3cret")


class Answering:
    """A client that answers so, and keeps what it is given."""

    def __init__(self, result: Result) -> None:
        self.requests: list[WebhookRequest] = []
        self._result = result

    async def send(self, request: WebhookRequest, attempt_headers: Mapping[str, str] | None = None) -> Result:
        """Keep it."""
        self.requests.append(request)
        return self._result

    async def close(self) -> None:
        """Nothing is open."""


def delivery(offset: int = 7, *, tracestate: str = "rojo=1", id_: str = "e7") -> Delivery:
    """An event of the log, with a trace."""
    pair = sendable(replace(DELETE, id=id_), offset=offset, traceparent=TRACEPARENT, tracestate=tracestate)
    return Delivery(*pair, Lane((3, b"library/test")), 0.0, None)


def sent(result: Result, *deliveries: Delivery) -> tuple[KeptSpans, WebhookRequest]:
    """The spans of a send that comes to this result, and what was sent."""
    kept, client = KeptSpans(), Answering(result)
    attempts = AttemptTracing(kept.tracing, SETTINGS, "registry-worker.ci")
    sender = TracedSender(client, Signer(), StillClock(), "registry", None, attempts=attempts)
    assert asyncio.run(sender.send(list(deliveries))) == result
    [request] = client.requests
    return kept, request


def test_an_attempt_at_one_event() -> None:
    """A consumer's step that goes on from the record's, and within it the request's, which the endpoint is told."""
    again = delivery()
    again.tries.made = 2
    kept, request = sent(Answer(200), again)
    process, client = kept.named("process registry.events"), kept.named("POST")
    assert facts(process) == {
        "kind": "CONSUMER",
        "status": "UNSET",
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.consumer.group.name": "registry-worker.ci",
        "messaging.destination.name": "registry.events",
        "messaging.destination.partition.id": "3",
        "messaging.kafka.offset": 7,
        "messaging.kafka.message.key": "library/test",
        "messaging.message.id": "e7",
        "registry_bridge.endpoint": "ci",
        "registry_bridge.attempt": 3,
    }
    assert facts(client) == {
        "kind": "CLIENT",
        "status": "UNSET",
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "server.address": "ci.example.com",
        "server.port": 443,
        "url.full": SETTINGS.safe_url,
    }
    assert "s3cret" not in str([facts(one) for one in kept.ended])
    assert (parent(process), parent(client)) == (TRACEPARENT.split("-")[2], traceparent(process).split("-")[2])
    told = headers_of(request)
    assert (told["traceparent"], told["tracestate"]) == (traceparent(client), "rojo=1")


def test_an_attempt_at_several_events() -> None:
    """A trace of its own, linked to theirs; the endpoint is told the request's step."""
    kept, request = sent(Answer(200), delivery(7), delivery(8, id_="e8"))
    process = kept.named("process registry.events")
    assert parent(process) == ""
    assert [f"{link.context.span_id:016x}" for link in process.links] == [TRACEPARENT.split("-")[2]] * 2
    assert facts(process)["messaging.batch.message_count"] == 2
    assert headers_of(request)["traceparent"] == traceparent(kept.named("POST"))


@pytest.mark.parametrize(
    ("result", "error"),
    [
        (Answer(404), "404"),
        (Answer(302), "302"),
        (Answer(503, "5"), "503"),
        (NoAnswer(Fault.TIMEOUT, "no answer within 1 s"), "timeout"),
        (NoAnswer(Fault.AUTHORITY_AS_SERVER, "x"), "tls"),
    ],
)
def test_what_is_not_delivered_is_an_error(result: Result, error: str) -> None:
    """Of both steps, by the status or in one word; people are told the rest."""
    kept, _ = sent(result, delivery())
    for span in kept.ended:
        assert (facts(span)["status"], facts(span)["error.type"]) == ("ERROR", error)
    if isinstance(result, NoAnswer):
        assert kept.named("POST").status.description == f"{error}: {result.error}"


def test_what_cannot_be_sent_is_an_error_too() -> None:
    """There is no request, and so no step of one."""
    kept = KeptSpans()
    attempts = AttemptTracing(kept.tracing, SETTINGS, "g")
    sender = TracedSender(Answering(Answer(200)), Signer(), StillClock(), "registry", None, attempts=attempts)
    odd = delivery()
    odd.event = replace(DELETE, content_type="a\nb")
    with pytest.raises(UnsendableError):
        asyncio.run(sender.send([odd]))
    assert [facts(span)["error.type"] for span in kept.ended] == ["UnsendableError"]


def test_the_sender_of_an_endpoint() -> None:
    """Is made of its settings, as without tracing."""
    kept = KeptSpans()
    made = traced_sender_of(AttemptTracing(kept.tracing, SETTINGS, "g"), StillClock())
    asyncio.run(made.close())
