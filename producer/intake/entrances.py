"""Who may POST what to which path: an entrance for each source, and one for all other registries."""

from collections.abc import Mapping, Sequence
from typing import Final

from producer.intake.proofs import HeadProofs, signatures_of
from producer.intake.refusals import RefusedError
from producer.sources.contents import PostFacts
from producer.sources.formats import FORMATS
from runtime.clock import Clock
from runtime.config.settings import IntakeSettings
from runtime.config.source_settings import ENVELOPE_FORMATS, SourceSettings
from runtime.http.asgi import Request
from schemas.trace_context import NO_TRACE, TraceContext, trace_context
from schemas.wire import ENVELOPE_MEDIA_TYPES, media_type

_PLAIN: Final = "identity"
"""The Content-Encoding of a body that is as it is (RFC 9110 section 8.4)."""
_ALL: Final = "*"
"""At the end of a header's name: all that begin so."""


class Entrance:
    """What one sender, or all that are no source, must show, and may send."""

    def __init__(self, intake: IntakeSettings, source: SourceSettings | None, clock: Clock) -> None:
        """For POSTs to the source's name, or to any other.

        Args:
            intake: the settings of the intake.
            source: None for all other names.
            clock: tells the time of signatures.
        """
        asked = source.authorization if source else intake.authorization
        self._proofs: Final = HeadProofs(asked, source.token if source else ())
        self.signatures: Final = signatures_of(source.hmac if source else None, clock)
        """None: none is asked for."""
        self._source: Final = source
        self._media_types: Final = _media_types(source)
        self._kept: Final = _kept_headers(source)
        self._max_record_bytes: Final = intake.max_event_bytes

    def admitted(self, request: Request, label: str) -> PostFacts:
        """What is known of the request, if its head is in order: else it is refused, whatever its body is."""
        self._proofs.check(request)
        content_type = request.header(b"content-type") or ""
        if media_type(content_type) not in self._media_types:
            shown = f"Content-Type {content_type!r} is not one of {', '.join(self._media_types)}"
            raise RefusedError(415, "content-type", shown)
        coding = request.header(b"content-encoding") or _PLAIN
        if coding.strip().lower() != _PLAIN:
            shown = f"Content-Encoding {coding!r} is not accepted; registries send their events as plain JSON"
            raise RefusedError(415, "content-encoding", shown)
        return PostFacts(
            content_type=content_type,
            registry=self._source.registry if self._source else label,
            trace=trace_of_request(request),
            source=self._source,
            headers=self._headers(request) if self._kept else {},
            max_record_bytes=self._max_record_bytes,
        )

    def _headers(self, request: Request) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for key, value in request.scope["headers"]:
            name = bytes(key).decode("latin-1").lower()
            if self._is_kept(name):
                found.setdefault(name, bytes(value).strip(b" \t").decode("latin-1"))
        return found

    def _is_kept(self, name: str) -> bool:
        return any(
            name.startswith(kept.removesuffix(_ALL)) if kept.endswith(_ALL) else name == kept for kept in self._kept
        ) and not (self._source and self._source.hmac and name == self._source.hmac.header)


class Entrances:
    """All entrances of an intake."""

    def __init__(self, settings: IntakeSettings, clock: Clock) -> None:
        """Those of these settings."""
        self._others: Final = Entrance(settings, None, clock)
        self._of_sources: Final = {source.name: Entrance(settings, source, clock) for source in settings.sources}

    def no_source(self, label: str, *, is_told_names: bool) -> str:
        """Why a NAME that no source has takes envelopes alone; empty if a source has it, or there are none.

        Args:
            label: the path's NAME.
            is_told_names: whether the reader may learn what the sources are called.
        """
        if not label or not self._of_sources or label in self._of_sources:
            return ""
        names = f" (sources: {', '.join(self._of_sources)})" if is_told_names else ""
        return f"no source is named {label}{names}, so an envelope of a distribution registry is expected"

    def of(self, label: str) -> Entrance:
        """The entrance of a path's NAME, which may be empty."""
        return self._of_sources.get(label, self._others)


def trace_of_request(request: Request) -> TraceContext:
    """The place in a trace that a registry names: few do, so the rest is not looked for."""
    traceparent = request.header(b"traceparent")
    return trace_context(traceparent, request.header_lines(b"tracestate")) if traceparent else NO_TRACE


def _media_types(source: SourceSettings | None) -> Sequence[str]:
    if source is None or source.format in ENVELOPE_FORMATS:
        return ENVELOPE_MEDIA_TYPES
    return FORMATS[source.format].media_types


def _kept_headers(source: SourceSettings | None) -> Sequence[str]:
    return () if source is None or source.format in ENVELOPE_FORMATS else FORMATS[source.format].kept_headers
