"""`registry-worker rewind`."""

from collections.abc import Iterable, Mapping
from typing import Final

import click

from consumer.commands.choosing import endpoint_named
from consumer.commands.options import PlaceType, admin_of, groups_of, reader_of, watched
from consumer.operations.rewind import Rewind, refuse_skips
from consumer.places import Place
from consumer.record import Record
from runtime.cli.options import common_options
from runtime.clock import SystemClock
from runtime.config import Settings
from schemas.names import group_of

_CLIENT_ID: Final = "registry-worker-rewind"
_TO: Final = "The new place: beginning, end, a time, -24h, PARTITION:OFFSET[,...] (other partitions stay)."


@click.command("rewind", epilog="Example: registry-worker rewind -c bridge.yaml --endpoint ci --to -24h --dry-run")
@common_options
@click.option("--endpoint", "name", required=True, metavar="E", help="The endpoint whose cursor is moved.")
@click.option("--to", type=PlaceType(), required=True, help=_TO)
@click.option("--skip", is_flag=True, help="Allow a move that skips events which were not delivered.")
@click.option("--dry-run", is_flag=True, help="Show what it would do, and change nothing.")
def rewind_command(*, settings: Settings, name: str, to: Place, skip: bool, dry_run: bool) -> int:
    """Move an endpoint's cursor, backwards or forwards.

    Backwards, events are delivered again; forwards, they are skipped (only with --skip). Stop the endpoint's workers
    first. To deliver again while they run, use replay. All
    events that the move passes are read first, to say how many of them the endpoint will get.
    """
    endpoint = endpoint_named(settings, name)
    group, topic = group_of(settings.worker.group_prefix, name), settings.topics.events
    with reader_of(settings, _CLIENT_ID) as reader:

        def read(topic: str, passed: Mapping[int, range]) -> Iterable[Record]:
            return watched(reader.read(topic, passed), sum(map(len, passed.values())), "counting events")

        rewind = Rewind(admin_of(settings, _CLIENT_ID), groups_of(settings, _CLIENT_ID), read)
        rewind.refuse_live(name, group, topic)
        plan = rewind.plan(endpoint, group, topic, to, now=SystemClock().wall())
    refused = plan.skips > 0 and not skip
    for line in plan.lines(dry_run=dry_run or refused):
        click.echo(line)
    if dry_run:
        refuse_skips(plan, skip=skip)
        click.echo("nothing was changed", err=True)
        return 0
    rewind.carry_out(plan, skip=skip)
    return 0
