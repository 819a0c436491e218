"""Spans by OpenTelemetry: the only file that knows it. Made as the OTEL_ variables of the environment say.

The SDK reads most of them itself: resource, sampler, limits, batches, the exporter's address and headers. Which
exporter, and that nothing is sent (`OTEL_SDK_DISABLED`, `OTEL_TRACES_EXPORTER=none`), is read here.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import entry_points
from typing import ClassVar, Final

import structlog
from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Link, Span, Status, StatusCode, get_current_span, set_span_in_context
from opentelemetry.trace import SpanKind as OTelKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from runtime.errors import BridgeError
from runtime.http.client import VERSION
from runtime.news import News
from runtime.side_threads import NotEndedError, beside_within
from runtime.tracing.spans import Attributes, OpenSpan, SpanKind
from schemas.trace_context import TraceContext, trace_context

_log: Final = structlog.get_logger(__name__)

_EXPORTER: Final = "OTEL_TRACES_EXPORTER"
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_OTLP: Final = {"http/protobuf": "otlp_proto_http", "grpc": "otlp_proto_grpc"}
"""Exporters by protocol; that of the extra is the first."""
_SCHEMA: Final = "https://opentelemetry.io/schemas/1.37.0"
"""Of the conventions that the attributes' names are from."""
_KINDS: Final[Mapping[SpanKind, OTelKind]] = {kind: OTelKind[kind.name] for kind in SpanKind}
_PROPAGATOR: Final = TraceContextTextMapPropagator()
_ROOT: Final = Context()


class ExporterSettingsError(BridgeError):
    """An OTEL_ variable names what is not to be had."""

    exit_code: ClassVar[int] = 2


class OpenTelemetry:
    """Records steps as spans of a provider: see `Tracing`."""

    def __init__(self, provider: TracerProvider, program: str) -> None:
        self._provider: Final = provider
        self._tracer: Final = provider.get_tracer(program, VERSION, schema_url=_SCHEMA)

    @contextmanager
    def span(
        self,
        name: str,
        kind: SpanKind,
        attributes: Attributes,
        *,
        parent: TraceContext | None = None,
        links: Sequence[TraceContext] = (),
    ) -> Iterator[OpenSpan]:
        """See `Tracing`."""
        with self._tracer.start_as_current_span(
            name,
            context=None if parent is None else _context_of(parent),
            kind=_KINDS[kind],
            attributes=attributes,
            links=[Link(get_current_span(_context_of(link)).get_span_context()) for link in links if link.traceparent],
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            step = _RecordedSpan(span)
            try:
                yield step
            except BaseException as error:
                step.fail(type(error).__name__)
                raise

    async def close(self, limit_s: float) -> None:
        """See `Tracing`; what an exporter does not take in this time is lost."""
        try:
            await beside_within(limit_s, self._provider.shutdown)
        except NotEndedError:
            _log.warning("tracing.not_sent", reason=f"the exporter has not ended within {limit_s:g} s")


class _RecordedSpan:
    def __init__(self, span: Span) -> None:
        self._span: Final = span

    @property
    def trace(self) -> TraceContext:
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, set_span_in_context(self._span, _ROOT))
        return trace_context(carrier.get("traceparent", ""), [carrier.get("tracestate", "")])

    def describe(self, attributes: Attributes) -> None:
        self._span.set_attributes(attributes)

    def fail(self, error_type: str, description: str = "") -> None:
        self._span.set_attribute("error.type", error_type)
        self._span.set_status(Status(StatusCode.ERROR, description or None))


class ToldExporter(SpanExporter):
    """Says once that spans are lost, and why the operator does not see them."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter: Final = exporter
        self._news: Final = News()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send; on a thread of the library."""
        result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS:
            self._news.settled("export")
        elif self._news.is_news("export", "failed"):
            _log.warning(
                "tracing.not_sent",
                reason="the exporter was not answered, or was refused; --log-level debug says more",
                consequence="spans are lost until it is; events are not",
            )
        return result

    def shutdown(self) -> None:
        """End the exporter."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what the exporter holds."""
        return self._exporter.force_flush(timeout_millis)


def open_telemetry(program: str) -> OpenTelemetry:
    """Records for the exporters that the environment names.

    Raises:
        ExporterSettingsError: see there.
    """
    named = Resource({SERVICE_NAME: program}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=Resource.create().merge(named))
    for exporter in exporters():
        provider.add_span_processor(BatchSpanProcessor(ToldExporter(exporter)))
    return OpenTelemetry(provider, program)


def exporters(environ: Mapping[str, str] = os.environ) -> list[SpanExporter]:
    """What the environment names, made.

    Raises:
        ExporterSettingsError: it names what is not to be had, or what the exporter refuses.
    """
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return []
    names = [name.strip() for name in (environ.get(_EXPORTER) or "otlp").split(",")]
    return [_exporter(name, environ) for name in names if name not in {"", "none"}]


def _exporter(name: str, environ: Mapping[str, str]) -> SpanExporter:
    given = next(filter(None, (environ.get(variable, "").strip() for variable in _PROTOCOLS)), "http/protobuf")
    if name == "otlp" and given not in _OTLP:
        raise ExporterSettingsError(f"{_PROTOCOLS[1]}: {given!r} is not one of {', '.join(_OTLP)}")
    wanted = _OTLP[given] if name == "otlp" else name
    found = next(iter(entry_points(group="opentelemetry_traces_exporter", name=wanted)), None)
    if found is None:
        package = f"; install opentelemetry-exporter-{wanted.replace('_', '-')}" if name == "otlp" else ""
        raise ExporterSettingsError(f"{_EXPORTER}: no exporter {wanted!r} is installed{package}")
    make: Callable[[], SpanExporter] = found.load()
    try:
        return make()
    except Exception as error:
        raise ExporterSettingsError(f"{_EXPORTER}: {name} refuses its OTEL_ variables: {error}") from error


def _context_of(trace: TraceContext) -> Context:
    carrier = {"traceparent": trace.traceparent, "tracestate": trace.tracestate}
    return _PROPAGATOR.extract(carrier, _ROOT) if trace.traceparent else _ROOT
