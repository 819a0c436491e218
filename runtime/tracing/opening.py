"""What `tracing.enabled` asks for, made; and whether it can be made, without making it."""

from importlib.util import find_spec
from typing import Final

from runtime.config.settings import TracingSettings
from runtime.extras import ExtraMissingError, how_to_install
from runtime.tracing.spans import Tracing

OTEL: Final = ("opentelemetry-sdk>=1.39", "opentelemetry-exporter-otlp-proto-http>=1.39")
"""The extra `otel`."""
_MODULES: Final = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http")


def require_tracing(settings: TracingSettings) -> None:
    """Return if what the settings and the environment ask for can be made.

    Raises:
        ExtraMissingError: the extra `otel` is not installed.
        ExporterSettingsError: an OTEL_ variable names what is not to be had.
    """
    if not settings.enabled:
        return
    if not all(map(_is_installed, _MODULES)):
        raise ExtraMissingError(
            f"tracing.enabled needs OpenTelemetry, which is not installed; {how_to_install('otel', OTEL)}"
        )
    from runtime.tracing.open_telemetry import exporters  # noqa: PLC0415 - an extra

    for exporter in exporters():
        exporter.shutdown()


def tracing_of(settings: TracingSettings, *, program: str) -> Tracing | None:
    """Records and sends spans from here on; None if the settings do not ask for it. Raises as `require_tracing`."""
    if not settings.enabled:
        return None
    require_tracing(settings)
    from runtime.tracing.open_telemetry import open_telemetry  # noqa: PLC0415 - an extra

    return open_telemetry(program)


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of a package around it
        return False
