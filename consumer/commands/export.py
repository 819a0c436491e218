"""`registry-worker export`."""

from pathlib import Path
from typing import Final

import click

from consumer.analytics.files import FORMATS
from consumer.analytics.objects.address import StorageAddress
from consumer.analytics.objects.lease import LEASE_S
from consumer.analytics.partition_files import ExportTarget
from consumer.analytics.plan import ExportPlan
from consumer.commands.exporting import LogExport
from consumer.commands.options import PlaceType
from consumer.commands.storage import StorageType, storage_at
from consumer.places import Place
from runtime.cli.options import DurationType, common_options
from runtime.config import End, Settings
from runtime.counts import counted

_FOLLOWING_ROLL_S: Final = 3600.0
_FROM: Final = (
    "Where a partition that has no file yet begins: beginning, end, a time, -24h, PARTITION:OFFSET[,...]. [beginning]"
)
_OUTPUT: Final = "Directory for the files, or s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX."
_LEASE: Final = "In object storage: for how long another run waits before it takes this one for dead. [30s]"
_SHORTEST_LEASE_S: Final = 1.0
_ROLL: Final = "Start a new file after this long. [1h with --follow]"


@click.command("export", epilog="Example: registry-worker export --output events --format parquet --from -24h")
@common_options
@click.option("--output", type=StorageType(), required=True, metavar="DIR|URL", help=_OUTPUT)
@click.option("--format", "format_name", type=click.Choice(FORMATS), required=True, help="Format of the files.")
@click.option("--attempts", is_flag=True, help="Write the topic of attempts instead (worker.attempts); only Parquet.")
@click.option("--from", "from_", type=PlaceType(), help=_FROM)
@click.option("--to", type=PlaceType(), help="Up to this place, which is excluded. [end]")
@click.option("--follow", is_flag=True, help="Then export new records as they come in, until Ctrl-C.")
@click.option("--roll", type=DurationType(), metavar="D", help=_ROLL)
@click.option("--lease", type=DurationType(), default=LEASE_S, metavar="D", help=_LEASE)
def export_command(
    *,
    settings: Settings,
    output: Path | StorageAddress,
    format_name: str,
    attempts: bool,
    from_: Place | None,
    to: Place | None,
    follow: bool,
    roll: float | None,
    lease: float,
) -> int:
    """Write the log to Parquet, Avro or NDJSON files.

    A file appears when it is complete. Run it again to continue where the files end: each record is written once. The
    files are OUTPUT/accepted_date=YYYY-MM-DD/TOPIC-PARTITION-FIRST-LAST.FORMAT, with their first and last offset.
    """
    if follow and to is not None:
        raise click.UsageError("--follow cannot be combined with --to")
    if lease < _SHORTEST_LEASE_S:
        raise click.UsageError("--lease must be 1s at least")
    export = LogExport(settings, attempts=_topic_of_attempts(settings, format_name) if attempts else None)
    opened = export.format_named(format_name)
    roll_s = _FOLLOWING_ROLL_S if follow and roll is None else roll
    with storage_at(output, lease).held() as storage:
        wanted = ExportTarget(storage, export.topic, format_name, opened, roll_s)
        files, plan = export.planned(wanted, from_, to or End())
        _say_filled(plan)
        summary = export.run(files, plan, follow=follow)
    click.echo(f"{counted(summary.records, 'record')} in {counted(summary.files, 'file')}")
    if summary.stopped and not follow:
        click.echo("stopped before the end; run it again to continue", err=True)
        return 1
    return 0


def _topic_of_attempts(settings: Settings, format_name: str) -> str:
    if settings.worker.attempts is None:
        raise click.UsageError("--attempts: the configuration has no worker.attempts")
    if format_name != "parquet":
        raise click.UsageError("--attempts takes --format parquet only")
    return settings.worker.attempts.topic


def _say_filled(plan: ExportPlan) -> None:
    if plan.filled:
        numbers = ", ".join(map(str, plan.filled))
        click.echo(
            f"partitions {numbers} continue where their files end, before --from, because files have no gaps", err=True
        )
