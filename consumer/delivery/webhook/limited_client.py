"""A client whose sends end: one that has no answer long after its timeout is given up, whatever the client within does.

Only the time of the client counts: whoever waits before that for memory or a thread of ours waits for us.
"""

import asyncio
from collections.abc import Mapping
from typing import Final, Protocol

from consumer.delivery.policy.outcome import Fault, NoAnswer, Result
from consumer.delivery.webhook.request import WebhookRequest

_GRACE_S: Final = 10.0
"""How much longer than its timeout an HTTP client may take to say that there was no answer."""


class Client(Protocol):
    """What sends."""

    async def send(self, request: WebhookRequest, attempt_headers: Mapping[str, str] | None = None) -> Result:
        """POST once; what came of it."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


class LimitedClient:
    """Sends with another client, and waits for it no longer than it should take."""

    def __init__(self, client: Client, timeout_s: float) -> None:
        """Nothing is sent yet; `timeout_s` is what the client itself allows a request."""
        self._client: Final = client
        self._limit_s: Final = timeout_s + _GRACE_S

    async def send(self, request: WebhookRequest, attempt_headers: Mapping[str, str] | None = None) -> Result:
        """POST once; what came of it. Raises what the client raises."""
        limit = asyncio.timeout(self._limit_s)
        try:
            async with limit:
                return await self._client.send(request, attempt_headers)
        except TimeoutError:
            if not limit.expired():
                raise
            return NoAnswer(Fault.TIMEOUT, "the HTTP client did not answer, long after the timeout")

    async def close(self) -> None:
        """Close the client."""
        await self._client.close()
