"""What belongs to one attempt alone: its time, and its signatures. Pure.

Each scheme signs the exact bytes that are sent. Standard Webhooks 1.0 signs `{id}.{timestamp}.{body}`, and has as many
signatures as there are secrets, so that secrets can be changed without a gap. The others sign the body alone.
"""

import base64
import hmac
from collections.abc import Sequence
from typing import Final

from consumer.delivery.webhook.request import WebhookRequest
from runtime.config.endpoint_settings import SIGNATURE_HEADERS, SigningScheme

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - it marks secrets and is none


class Signer:
    """Makes the headers of attempts."""

    def __init__(self, secrets: Sequence[str] = (), scheme: SigningScheme = "standard-webhooks") -> None:
        """`secrets`: see `SigningSettings`; none: attempts are stamped and not signed."""
        self._is_standard: Final = scheme == "standard-webhooks"
        self._header: Final = SIGNATURE_HEADERS[scheme]
        self._keys: Final = [_standard_key(secret) if self._is_standard else secret.encode() for secret in secrets]

    def headers(self, request: WebhookRequest, now: float) -> dict[str, str]:
        """`webhook-timestamp`, and with secrets the scheme's signature; `now` in seconds since the epoch."""
        timestamp = str(int(now))
        headers = {"webhook-timestamp": timestamp}
        if self._keys and self._is_standard:
            signed = f"{request.webhook_id}.{timestamp}.".encode() + request.body
            headers[self._header] = " ".join(_standard_signature(key, signed) for key in self._keys)
        elif self._keys:
            headers[self._header] = f"sha256={hmac.digest(self._keys[0], request.body, 'sha256').hex()}"
        return headers


def _standard_key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(SECRET_PREFIX))


def _standard_signature(key: bytes, signed: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode("ascii")
