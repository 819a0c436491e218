"""How the intake says no: one JSON error, as soon as it is known.

The server reads and drops what is left of the body behind the answer, so that a client that sends first reads it too.
"""

from typing import Final

from runtime.http.asgi import Response

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

    def said(self, hint: str) -> str:
        """What is wrong, and what else there is to know, if anything."""
        return f"{self}; {hint}" if hint else str(self)

    def response(self, hint: str = "") -> Response:
        """The answer.

        Args:
            hint: what else its sender should know.
        """
        headers = {"retry-after": str(RETRY_AFTER_S)} if self.status == 503 else {}
        if self.status == 401:
            headers["www-authenticate"] = "Bearer"
        facts = {"path": self.path} if self.path else {}
        return Response.json(self.status, {"error": self.said(hint), **facts}, headers)
