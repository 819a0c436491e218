"""`registry-worker tags`."""

import json
from collections.abc import Iterable
from typing import Final

import click

from consumer.commands.materialize import topic_of_tags
from consumer.commands.progress import ReadingBars
from consumer.filters.globs import Globs
from consumer.operations.log_view import LogView
from consumer.operations.tags import read_tags
from consumer.tags.listing import ReadPartition, TagSelection, listed, table_of
from runtime.cli.look import look_of_stdout
from runtime.cli.options import DurationType, LabelType, common_options
from runtime.clock import SystemClock
from runtime.config import Settings
from runtime.counts import counted

_CLIENT_ID: Final = "registry-worker-tags"


@click.command("tags", epilog="Example: registry-worker tags 'team/**' --unused 90d --json")
@click.argument("repository", default="", metavar="[REPOSITORY GLOB]")
@common_options
@click.option("--registry", type=LabelType(), help="Only of the registry with this label.")
@click.option(
    "--unused",
    type=DurationType(),
    metavar="D",
    help="Only tags that are known to be neither pulled, checked nor pushed for this long.",
)
@click.option("--all", "everything", is_flag=True, help="Also tags of signatures and attestations (sha256-...).")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON a tag; what is not known is null.")
def tags_command(
    *,
    settings: Settings,
    repository: str,
    registry: str | None,
    unused: float | None,
    everything: bool,
    as_json: bool,
) -> int:
    """List the tags that are there now, from the topic that `materialize` keeps.

    A tag is unused only if the log shows it: its push was seen, its source sends pulls, and no record was missed.
    """
    topic = topic_of_tags(settings)
    bars, clock = ReadingBars(), SystemClock()
    with LogView(settings, client_id=_CLIENT_ID, clock=clock, progress=bars, resolves_schemas=False) as view:
        partitions = read_tags(view, settings, topic)
    selection = TagSelection(
        Globs([repository] if repository else []),
        registry,
        None if unused is None else int(unused * 1_000_000),
        everything=everything,
    )
    found = listed(partitions, selection)
    if as_json:
        for tag in found:
            click.echo(json.dumps(tag.as_json()))
    elif found:
        click.echo(table_of(found, look_of_stdout()))
    _warn(partitions.values())
    return 0


def _warn(partitions: Iterable[ReadPartition]) -> None:
    unread = sum(partition.unread for partition in partitions)
    if unread:
        what = f"{counted(unread, 'record')} of the log {'was' if unread == 1 else 'were'} not read for tags yet"
        click.echo(f"{what}: is `registry-worker materialize` running?", err=True)
