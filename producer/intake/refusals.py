"""How the intake says no: one JSON error, one log line with the sender, as soon as it is known.

The server reads and drops what is left of the body behind the answer, so that a client that sends first reads it too.
"""

from typing import Final

import structlog

from runtime.http.asgi import Request, Response

_log: Final = structlog.get_logger(__name__)

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
        """Bytes of a body that is too large, if it is known."""

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
