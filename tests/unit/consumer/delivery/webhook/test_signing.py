"""Signatures after Standard Webhooks 1.0, by the published vector and by the definition of HMAC."""

import base64
import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from consumer.delivery.webhook.request import WebhookRequest
from consumer.delivery.webhook.signing import Signer


def secret_of(key: bytes) -> str:
    """Write a key as configurations have it."""
    return "whsec_" + base64.b64encode(key).decode()


def request_of(body: bytes, webhook_id: str = "evt") -> WebhookRequest:
    """Make a request with this body."""
    return WebhookRequest(body, (("webhook-id", webhook_id),), webhook_id)


def test_the_published_vector() -> None:
    """The vector of the reference libraries' own tests comes out."""
    signer = Signer(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
    request = request_of(b'{"test": 2432232314}', "msg_p5jXN8AQM9LWM0D4loKWxJek")

    assert signer.headers(request, 1614265330.0) == {
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@given(body=st.binary(max_size=200), key=st.binary(min_size=24, max_size=64), now=st.floats(0, 4e9))
def test_any_bytes_are_signed_as_they_are(body: bytes, key: bytes, now: float) -> None:
    """The body need be no text, and no byte of it is changed before it is signed."""
    signed = b"evt." + str(int(now)).encode() + b"." + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()

    headers = Signer([secret_of(key)]).headers(request_of(body), now)

    assert headers == {"webhook-timestamp": str(int(now)), "webhook-signature": f"v1,{expected}"}
