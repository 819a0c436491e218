"""What belongs to one attempt alone: its time, and its signatures. Pure.

Each scheme signs the exact bytes that are sent. Standard Webhooks 1.0 signs `{id}.{timestamp}.{body}`, and has as many
signatures as there are secrets, so that secrets can be changed without a gap. The others sign the body alone.
"""

import hmac
from collections.abc import Sequence
from typing import Final

from consumer.delivery.webhook.request import WebhookRequest
from runtime import standard_webhooks
from runtime.config.endpoint_settings import SIGNATURE_HEADERS, SigningScheme


class Signer:
    """Makes the headers of attempts."""

    def __init__(self, secrets: Sequence[str] = (), scheme: SigningScheme = "standard-webhooks") -> None:
        """`secrets`: see `SigningSettings`; none: attempts are stamped and not signed."""
        self._is_standard: Final = scheme == "standard-webhooks"
        self._header: Final = SIGNATURE_HEADERS[scheme]
        key_of = standard_webhooks.key_of if self._is_standard else str.encode
        self._keys: Final = [key_of(secret) for secret in secrets]

    def headers(self, request: WebhookRequest, now: float) -> dict[str, str]:
        """`webhook-timestamp`, and with secrets the scheme's signature; `now` in seconds since the epoch."""
        timestamp = str(int(now))
        headers = {standard_webhooks.TIMESTAMP: timestamp}
        if self._keys and self._is_standard:
            signed = (request.webhook_id, timestamp, request.body)
            headers[self._header] = standard_webhooks.signatures_by(self._keys, *signed)
        elif self._keys:
            headers[self._header] = f"sha256={hmac.digest(self._keys[0], request.body, 'sha256').hex()}"
        return headers
