"""A request, ready to send. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One POST to an endpoint, but for what is the endpoint's own: address and configured headers."""

    body: bytes
    headers: tuple[tuple[str, str], ...]
    webhook_id: str
