"""The intake: a registry's POSTs in, 200 only when all in-sync replicas, or the spool, have all of its events.

Any 4xx makes a registry send the same body for ever, so a body is refused only when it is
no envelope; and never with a 3xx, which a registry takes for success.
"""

from typing import Final

import structlog

from producer.intake.acceptance import Acceptance
from producer.intake.body_budget import BodyBudget, BodyTooLargeError, BodyTooSlowError, HeldBody, NoRoomError
from producer.intake.entrances import Entrances
from producer.intake.metrics import BridgeMetrics
from producer.intake.proofs import Signatures
from producer.intake.refusal_log import RefusalLog
from producer.intake.refusals import RefusedError
from producer.intake.source_log import SourceLog
from runtime.clock import Clock
from runtime.config.settings import IntakeSettings
from runtime.http.asgi import Request, Response, Route
from runtime.http.unreadable import Unreadable
from runtime.side_threads import beside
from runtime.units import format_size
from schemas.names import LABEL

_log: Final = structlog.get_logger(__name__)

_QUICKLY_SIGNED_BYTES: Final = 256 * 1024
"""Of a body whose signature is checked on the event loop, in about a millisecond."""

_MISDIRECTED: Final = frozenset({400, 401, 415})
"""Refusals of what was perhaps meant for another path."""


class Intake:
    """The POST route of the bridge; it also logs and counts what the server cannot route or read."""

    def __init__(self, settings: IntakeSettings, acceptance: Acceptance, metrics: BridgeMetrics, clock: Clock) -> None:
        """An intake that takes in events.

        Args:
            settings: of the intake.
            acceptance: what becomes of the envelopes.
            metrics: of the bridge.
            clock: tells the time of signatures.
        """
        self._clock = clock
        self._sources = SourceLog(metrics)
        self._settings = settings
        self._acceptance = acceptance
        self._metrics = metrics
        self._refusals = RefusalLog()
        self._path = settings.path
        self._base = settings.path.rstrip("/") + "/"
        self.admit_by(settings)
        self._budget = BodyBudget(settings.max_body_bytes)

    def admit_by(self, settings: IntakeSettings) -> None:
        """Ask POSTs for what these settings say from now on, and take what their sources send."""
        self._entrances = Entrances(settings, self._clock)
        self._sources.known(settings.sources)

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
            url_path=request.path.partition("?")[0],  # %3F in its place: a token behind it is still one
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
            self._refusals.refused(refused, request, self._hint(refused, request, is_of_log=True))
            return refused.response(self._hint(refused, request, is_of_log=False))

    def _hint(self, refused: RefusedError, request: Request, *, is_of_log: bool) -> str:
        """That the path is no source's; who is not let in learns nothing of sources."""
        if refused.status not in _MISDIRECTED or (refused.status == 401 and not is_of_log):
            return ""
        return self._entrances.no_source(self._label(request.path), is_told_names=is_of_log)

    async def _accept(self, request: Request) -> Response:
        label = self._label(request.path)
        entrance = self._entrances.of(label)
        facts = entrance.admitted(request, label)
        with self._budget.hold() as body:
            content = [await self._read(body, request)]
            if entrance.signatures is not None:
                await _check(entrance.signatures, request, content[0])
            accepted = await self._acceptance.accept(content, facts)
        if facts.source is not None:
            self._sources.came(facts.source, accepted.kinds)
        return Response.json(200, {"accepted": accepted.events})

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


async def _check(signatures: Signatures, request: Request, body: bytes) -> None:
    """Check a signature; that of a large body, which takes long, beside the event loop."""
    if len(body) <= _QUICKLY_SIGNED_BYTES:
        signatures.check(request, body)
    else:
        await beside(signatures.check, request, body)
