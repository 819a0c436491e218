"""How the intake says no: one JSON error, one log line with the sender, never a hanging connection."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

import structlog

from runtime.http.asgi import Request, Response

_log: Final = structlog.get_logger(__name__)

DRAIN_LIMIT_S: Final = 10.0
"""How long the rest of a refused body is read, in seconds."""
RETRY_AFTER_S: Final = 1
"""When to come again after a 503: a registry's own default backoff."""


class RefusedError(Exception):
    """A POST that is not answered 200."""

    def __init__(self, status: int, reason: str, message: str, *, path: str = "", size: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        """A word for the metric."""
        self.path = path
        """Where in the body, if it is the body's fault."""
        self.size = size
        """Bytes of a body that was too large."""

    def response(self, request: Request) -> Response:
        """Log it and make the answer."""
        facts = {"path": self.path} if self.path else {}
        size = {} if self.size is None else {"body_bytes": self.size}
        _log.warning(
            "intake.refused",
            status=self.status,
            reason=self.reason,
            error=str(self),
            sender=request.sender,
            url_path=request.path,
            **facts,
            **size,
        )
        headers = {"retry-after": str(RETRY_AFTER_S)} if self.status == 503 else {}
        if self.status == 401:
            headers["www-authenticate"] = "Bearer"
        return Response.json(self.status, {"error": str(self), **facts}, headers)


async def refuse(
    rest: AsyncIterator[bytes], status: int, reason: str, message: str, *, read_bytes: int = 0
) -> RefusedError:
    """The refusal of a POST whose body was not read to its end: the rest is read and dropped first.

    An answer in the middle of a body is lost on clients that are still writing. `rest` goes on where reading stopped:
    whoever asks a server for more than the whole body waits until the client goes away.
    """
    size = read_bytes
    with contextlib.suppress(TimeoutError):  # whoever is that slow gets his answer in the middle
        async with asyncio.timeout(DRAIN_LIMIT_S):
            async for piece in rest:
                size += len(piece)
    return RefusedError(status, reason, message, size=size if status == 413 else None)
