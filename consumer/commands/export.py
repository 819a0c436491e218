"""`registry-worker export`."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from consumer.analytics.extra import how_to_install_iceberg
from consumer.analytics.files import FORMATS
from consumer.analytics.formats import warn_of_slow_decoding
from consumer.analytics.iceberg.options import TableOptions
from consumer.analytics.objects.address import AddressError, StorageAddress, read_address
from consumer.analytics.objects.lease import LEASE_S
from consumer.analytics.objects.lock_record import LONGEST_LEASE_S
from consumer.analytics.partition_files import ExportTarget
from consumer.commands.exporting import LogExport, finished, say_filled
from consumer.commands.options import PlaceType
from consumer.commands.storage import storage_at
from consumer.places import Place
from runtime.cli.options import DurationType, common_options
from runtime.config import End, Settings
from runtime.extras import ExtraMissingError

if TYPE_CHECKING:
    from consumer.analytics.iceberg.table_export import TableExport

_FOLLOWING_ROLL_S: Final = 3600.0
_ICEBERG: Final = "iceberg"
_TABLE: Final = "registry.events"
_FROM: Final = (
    "Where a partition begins that has not been exported: "
    "beginning, end, a time, -24h, PARTITION:OFFSET[,...]. [beginning]"
)
_OUTPUT: Final = (
    "Directory for the files, or s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX; with iceberg, the "
    "warehouse of a new table, a directory or a URL of pyiceberg."
)
_LEASE: Final = "In object storage: for how long another run waits before it takes this one for dead. [30s]"
_SHORTEST_LEASE_S: Final = 1.0
_ROLL: Final = "Start a new file, or a snapshot, after this long. [1h with --follow]"


@click.command(
    "export",
    short_help="Write the log to files, a bucket or a table.",
    epilog="Example: registry-worker export --output events --format parquet --from -24h",
)
@common_options
@click.option("--output", metavar="DIR|URL", help=_OUTPUT)
@click.option("--format", "format_name", type=click.Choice((*FORMATS, _ICEBERG)), required=True, help="Format.")
@click.option("--catalog", metavar="NAME[=URI]", help="Catalog of the Iceberg table.")
@click.option("--table", metavar="NAMESPACE.TABLE", help=f"Iceberg table. [{_TABLE}]")
@click.option("--compact", is_flag=True, help="Then make few large files of the many small ones of a day (iceberg).")
@click.option("--expire", type=DurationType(), metavar="AGE", help="Then remove older snapshots (iceberg).")
@click.option("--attempts", is_flag=True, help="Write the topic of attempts instead (worker.attempts); only Parquet.")
@click.option("--from", "from_", type=PlaceType(), help=_FROM)
@click.option("--to", type=PlaceType(), help="Up to this place, which is excluded. [end]")
@click.option("--follow", is_flag=True, help="Then export new records as they come in, until Ctrl-C.")
@click.option("--roll", type=DurationType(), metavar="D", help=_ROLL)
@click.option("--lease", type=DurationType(), default=LEASE_S, metavar="D", help=_LEASE)
def export_command(
    *,
    settings: Settings,
    output: str | None,
    format_name: str,
    catalog: str | None,
    table: str | None,
    compact: bool,
    expire: float | None,
    attempts: bool,
    from_: Place | None,
    to: Place | None,
    follow: bool,
    roll: float | None,
    lease: float,
) -> int:
    """Write the log to Parquet, Avro or NDJSON files, or to an Iceberg table.

    A file appears when it is complete. Run it again to continue where the last export ended: each record is written
    once. The files are OUTPUT/accepted_date=YYYY-MM-DD/TOPIC-PARTITION-FIRST-LAST.FORMAT, with their first and last
    offset. Each snapshot of a table says which offsets it holds.
    """
    if follow and to is not None:
        raise click.UsageError("--follow cannot be combined with --to")
    if not _SHORTEST_LEASE_S <= lease <= LONGEST_LEASE_S:
        raise click.UsageError("--lease must be between 1s and 1d")
    export = LogExport(settings, attempts=_topic_of_attempts(settings, format_name) if attempts else None)
    roll_s = _FOLLOWING_ROLL_S if follow and roll is None else roll
    if format_name == _ICEBERG:
        options = TableOptions(_catalog(catalog), _table(table), output, roll_s, compact, expire)
        table_export = _table_export(export, options)
        plan = table_export.plan(from_, to or End())
        say_filled(plan)
        return finished(table_export.run(plan, follow=follow), f"table {options.table}", follow=follow)
    if catalog is not None or table is not None or compact or expire is not None:
        raise click.UsageError(f"--catalog, --table, --compact and --expire go with --format {_ICEBERG} only")
    if output is None:
        raise click.UsageError("--output is missing: the directory for the files")
    place = _place(output)
    opened = export.format_named(format_name)
    with storage_at(place, lease).held() as storage:
        wanted = ExportTarget(storage, export.topic, format_name, opened, roll_s)
        files, plan = export.planned(wanted, from_, to or End())
        say_filled(plan)
        summary = export.run(files, plan, follow=follow)
    return finished(summary, str(place), follow=follow)


def _place(output: str) -> Path | StorageAddress:
    try:
        return read_address(output)
    except AddressError as error:
        raise click.BadParameter(str(error), param_hint="'--output'") from None


def _catalog(catalog: str | None) -> str:
    if catalog is None:
        raise click.UsageError(f"--format {_ICEBERG} needs --catalog NAME or NAME=URI")
    return catalog


def _table(table: str | None) -> str:
    namespace, _, name = (table or _TABLE).rpartition(".")
    if not namespace or not name:
        raise click.UsageError(f"--table {table}: write NAMESPACE.TABLE, such as {_TABLE}")
    return f"{namespace}.{name}"


class _StandardError:
    """Shows lines beside the result."""

    def say(self, line: str) -> None:
        """Show it."""
        click.echo(line, err=True)


def _table_export(export: LogExport, options: TableOptions) -> "TableExport":
    try:
        from consumer.analytics.iceberg.table_export import TableExport  # noqa: PLC0415 - only this format needs its packages
    except ModuleNotFoundError as error:
        needs = f"--format {_ICEBERG} needs {error.name}, which is not installed"
        raise ExtraMissingError(f"{needs}: {how_to_install_iceberg()}") from error
    warn_of_slow_decoding()
    return TableExport(export, options, _StandardError())


def _topic_of_attempts(settings: Settings, format_name: str) -> str:
    if settings.worker.attempts is None:
        raise click.UsageError("--attempts: the configuration has no worker.attempts")
    if format_name != "parquet":
        raise click.UsageError("--attempts takes --format parquet only")
    return settings.worker.attempts.topic
