"""`registry-worker rewind`."""

from typing import Final

import click

from consumer.commands.options import PlaceType, endpoint_named
from consumer.commands.progress import ReadingBars
from consumer.operations.log_view import LogView
from consumer.operations.rewind import Rewind, refuse_skips
from consumer.places import Place
from runtime.cli.options import common_options
from runtime.clock import SystemClock
from runtime.config import Settings

_CLIENT_ID: Final = "registry-worker-rewind"
_TO: Final = "The new place: beginning, end, a time, -24h, PARTITION:OFFSET[,...] (other partitions stay)."


@click.command("rewind", epilog="Example: registry-worker rewind -c bridge.yaml --endpoint ci --to -24h --dry-run")
@common_options
@click.option("--endpoint", "name", required=True, metavar="E", help="The endpoint whose cursor is moved.")
@click.option("--to", type=PlaceType(), required=True, help=_TO)
@click.option("--skip", is_flag=True, help="Allow a move that skips events which were not delivered.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
def rewind_command(*, settings: Settings, name: str, to: Place, skip: bool, dry_run: bool) -> int:
    """Move an endpoint's cursor, backwards or forwards.

    Backwards, events are delivered again; forwards, they are skipped (only with --skip). Stop the endpoint's
    workers first. To deliver again while they run, use replay. The command first reads all events that the move
    passes, to show how many of them the endpoint will get.
    """
    endpoint = endpoint_named(settings, name)
    with LogView(settings, client_id=_CLIENT_ID, clock=SystemClock(), progress=ReadingBars()) as view:
        rewind = Rewind(view, endpoint, settings.topics.events)
        rewind.refuse_live()
        plan = rewind.plan(to)
        refused = plan.skips > 0 and not skip
        for line in plan.lines(dry_run=dry_run or refused):
            click.echo(line)
        if dry_run:
            refuse_skips(plan, skip=skip)
            click.echo("nothing was changed", err=True)
            return 0
        rewind.carry_out(plan, skip=skip)
    return 0
