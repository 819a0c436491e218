"""Spans that are kept in memory, and what tests ask of them."""

from collections.abc import Sequence
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Sampler

from runtime.tracing.open_telemetry import OpenTelemetry


class KeptSpans:
    """Records spans and keeps those that have ended."""

    def __init__(self, sampler: Sampler | None = None) -> None:
        provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        self._exporter = InMemorySpanExporter()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracing = OpenTelemetry(provider, "tests")

    @property
    def ended(self) -> Sequence[ReadableSpan]:
        """In the order of their ends."""
        return self._exporter.get_finished_spans()

    def named(self, name: str) -> ReadableSpan:
        """The only one of this name."""
        [found] = [span for span in self.ended if span.name == name]
        return found


def facts(span: ReadableSpan) -> dict[str, Any]:
    """Its kind, status and attributes, in one mapping."""
    return {"kind": span.kind.name, "status": span.status.status_code.name, **dict(span.attributes or {})}


def traceparent(span: ReadableSpan) -> str:
    """The header that names it."""
    context = span.get_span_context()
    assert context is not None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def parent(span: ReadableSpan) -> str:
    """The id of the step before it, in hex; empty if it is the first of its trace."""
    return f"{span.parent.span_id:016x}" if span.parent else ""
