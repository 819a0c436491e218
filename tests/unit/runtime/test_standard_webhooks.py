"""Secrets and signatures of Standard Webhooks."""

import base64
import hmac

import pytest

from consumer.delivery.webhook.request import WebhookRequest
from consumer.delivery.webhook.signing import Signer
from runtime.standard_webhooks import is_secret, is_signed, key_of, time_fault

OLD, NEW = ("whsec_" + base64.b64encode(letter * 24).decode() for letter in (b"o", b"n"))
SENT = ("msg_1", "1790000000")


def signature(secret: str, body: bytes = b"body") -> str:
    """One signature, made by the letter of the specification."""
    made = hmac.digest(key_of(secret), b"msg_1.1790000000." + body, "sha256")
    return "v1," + base64.b64encode(made).decode()


@pytest.mark.parametrize(
    ("given", "is_good"),
    [
        (signature(NEW), True),
        (f"{signature(OLD)} {signature(NEW)}", True),
        (f"v1a,xyz v2,{signature(NEW)[3:]} v1,%% {signature(NEW)}", True),
        (signature(OLD), False),
        (signature(NEW, b"other"), False),
        (signature(NEW).replace("v1,", "v2,"), False),
        ("v1,", False),
        ("v1", False),
        ("", False),
        ("ü", False),
    ],
)
def test_one_signature_by_the_secret_is_enough(given: str, is_good: bool) -> None:  # noqa: FBT001 - a table's column
    """Those of other versions and secrets do not count, nor does a broken one."""
    assert is_signed([key_of(NEW)], SENT, given, b"body") == is_good


def test_while_a_secret_changes_both_are_good() -> None:
    """As long as both are configured."""
    keys = [key_of(OLD), key_of(NEW)]
    assert all(is_signed(keys, SENT, signature(secret), b"body") for secret in (OLD, NEW))


@pytest.mark.parametrize(
    ("timestamp", "fault"),
    [
        ("1790000000", ""),
        ("1789999700", ""),
        ("1790000300", ""),
        ("1789999699", "the header webhook-timestamp differs from our time by more than 5 minutes"),
        ("1790000301", "the header webhook-timestamp differs from our time by more than 5 minutes"),
        ("", "the header webhook-timestamp is no time in seconds since 1970"),
        ("-1", "the header webhook-timestamp is no time in seconds since 1970"),
        ("1e9", "the header webhook-timestamp is no time in seconds since 1970"),
        ("9" * 4000, "the header webhook-timestamp is no time in seconds since 1970"),
        ("٣", "the header webhook-timestamp is no time in seconds since 1970"),
    ],
)
def test_an_old_post_cannot_be_sent_again(timestamp: str, fault: str) -> None:
    """Its time may be 5 minutes off, either way."""
    assert time_fault(timestamp, 1_790_000_000.0) == fault


def test_our_own_worker_signs_so() -> None:
    """One bridge can be the source of another."""
    request = WebhookRequest(headers=(), body=b"body", webhook_id="msg_1")
    headers = Signer([OLD, NEW]).headers(request, 1_790_000_000.5)
    sent = ("msg_1", headers["webhook-timestamp"])
    assert is_signed([key_of(OLD)], sent, headers["webhook-signature"], b"body")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (OLD, True),
        ("whsec_" + base64.b64encode(b"k" * 64).decode(), True),
        ("whsec_" + base64.b64encode(b"k" * 23).decode(), False),
        ("whsec_" + base64.b64encode(b"k" * 65).decode(), False),
        (OLD.removeprefix("whsec_"), False),
        (OLD + "%", False),
        (OLD + "ü", False),
        ("", False),
    ],
)
def test_a_secret_has_its_prefix_and_a_key_of_24_to_64_bytes(text: str, is_one: bool) -> None:  # noqa: FBT001 - a table's column
    """Any other text is none, whatever stands in it."""
    assert is_secret(text) == is_one
