"""Signatures of each scheme, by published vectors and by the definition of HMAC."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.delivery.webhook.request import WebhookRequest
from consumer.delivery.webhook.signing import Signer
from runtime.config.endpoint_settings import SigningScheme


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


@pytest.mark.parametrize(("scheme", "header"), [("github", "x-hub-signature-256"), ("generic-hmac", "x-signature")])
def test_the_vector_that_github_publishes(scheme: SigningScheme, header: str) -> None:
    """The vector of GitHub's page on validating deliveries comes out, under the header of each scheme."""
    signer = Signer(["It's a Secret to Everybody"], scheme)

    assert signer.headers(request_of(b"Hello, World!"), 1614265330.0) == {
        "webhook-timestamp": "1614265330",
        header: "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    }


@given(body=st.binary(max_size=200), key=st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable()))
def test_a_shared_text_is_the_key_byte_for_byte(body: bytes, key: str) -> None:
    """The key is the text in UTF-8, and the body is signed as it is, without id and time."""
    expected = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()

    assert Signer([key], "github").headers(request_of(body), 0.0)["x-hub-signature-256"] == f"sha256={expected}"


@pytest.mark.parametrize("scheme", ["standard-webhooks", "generic-hmac", "github"])
def test_without_a_secret_there_is_no_signature(scheme: SigningScheme) -> None:
    """An attempt is stamped all the same."""
    assert Signer((), scheme).headers(request_of(b"x"), 5.0) == {"webhook-timestamp": "5"}
