"""Spans by the library: what goes on from a step, and what the environment names."""

import asyncio
from collections.abc import Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from structlog.testing import capture_logs

from runtime.config.settings import TracingSettings
from runtime.tracing.open_telemetry import ExporterSettingsError, OpenTelemetry, ToldExporter, exporters
from runtime.tracing.opening import require_tracing, tracing_of
from runtime.tracing.spans import SpanKind
from schemas.trace_context import NO_TRACE, TraceContext
from tests.kit.spans import KeptSpans, facts, parent, traceparent

GRPC = "opentelemetry-exporter-otlp-proto-grpc"
BEFORE = TraceContext("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "rojo=1,us=2")


def test_a_step_goes_on_from_another_and_is_gone_on_from() -> None:
    """Trace and state stay, the step's own id is new; a step within another goes on from that."""
    kept = KeptSpans()
    with kept.tracing.span("outer", SpanKind.SERVER, {}, parent=BEFORE) as outer:
        assert outer.trace.tracestate == BEFORE.tracestate
        with kept.tracing.span("inner", SpanKind.PRODUCER, {"n": 1}) as inner:
            inner.describe({"m": "x"})
        with kept.tracing.span("apart", SpanKind.CONSUMER, {}, parent=NO_TRACE, links=[BEFORE, NO_TRACE]):
            pass
    assert outer.trace.traceparent == traceparent(kept.named("outer"))
    assert outer.trace.traceparent.split("-")[1] == BEFORE.traceparent.split("-")[1]
    assert parent(kept.named("outer")) == BEFORE.traceparent.split("-")[2]
    assert parent(kept.named("inner")) == outer.trace.traceparent.split("-")[2]
    assert facts(kept.named("inner")) == {"kind": "PRODUCER", "status": "UNSET", "n": 1, "m": "x"}
    assert parent(kept.named("apart")) == ""
    [link] = kept.named("apart").links
    assert f"{link.context.span_id:016x}" == BEFORE.traceparent.split("-")[2]


def test_what_is_not_sampled_is_gone_on_from_all_the_same() -> None:
    """Its flag says so to the next."""
    kept = KeptSpans(ALWAYS_OFF)
    with kept.tracing.span("one", SpanKind.SERVER, {}, parent=BEFORE) as one:
        assert one.trace.traceparent.endswith("-00")
        assert one.trace.tracestate == BEFORE.tracestate
    assert kept.ended == ()


def test_an_exception_fails_its_step() -> None:
    """By its type; it goes on."""
    kept = KeptSpans()
    with pytest.raises(ZeroDivisionError), kept.tracing.span("one", SpanKind.CLIENT, {}):
        raise ZeroDivisionError
    assert facts(kept.named("one")) == {"kind": "CLIENT", "status": "ERROR", "error.type": "ZeroDivisionError"}


class _Refusing(SpanExporter):
    def __init__(self, *results: SpanExportResult) -> None:
        self._results = list(results)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._results.pop(0)


def test_spans_that_are_lost_are_told_once() -> None:
    """Until it goes well again."""
    failed, well = SpanExportResult.FAILURE, SpanExportResult.SUCCESS
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(ToldExporter(_Refusing(failed, failed, well, failed))))
    tracing = OpenTelemetry(provider, "tests")
    told = []
    for _ in range(4):
        with capture_logs() as lines, tracing.span("one", SpanKind.CLIENT, {}):
            pass
        told.append([line["event"] for line in lines])
    assert told == [["tracing.not_sent"], [], [], ["tracing.not_sent"]]


@pytest.mark.parametrize(
    ("environment", "kinds"),
    [
        ({}, ["OTLPSpanExporter"]),
        ({"OTEL_TRACES_EXPORTER": "otlp, console"}, ["OTLPSpanExporter", "ConsoleSpanExporter"]),
        ({"OTEL_TRACES_EXPORTER": "none"}, []),
        ({"OTEL_TRACES_EXPORTER": "", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, ["OTLPSpanExporter"]),
        ({"OTEL_SDK_DISABLED": "True"}, []),
    ],
)
def test_the_environment_names_the_exporters(environment: dict[str, str], kinds: list[str]) -> None:
    """By the usual variables; OTLP over HTTP without any."""
    assert kinds == [type(one).__name__ for one in exporters(environment)]


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER: no exporter 'zipkin' is installed"),
        (
            {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            f"OTEL_TRACES_EXPORTER: no exporter 'otlp_proto_grpc' is installed; install {GRPC}",
        ),
        (
            {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "smoke"},
            "OTEL_EXPORTER_OTLP_PROTOCOL: 'smoke' is not one of http/protobuf, grpc",
        ),
    ],
)
def test_an_exporter_that_is_not_to_be_had(environment: dict[str, str], says: str) -> None:
    """Is refused at the start, and says which variable named it."""
    with pytest.raises(ExporterSettingsError) as error:
        exporters(environment)
    assert str(error.value) == says
    assert error.value.exit_code == 2


def test_without_the_setting_nothing_is_recorded() -> None:
    """Whatever the environment says."""
    require_tracing(TracingSettings())
    assert tracing_of(TracingSettings(), program="tests") is None


def test_an_exporter_that_does_not_end_keeps_nobody() -> None:
    """What it has not taken in time is lost, and that is told."""
    released = asyncio.Event()

    class Stuck(ConsoleSpanExporter):
        def shutdown(self) -> None:
            asyncio.run(asyncio.wait_for(released.wait(), 3.0))

    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(Stuck()))
    with capture_logs() as lines:
        asyncio.run(OpenTelemetry(provider, "tests").close(0.01))
    assert [line["event"] for line in lines] == ["tracing.not_sent"]
