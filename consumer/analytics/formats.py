"""The formats of an export, and their protocol; only Parquet needs the extra `analytics`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

import structlog

from consumer.analytics.extra import ANALYTICS, FAST, how_to_install
from consumer.log.record_batch import RecordBatch
from runtime.extras import ExtraMissingError

_log: Final = structlog.get_logger(__name__)

_RATES: Final = {"records_per_second": 16_000, "instead_of": 150_000}
"""Of one core, measured with small events (`make bench ARGS=export` measures the whole command)."""


class Rows(Protocol):
    """A file being written."""

    def write(self, batch: RecordBatch) -> None:
        """Take these records, in order.

        Raises:
            NewerSchemaError: one of a newer release; none of the batch is taken.
        """
        ...

    @property
    def size(self) -> int:
        """Bytes on the disk so far, roughly."""
        ...

    def close(self) -> None:
        """Write what is left, and close."""
        ...


class ExportFormat(Protocol):
    """Opens files of one format."""

    def __call__(self, path: Path, open_files: int) -> Rows:
        """A new file; `open_files` are written at the same time, and share the memory."""
        ...


def format_named(name: str) -> ExportFormat:
    """The format of this name.

    Raises:
        ExtraMissingError: it needs packages that are not installed.
    """
    if name == "avro":
        from consumer.analytics.avro_files import AvroRows  # noqa: PLC0415 - each format brings its own packages

        return AvroRows
    if name == "ndjson":
        from consumer.analytics.ndjson import NdjsonRows  # noqa: PLC0415

        return NdjsonRows
    with _packages_of_parquet():
        from consumer.analytics.parquet import ParquetRows  # noqa: PLC0415
    warn_of_slow_decoding()
    return ParquetRows


def warn_of_slow_decoding() -> None:
    """Say that the package that decodes in bulk is missing, if it is; pyarrow is there."""
    from consumer.analytics.arrow import decodes_in_bulk  # noqa: PLC0415

    if not decodes_in_bulk():
        _log.warning("export.decodes_slowly", missing="pyruhvro", **_RATES, install=how_to_install(FAST))


def attempts_format() -> ExportFormat:
    """Attempts in Parquet.

    Raises:
        ExtraMissingError: it needs packages that are not installed.
    """
    with _packages_of_parquet():
        from consumer.analytics.attempt_files import AttemptRows  # noqa: PLC0415
    return AttemptRows


@contextmanager
def _packages_of_parquet() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        needs = f"Parquet needs {error.name}, which is not installed"
        raise ExtraMissingError(f"{needs}: {how_to_install(ANALYTICS)}") from error
