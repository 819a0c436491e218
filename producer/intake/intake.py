"""The intake: a registry's POSTs in, 200 only when all in-sync replicas, or the spool, have all of its events.

Any 4xx makes a registry send the same body for ever, so a body is refused only when it is
no envelope; and never with a 3xx, which a registry takes for success.
"""

import asyncio
import hmac
from collections.abc import AsyncIterator, Sequence
from typing import Final, Protocol

import structlog

from producer.event_record import record_of
from producer.intake.metrics import BridgeMetrics
from producer.intake.refusals import RefusedError, refuse
from producer.preparation import NotPreparedError
from producer.spool.errors import SpoolRefusedError
from runtime.clock import Clock
from runtime.config.settings import IntakeSettings
from runtime.http.asgi import Request, Response, Route
from runtime.http.unreadable import Unreadable
from runtime.kafka.errors import KafkaRefusedError, KafkaUnavailableError
from runtime.kafka.records import OutgoingRecord
from schemas.envelope import EnvelopeError, read_envelope
from schemas.event import Event
from schemas.headers import is_traceparent
from schemas.names import LABEL
from schemas.wire import ENVELOPE_MEDIA_TYPES, is_envelope_type

_log: Final = structlog.get_logger(__name__)

_BODIES_IN_MEMORY: Final = 16
"""How many bodies of the largest size may be held at once; beyond that a registry is asked to come again."""

_BODY_LIMIT_S: Final = 60.0
_PLAIN: Final = "identity"
"""The Content-Encoding of a body that is as it is (RFC 9110 section 8.4)."""
_SMALL_BYTES: Final = 256 * 1024
"""Larger bodies are read on a thread: one with millions of events takes seconds, and others must not wait for it."""


class EventsTopic(Protocol):
    """The topic that the events go to, once it is prepared."""

    def schema_id(self) -> int:
        """The id that values are framed with.

        Raises:
            NotPreparedError: nothing can be taken yet.
        """
        ...

    async def write(self, records: Sequence[OutgoingRecord]) -> None:
        """Return once the records are acknowledged, or in the spool.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: they are not.
            SpoolRefusedError: the spool does not take them either.
        """


class Intake:
    """The POST route of the bridge; it also logs and counts what the server cannot route or read."""

    def __init__(
        self,
        settings: IntakeSettings,
        *,
        topic: str,
        events: EventsTopic,
        metrics: BridgeMetrics,
        clock: Clock,
    ) -> None:
        """An intake that takes in events.

        Args:
            settings: of the intake.
            topic: the name of the events topic.
            events: the topic itself.
            metrics: of the bridge.
            clock: stamps the records.
        """
        self._settings = settings
        self._topic = topic
        self._events = events
        self._metrics = metrics
        self._clock = clock
        self._tokens = tuple(secret.reveal().strip(" \t").encode() for secret in settings.authorization)
        self._budget = _BODIES_IN_MEMORY * settings.max_body_bytes

    def route(self) -> Route:
        """POST of the path itself or of one label below it."""
        return Route(("POST",), self._matches, self._post)

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
        return path == self._settings.path or self._label(path) != ""

    def _label(self, path: str) -> str:
        """NAME of `{path}/NAME`, or empty."""
        base = self._settings.path.rstrip("/") + "/"
        name = path.removeprefix(base) if path.startswith(base) else ""
        return name if LABEL.fullmatch(name) else ""

    async def _post(self, request: Request) -> Response:
        try:
            return await self._accept(request)
        except RefusedError as refused:
            self._metrics.refused(refused.reason)
            return refused.response(request)

    async def _accept(self, request: Request) -> Response:
        content_type = await self._admitted(request)
        body = await self._read(request)
        try:
            if len(body) > _SMALL_BYTES:
                events = await asyncio.to_thread(self._events_of, body, content_type, request)
            else:
                events = self._events_of(body, content_type, request)
        finally:
            self._budget += len(body)
        await self._keep(events, request)
        return Response.json(200, {"accepted": len(events)})

    def _events_of(self, body: bytes, content_type: str, request: Request) -> list[Event]:
        try:
            return read_envelope(body, content_type=content_type, registry=self._label(request.path))
        except EnvelopeError as error:
            raise RefusedError(400, "malformed", error.reason, path=error.path) from None

    async def _admitted(self, request: Request) -> str:
        """The request's Content-Type, if its headers are in order."""
        if self._tokens and not self._authorized(request.header(b"authorization") or ""):
            raise await refuse(
                request.chunks(), 401, "unauthorized", "the Authorization header is not the configured one"
            )
        content_type = request.header(b"content-type") or ""
        if not is_envelope_type(content_type):
            shown = f"Content-Type {content_type!r} is not one of {', '.join(ENVELOPE_MEDIA_TYPES)}"
            raise await refuse(request.chunks(), 415, "content-type", shown)
        coding = request.header(b"content-encoding") or _PLAIN
        if coding.strip().lower() != _PLAIN:
            shown = f"Content-Encoding {coding!r} is not accepted; registries send their envelopes as plain JSON"
            raise await refuse(request.chunks(), 415, "content-encoding", shown)
        return content_type

    def _authorized(self, given: str) -> bool:
        return any([hmac.compare_digest(given.encode("latin-1"), token) for token in self._tokens])  # noqa: C419 - all, so that time tells nothing

    async def _read(self, request: Request) -> bytes:
        """The body, charged to the budget until its events are made."""
        pieces: list[bytes] = []
        chunks, size = request.chunks(), 0
        try:
            async with asyncio.timeout(_BODY_LIMIT_S):
                async for piece in chunks:
                    await self._charge(chunks, piece, size + len(piece))
                    size += len(piece)
                    pieces.append(piece)
        except TimeoutError:
            self._budget += size
            raise RefusedError(408, "slow", f"the body did not arrive within {_BODY_LIMIT_S:g} s") from None
        except BaseException:
            self._budget += size
            raise
        return b"".join(pieces)

    async def _charge(self, chunks: AsyncIterator[bytes], piece: bytes, size: int) -> None:
        if size > self._settings.max_body_bytes:
            allowed = f"larger than intake.max_body ({self._settings.max_body_bytes} bytes)"
            raise await refuse(chunks, 413, "too-large", allowed, read_bytes=size)
        if len(piece) > self._budget:
            raise await refuse(chunks, 503, "busy", "too many large bodies at once")
        self._budget -= len(piece)

    async def _keep(self, events: list[Event], request: Request) -> None:
        traceparent = request.header(b"traceparent") or ""
        traceparent = traceparent if is_traceparent(traceparent) else ""
        now = int(self._clock.wall() * 1000)
        try:
            schema_id = self._events.schema_id()
        except NotPreparedError as error:
            raise RefusedError(503, "not-ready", str(error)) from error
        records = [
            record_of(event, topic=self._topic, schema_id=schema_id, accepted_ms=now, traceparent=traceparent)
            for event in events
        ]
        try:
            with self._metrics.in_flight.track_inprogress(), self._metrics.ack_seconds.time():
                await self._events.write(records)
        except (KafkaUnavailableError, KafkaRefusedError) as error:
            raise RefusedError(503, "kafka", str(error)) from error
        except SpoolRefusedError as error:
            raise RefusedError(503, error.reason, str(error)) from error
        for event in events:
            self._metrics.accepted(event)
