"""What belongs to one attempt alone: its time, and its signatures after Standard Webhooks 1.0. Pure.

Signed are `{id}.{timestamp}.{body}`, the exact bytes that are sent; with several secrets there are several
signatures, so that secrets can be changed without a gap.
"""

import base64
import hmac
from collections.abc import Sequence
from typing import Final

from consumer.delivery.webhook.request import WebhookRequest

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - it marks secrets and is none


class Signer:
    """Makes the headers of attempts."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        """`secrets`: `whsec_` and base64; none: attempts are stamped and not signed."""
        self._keys = [base64.b64decode(secret.removeprefix(SECRET_PREFIX)) for secret in secrets]

    def headers(self, request: WebhookRequest, now: float) -> dict[str, str]:
        """`webhook-timestamp`, and with secrets `webhook-signature`; `now` in seconds since the epoch."""
        timestamp = str(int(now))
        headers = {"webhook-timestamp": timestamp}
        if self._keys:
            signed = f"{request.webhook_id}.{timestamp}.".encode() + request.body
            headers["webhook-signature"] = " ".join(_signature(key, signed) for key in self._keys)
        return headers


def _signature(key: bytes, signed: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode("ascii")
