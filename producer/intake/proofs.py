"""How a sender proves itself: by its Authorization header, by a token in the URL, by a signature of the body.

All that are asked for must hold. Every comparison takes the same time whatever is given, and no proof is ever named in
what is answered or logged.
"""

import hmac
from collections.abc import Sequence
from typing import Final, Protocol

from producer.intake.refusals import RefusedError
from runtime import standard_webhooks
from runtime.clock import Clock
from runtime.config.secrets import Secret
from runtime.config.source_settings import HMACSettings
from runtime.http.asgi import Request

_TOKEN: Final = "token"  # noqa: S105 - the parameter's name
_PREFIX: Final = "sha256="


class Signatures(Protocol):
    """Checks the signature of a body."""

    def check(self, request: Request, body: bytes) -> None:
        """Return if the body is signed.

        Raises:
            RefusedError: it is not.
        """
        ...


class HeadProofs:
    """What the head of a request must have."""

    def __init__(self, authorization: Sequence[Secret], token: Sequence[Secret] = ()) -> None:
        """One of each must be given; of an empty list none is asked for."""
        self._authorization: Final = [secret.reveal().strip(" \t").encode() for secret in authorization]
        self._tokens: Final = [secret.reveal().encode() for secret in token]

    def check(self, request: Request) -> None:
        """Return if the request has them.

        Raises:
            RefusedError: it has not.
        """
        if self._authorization:
            given = request.header(b"authorization")
            if given is None:
                raise unauthorized("the Authorization header is missing")
            if not _is_one_of(given.encode("latin-1"), self._authorization):
                raise unauthorized("the Authorization header is not the configured one")
        if self._tokens:
            token = request.query.get(_TOKEN)
            if token is None:
                raise unauthorized("the parameter token of the URL's query is missing")
            if not _is_one_of(_as_typed(token).encode(), self._tokens):
                raise unauthorized("the parameter token of the URL's query is not the configured one")


class HeaderSignatures:
    """A header has the HMAC-SHA-256 of the body in hexadecimal digits, with or without `sha256=` before them."""

    def __init__(self, header: str, secrets: Sequence[Secret]) -> None:
        """One of the secrets must fit."""
        self._header: Final = header
        self._name: Final = header.encode()
        self._keys: Final = [secret.reveal().encode() for secret in secrets]

    def check(self, request: Request, body: bytes) -> None:
        """See `Signatures`."""
        given = request.header(self._name)
        if given is None:
            raise unauthorized(f"the header {self._header} is missing; the body must be signed")
        digits = given.removeprefix(_PREFIX).strip().lower().encode("latin-1")
        if not _is_one_of(digits, [hmac.digest(key, body, "sha256").hex().encode() for key in self._keys]):
            raise unauthorized(f"the header {self._header} is not the signature of this body by the configured secret")


class StandardWebhooks:
    """Standard Webhooks: signed are id, time and body."""

    def __init__(self, secrets: Sequence[Secret], clock: Clock) -> None:
        """One of the secrets must fit; the time is told by this clock."""
        self._keys: Final = [standard_webhooks.key_of(secret.reveal()) for secret in secrets]
        self._clock: Final = clock

    def check(self, request: Request, body: bytes) -> None:
        """See `Signatures`."""
        names = (standard_webhooks.ID, standard_webhooks.TIMESTAMP, standard_webhooks.SIGNATURE)
        given = [request.header(name.encode()) for name in names]
        for name, value in zip(names, given, strict=True):
            if not value:
                raise unauthorized(f"the header {name} is missing; the body must be signed")
        sent_id, timestamp, signatures = (value or "" for value in given)
        if fault := standard_webhooks.time_fault(timestamp, self._clock.wall()):
            raise unauthorized(fault)
        if not standard_webhooks.is_signed(self._keys, (sent_id, timestamp), signatures, body):
            shown = f"the header {standard_webhooks.SIGNATURE} has no signature of this body by the configured secret"
            raise unauthorized(shown)


def signatures_of(settings: HMACSettings | None, clock: Clock) -> Signatures | None:
    """What checks the signatures that these settings ask for."""
    if settings is None:
        return None
    if settings.scheme == "standard-webhooks":
        return StandardWebhooks(settings.secret, clock)
    return HeaderSignatures(settings.header, settings.secret)


def unauthorized(message: str) -> RefusedError:
    """The refusal of a POST that does not prove itself."""
    return RefusedError(401, "unauthorized", message)


def _as_typed(token: str) -> str:
    """With `+` as in the URL: only in a query a space is written so, and no token has one."""
    return token.replace(" ", "+")


def _is_one_of(given: bytes, known: Sequence[bytes]) -> bool:
    return any([hmac.compare_digest(given, one) for one in known])  # noqa: C419 - all, so that time tells nothing
