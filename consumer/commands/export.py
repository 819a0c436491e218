"""`registry-worker export`."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from consumer.analytics.export import Export, Summary
from consumer.analytics.files import FORMATS, covered_by, locked
from consumer.analytics.formats import format_named
from consumer.analytics.partition_files import Target
from consumer.analytics.plan import Plan, plan_of
from consumer.commands.options import PlaceType, admin_of
from consumer.log.batch_reader import BatchReader
from consumer.log.schema_ids import SchemaIds, schema_ids_of
from consumer.places import Place
from runtime.cli.options import DurationType, common_options
from runtime.cli.running import run_service
from runtime.clock import SystemClock
from runtime.config import End, Settings
from runtime.counts import counted
from runtime.kafka.topics import max_event_bytes

_CLIENT_ID: Final = "registry-worker-export"
_FOLLOWING_ROLL_S: Final = 3600.0
_FROM: Final = (
    "Where a partition that has no file yet begins: beginning, end, a time, -24h, PARTITION:OFFSET[,...]. [beginning]"
)
_ROLL: Final = "Start a new file after this long. [1h with --follow]"


@click.command("export", epilog="Example: registry-worker export --output events --format parquet --from -24h")
@common_options
@click.option(
    "--output", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Directory for the files."
)
@click.option("--format", "format_name", type=click.Choice(FORMATS), required=True, help="Format of the files.")
@click.option("--from", "from_", type=PlaceType(), help=_FROM)
@click.option("--to", type=PlaceType(), help="Up to this place, which is excluded. [end]")
@click.option("--follow", is_flag=True, help="Then export new records as they come in, until Ctrl-C.")
@click.option("--roll", type=DurationType(), metavar="D", help=_ROLL)
def export_command(
    *,
    settings: Settings,
    output: Path,
    format_name: str,
    from_: Place | None,
    to: Place | None,
    follow: bool,
    roll: float | None,
) -> int:
    """Write the log to Parquet, Avro or NDJSON files.

    A file appears when it is complete. Run it again to continue where the files end: each record is written once. The
    files are DIR/accepted_date=YYYY-MM-DD/TOPIC-PARTITION-FIRST-LAST.FORMAT, with their first and last offset.
    """
    if follow and to is not None:
        raise click.UsageError("--follow has no end; leave out --to")
    roll_s = _FOLLOWING_ROLL_S if follow and roll is None else roll
    target = Target(output, settings.topics.events, format_name, format_named(format_name), roll_s)
    with locked(output):
        covered = covered_by(output, target.topic, format_name)
        log = admin_of(settings, _CLIENT_ID)
        plan = plan_of(log, target.topic, covered, from_, to or End(), now=SystemClock().wall())
        _say_filled(plan)
        summary = _exported(settings, target, plan, follow=follow)
    click.echo(f"{counted(summary.records, 'record')} in {counted(summary.files, 'file')}")
    if summary.stopped and not follow:
        click.echo("stopped before the end; run it again to go on", err=True)
        return 1
    return 0


def _exported(settings: Settings, target: Target, plan: Plan, *, follow: bool) -> Summary:
    stop = threading.Event()
    with _bar(sum(map(len, plan.ranges.values()))) as bar:
        ids = schema_ids_of(settings, SystemClock(), program=_CLIENT_ID)
        export = Export(
            target,
            lambda: _reader(settings, ids),
            stop=stop,
            threads=max(1, min(4, os.cpu_count() or 1)),
            progress=bar.update,
        )

        def run() -> None:
            following = export.run(plan)
            if follow and not stop.is_set():
                export.follow(following, plan.known)

        async def service(stopping: asyncio.Event) -> int:
            return await _until_stopped(run, stop, stopping)

        try:
            run_service(service)
        finally:
            for gap in export.summary.gaps:
                click.echo(f"gap: {gap}", err=True)
    return export.summary


async def _until_stopped(run: Callable[[], None], stop: threading.Event, stopping: asyncio.Event) -> int:
    """Run it in a thread; a signal stops it in order."""

    async def tell() -> None:
        await stopping.wait()
        stop.set()

    telling = asyncio.create_task(tell())
    try:
        await asyncio.to_thread(run)
    finally:
        telling.cancel()
    return 0


def _reader(settings: Settings, ids: SchemaIds | None) -> BatchReader:
    return BatchReader(
        settings.kafka.revealed(),
        client_id=_CLIENT_ID,
        max_record_bytes=max_event_bytes(settings),
        fingerprints=ids,
    )


def _say_filled(plan: Plan) -> None:
    if plan.filled:
        numbers = ", ".join(map(str, plan.filled))
        click.echo(
            f"partitions {numbers} continue where their files end, before --from, because files have no gaps", err=True
        )


def _bar(length: int) -> Any:
    return click.progressbar(length=length, label="exporting", file=sys.stderr, hidden=not sys.stderr.isatty())


def export_to(settings: Settings, directory: Path, from_: Place, to: Place) -> None:
    """Export a range of the log to a directory as Parquet, for a report.

    Raises:
        BridgeError: Kafka cannot be read, or files cannot be written.
        click.Abort: it was interrupted.
    """
    target = Target(directory, settings.topics.events, "parquet", format_named("parquet"), None)
    plan = plan_of(admin_of(settings, _CLIENT_ID), target.topic, {}, from_, to, now=SystemClock().wall())
    if _exported(settings, target, plan, follow=False).stopped:
        raise click.Abort
