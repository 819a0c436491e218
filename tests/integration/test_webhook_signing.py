"""Signatures after Standard Webhooks 1.0: the reference library verifies what arrived, and nothing else."""

import asyncio
import base64
from collections.abc import Sequence

import pytest
from msgspec.structs import replace
from standardwebhooks import Webhook, WebhookVerificationError

from consumer.delivery.policy.outcome import Answer
from consumer.delivery.webhook.request import WebhookRequest
from consumer.delivery.webhook.rustls_client import WebhookClient
from consumer.delivery.webhook.sender import Sender
from consumer.delivery.webhook.signing import Signer
from consumer.lanes.delivery import Delivery, Lane
from consumer.record import Record
from runtime.clock import SystemClock
from runtime.config import EndpointSettings
from runtime.config.endpoint_settings import WebhookForm
from schemas import Event, Target
from tests.kit import Captured, Receiver
from tests.kit.sendables import FORMS, ONE_BY_ONE


def secret_of(key: bytes) -> str:
    """Write a key as configurations have it."""
    return "whsec_" + base64.b64encode(key).decode()


OLD, NEW, OTHER = secret_of(b"o" * 24), secret_of(bytes(range(64))), secret_of(b"x" * 32)
EVENT = Event(id="320678d8-ca14-430f-8bb6-4ca139cd83f7", target=Target(repository="library/äpp"), action="push")


class StoppedClock(SystemClock):
    """A wall clock that stands where it is put."""

    now = 1_700_000_000.0

    def wall(self) -> float:
        """Where it was put."""
        return self.now


def request_of(body: bytes, webhook_id: str = "evt") -> WebhookRequest:
    """Make a request with this body."""
    return WebhookRequest(body, (("webhook-id", webhook_id),), webhook_id)


def delivered(
    receiver: Receiver, secrets: Sequence[str], form: WebhookForm = "registry", events: Sequence[Event] = (EVENT,)
) -> Captured:
    """Send events over the wire as the worker does, and give what arrived."""
    lane = Lane((0, b"library/app"))
    deliveries = [
        Delivery(Record("registry.events", 0, n, 0, None, b""), event, lane, 0.0, None)
        for n, event in enumerate(events)
    ]

    async def send() -> None:
        client = WebhookClient(EndpointSettings(name="ci", url=receiver.url, timeout_s=120.0))
        sending = Sender(client, Signer(secrets), SystemClock(), form)
        assert await sending.send(deliveries) == Answer(200)
        await sending.close()

    asyncio.run(send())
    (arrived,) = receiver.wait_for(1)
    return arrived


@pytest.mark.parametrize("form", FORMS)
def test_the_reference_library_verifies_what_arrived(receiver: Receiver, form: WebhookForm) -> None:
    """The signature covers exactly the bytes on the wire, in every format."""
    arrived = delivered(receiver, [NEW], form)

    Webhook(NEW).verify(arrived.body, dict(arrived.headers))
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        Webhook(NEW).verify(arrived.body.replace(b"push", b"pull"), dict(arrived.headers))


@pytest.mark.parametrize("form", [form for form in FORMS if form not in ONE_BY_ONE])
def test_a_batch_is_signed_as_a_whole(receiver: Receiver, form: WebhookForm) -> None:
    """A batch has one id and one signature, over all of it."""
    arrived = delivered(receiver, [NEW], form, [replace(EVENT, id=f"e{number}") for number in range(3)])

    assert (arrived.header("webhook-id") or "").startswith("batch_")
    Webhook(NEW).verify(arrived.body, dict(arrived.headers))


def test_while_secrets_change_a_receiver_may_know_either(receiver: Receiver) -> None:
    """With two secrets there are two signatures: who knows the old one or the new one verifies, nobody else."""
    arrived = delivered(receiver, [OLD, NEW])

    for known in (OLD, NEW):
        Webhook(known).verify(arrived.body, dict(arrived.headers))
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        Webhook(OTHER).verify(arrived.body, dict(arrived.headers))
    assert len((arrived.header("webhook-signature") or "").split(" ")) == 2


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp"])
def test_id_and_time_are_signed_too(receiver: Receiver, header: str) -> None:
    """A body that is sent again under another id or time does not verify."""
    arrived = delivered(receiver, [NEW])
    headers = {name.lower(): value for name, value in arrived.headers}
    changed = headers | {header: str(int(headers["webhook-timestamp"]) + 1)}

    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        Webhook(NEW).verify(arrived.body, changed)


def test_unsigned_attempts_carry_their_time_alone(receiver: Receiver) -> None:
    """Without secrets there is a timestamp and no signature."""
    arrived = delivered(receiver, [])

    assert arrived.header("webhook-signature") is None
    assert (arrived.header("webhook-timestamp") or "").isdecimal()


def test_each_attempt_has_its_own_time_and_the_same_id(receiver: Receiver) -> None:
    """A retry is stamped and signed anew, so that it verifies however late it is; the id stays."""
    clock = StoppedClock()
    delivery = Delivery(Record("t", 0, 0, 0, None, b""), EVENT, Lane((0, b"a")), 0.0, None)

    async def send() -> None:
        client = WebhookClient(EndpointSettings(name="ci", url=receiver.url, timeout_s=120.0))
        sending = Sender(client, Signer([NEW]), clock)
        await sending.send([delivery])
        clock.now += 3600.9
        await sending.send([delivery])
        await sending.close()

    asyncio.run(send())
    first, second = receiver.wait_for(2)

    assert [one.header("webhook-timestamp") for one in (first, second)] == ["1700000000", "1700003600"]
    assert first.header("webhook-id") == second.header("webhook-id") == EVENT.id
    assert first.body == second.body
    assert first.header("webhook-signature") != second.header("webhook-signature")
