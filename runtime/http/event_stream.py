"""An answer that goes on: server-sent events (HTML standard, section 9.2), each sent when it happens.

It has no length. Its end is that of the connection, whoever closes it; a browser connects again by itself.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from runtime.http.asgi import Response, Send, guarded

_HEADERS: Final = {
    "content-type": "text/event-stream; charset=utf-8",
    "x-accel-buffering": "no",  # nginx, and what follows it, would keep events until they fill a buffer
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStream(Response):
    """Events as they are written, blank lines included; a client that reads slowly is asked for patience."""

    status: int = 200
    events: AsyncGenerator[bytes, None]
    """Closed when the client is gone."""

    async def send(self, send: Send, *, without_body: bool) -> None:
        """Send each event as it comes, until there are no more.

        Raises:
            ClientGoneError: nobody reads them any more.
        """
        await send({"type": "http.response.start", "status": self.status, "headers": guarded(_HEADERS)})
        if not without_body:
            async with aclosing(self.events):
                async for event in self.events:
                    await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
