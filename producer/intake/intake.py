"""The intake: a registry's POSTs in, 200 only when all in-sync replicas, or the spool, have all of its events.

Any 4xx makes a registry send the same body for ever, so a body is refused only when it is
no envelope; and never with a 3xx, which a registry takes for success.
"""

import hmac
from typing import Final

import structlog

from producer.intake.acceptance import Acceptance, EnvelopeFacts
from producer.intake.body_budget import BodyBudget, BodyTooLargeError, BodyTooSlowError, HeldBody, NoRoomError
from producer.intake.metrics import BridgeMetrics
from producer.intake.refusal_log import RefusalLog
from producer.intake.refusals import RefusedError
from runtime.config.settings import IntakeSettings
from runtime.http.asgi import Request, Response, Route
from runtime.http.unreadable import Unreadable
from runtime.units import format_size
from schemas.names import LABEL
from schemas.trace_context import NO_TRACE, TraceContext, trace_context
from schemas.wire import ENVELOPE_MEDIA_TYPES, is_envelope_type

_log: Final = structlog.get_logger(__name__)

_PLAIN: Final = "identity"
"""The Content-Encoding of a body that is as it is (RFC 9110 section 8.4)."""


class Intake:
    """The POST route of the bridge; it also logs and counts what the server cannot route or read."""

    def __init__(self, settings: IntakeSettings, acceptance: Acceptance, metrics: BridgeMetrics) -> None:
        """An intake that takes in events.

        Args:
            settings: of the intake.
            acceptance: what becomes of the envelopes.
            metrics: of the bridge.
        """
        self._settings = settings
        self._acceptance = acceptance
        self._metrics = metrics
        self._refusals = RefusalLog()
        self._path = settings.path
        self._base = settings.path.rstrip("/") + "/"
        self.admit_by(settings)
        self._budget = BodyBudget(settings.max_body_bytes)

    def admit_by(self, settings: IntakeSettings) -> None:
        """Ask POSTs for the authorization of these settings from now on."""
        self._tokens = tuple(secret.reveal().strip(" \t").encode() for secret in settings.authorization)

    async def run(self) -> None:
        """Log what is refused and repeats, until it is cancelled."""
        await self._refusals.run()

    def route(self) -> Route:
        """POST of the path itself or of one label below it."""
        return Route(("POST",), self._matches, self._post, (self._path, f"{self._base}{{registry}}"))

    def unrouted(self, request: Request, status: int) -> None:
        """A request that found no route here: a mistyped URL in a registry's configuration loses nothing, but waits."""
        reason = "method" if status == 405 else "path"
        self._metrics.refused(reason)
        base = self._settings.path.rstrip("/")
        _log.warning(
            "intake.refused",
            status=status,
            reason=reason,
            error=f"registries POST to {self._settings.path} or {base}/NAME, where NAME is 1 to 63 of a-z 0-9 . _ -",
            sender=request.sender,
            url_path=request.path,
            method=request.method,
        )

    def unreadable(self, refused: Unreadable) -> None:
        """What is no HTTP request: of a registry that is configured with https:// nothing else arrives here."""
        self._metrics.refused(refused.reason)
        _log.warning(
            "intake.refused",
            status=refused.status,
            reason=refused.reason,
            error=refused.error,
            sender=refused.sender,
        )

    def closed(self, reason: str) -> None:
        """A connection was closed without a request; the server logs it."""
        self._metrics.closed(reason)

    def _matches(self, path: str) -> bool:
        return path == self._path or self._label(path) != ""

    def _label(self, path: str) -> str:
        """NAME of `{path}/NAME`, or empty."""
        if not path.startswith(self._base):
            return ""
        name = path[len(self._base) :]
        return name if LABEL.fullmatch(name) else ""

    async def _post(self, request: Request) -> Response:
        try:
            return await self._accept(request)
        except RefusedError as refused:
            self._metrics.refused(refused.reason)
            self._refusals.refused(refused, request)
            return refused.response()

    async def _accept(self, request: Request) -> Response:
        content_type = self._admitted(request)
        facts = EnvelopeFacts(content_type, self._label(request.path), trace_of_request(request))
        with self._budget.hold() as body:
            accepted = await self._acceptance.accept([await self._read(body, request)], facts)
        return Response.json(200, {"accepted": accepted})

    def _admitted(self, request: Request) -> str:
        """The request's Content-Type, if its headers are in order: else it is refused, whatever its body is."""
        if self._tokens and not self._authorized(request.header(b"authorization") or ""):
            raise RefusedError(401, "unauthorized", "the Authorization header is not the configured one")
        content_type = request.header(b"content-type") or ""
        if not is_envelope_type(content_type):
            shown = f"Content-Type {content_type!r} is not one of {', '.join(ENVELOPE_MEDIA_TYPES)}"
            raise RefusedError(415, "content-type", shown)
        coding = request.header(b"content-encoding") or _PLAIN
        if coding.strip().lower() != _PLAIN:
            shown = f"Content-Encoding {coding!r} is not accepted; registries send their envelopes as plain JSON"
            raise RefusedError(415, "content-encoding", shown)
        return content_type

    def _authorized(self, given: str) -> bool:
        return any([hmac.compare_digest(given.encode("latin-1"), token) for token in self._tokens])  # noqa: C419 - all, so that time tells nothing

    async def _read(self, body: HeldBody, request: Request) -> bytes:
        length = int(request.header(b"content-length") or 0)
        if length > self._settings.max_body_bytes:
            raise self._too_large(length)
        try:
            return await body.read(request.chunks(), length or None)
        except BodyTooLargeError:
            raise self._too_large(None) from None
        except BodyTooSlowError as error:
            raise RefusedError(408, "slow", str(error)) from None
        except NoRoomError as error:
            raise RefusedError(503, "busy", str(error)) from None

    def _too_large(self, size: int | None) -> RefusedError:
        allowed = f"larger than intake.max_body ({format_size(self._settings.max_body_bytes)})"
        return RefusedError(413, "too-large", allowed, size=size)


def trace_of_request(request: Request) -> TraceContext:
    """The place in a trace that a registry names: few do, so the rest is not looked for."""
    traceparent = request.header(b"traceparent")
    return trace_context(traceparent, request.header_lines(b"tracestate")) if traceparent else NO_TRACE
