"""Who may act by a request: whoever knows the secret, or, where only this machine reaches the server, its users.

A browser of such a user must not be made to act by a page of somebody else. What such a page cannot send is asked for:
JSON as content type, which a form does not have and a script only if the server agrees beforehand, which it never
does. And against a name that is made to point here (DNS rebinding), a host that is this machine's own.
"""

import hmac
import re
from collections.abc import Sequence
from typing import Final

from runtime.config.addresses import Address, is_loopback
from runtime.config.secrets import Secret
from runtime.http.asgi import Request, Response

_JSON: Final = "application/json"
_HOST: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:]+)(:[0-9]{1,5})?")


class ActGuard:
    """Guards the routes of one server that change something."""

    def __init__(self, listen: Address, authorization: Sequence[Secret], *, is_open: bool, key: str) -> None:
        """A guard of what is served at `listen`.

        Args:
            listen: where the server listens.
            authorization: values of which a request must carry one; empty: none is asked for.
            is_open: whether everybody may act who reaches the server.
            key: of the configuration, for whoever is refused.
        """
        self._listen: Final = listen
        self._key: Final = key
        self.admit_by(authorization, is_open=is_open)

    def admit_by(self, authorization: Sequence[Secret], *, is_open: bool) -> None:
        """Ask for one of these values from now on; the arguments are those of the beginning."""
        self._tokens = tuple(secret.reveal().encode() for secret in authorization)
        self._is_open = is_open

    def refusal(self, request: Request) -> Response | None:
        """The answer to a request that may not act; None if it may."""
        return self._refusal_of_right(request) or self._refusal_of_form(request)

    @staticmethod
    def _refusal_of_form(request: Request) -> Response | None:
        content_type = (request.header(b"content-type") or "").split(";")[0].strip().lower()
        if content_type != _JSON:
            return _refused(415, f"Content-Type {content_type or 'is missing'}; acts are POSTs of {_JSON}")
        if _is_from_elsewhere(request):
            return _refused(403, "the request comes from a page of another origin")
        return None

    def _refusal_of_right(self, request: Request) -> Response | None:
        if self._tokens:
            if self._is_authorized((request.header(b"authorization") or "").encode("latin-1")):
                return None
            return _refused(401, f"the Authorization header is not the configured one ({self._key})")
        if self._is_open:
            return None
        if not self._listen.is_loopback:
            said = f"{self._listen} can be reached from other machines: set {self._key}, or set it to none"
            return _refused(403, f"{said} to allow acts from everyone")
        host = request.header(b"host") or ""
        return None if _names_this_machine(host) else _refused(403, f"the host {host!r} is no name of this machine")

    def _is_authorized(self, given: bytes) -> bool:
        return any([hmac.compare_digest(given, token) for token in self._tokens])  # noqa: C419 - all, so that time tells nothing


def _is_from_elsewhere(request: Request) -> bool:
    """Whether a browser says so: each that is in use sends `Origin` with a POST."""
    origin = request.header(b"origin")
    if origin is not None and origin.lower().partition("://")[2] != (request.header(b"host") or "").lower():
        return True
    return (request.header(b"sec-fetch-site") or "none") not in {"none", "same-origin"}


def _names_this_machine(host: str) -> bool:
    found = _HOST.fullmatch(host)
    return found is not None and is_loopback(found["host"].strip("[]"))


def _refused(status: int, error: str) -> Response:
    return Response.json(status, {"error": error})
