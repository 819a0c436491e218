"""`registry-worker tags`."""

import json
import shlex
from collections.abc import Collection
from typing import Final

import click

from consumer.commands.matching import say
from consumer.commands.materialize import topic_of_tags
from consumer.commands.progress import ReadingBars
from consumer.filters.globs import Globs
from consumer.operations.log_view import LogView
from consumer.operations.tags import read_tags
from consumer.tags.listing import ListedTag, ReadPartition, TagSelection, all_tags, listed, table_of
from runtime.cli.look import look_of_stdout
from runtime.cli.options import DurationType, LabelType, common_options
from runtime.clock import SystemClock
from runtime.config import Settings
from runtime.counts import counted
from runtime.units import format_duration

_CLIENT_ID: Final = "registry-worker-tags"
_SHOWN_NAMES: Final = 5


@click.command(
    "tags",
    short_help="List the tags that are there now.",
    epilog="Example: registry-worker tags 'team/**' --unused 90d --json",
)
@click.argument("repository", default="", metavar="[REPOSITORY GLOB]")
@common_options
@click.option("--registry", type=LabelType(), help="Only of the registry with this label.")
@click.option(
    "--unused",
    type=DurationType(),
    metavar="D",
    help="Only tags whose images are known to be neither pulled, checked nor pushed for this long, e.g. 90d.",
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

    A tag is unused only if the log shows it: its push was seen, its source has sent pulls since, and no record was
    missed.
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
    if not found:
        say(_why_none(all_tags(partitions), selection, repository))
    _warn(partitions.values())
    return 0


def _why_none(tags: Collection[ListedTag], selection: TagSelection, repository: str) -> str:
    """What of the question matches no tag, and what there is."""
    if not tags:
        return "there are no tags yet"
    labels = {tag.row.place.registry for tag in tags}
    if selection.registry is not None and selection.registry not in labels:
        return f"no registry has the label {shlex.quote(selection.registry)}; there are {_names(labels)}"
    names = {tag.row.place.repository for tag in tags if selection.registry in (None, tag.row.place.registry)}
    if not any(map(selection.repositories.match_if_any, names)):
        return f"no repository with a tag matches {shlex.quote(repository)}; there are {_names(names)}"
    if selection.unused_us is not None:
        return f"no tag is known to be unused for {format_duration(selection.unused_us / 1_000_000)}"
    return "there are only tags of signatures and attestations; --all lists them"


def _names(names: Collection[str]) -> str:
    shown = [name or "'' (no label)" for name in sorted(names)[:_SHOWN_NAMES]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _warn(partitions: Collection[ReadPartition]) -> None:
    held_back = sum(partition.held_back for partition in partitions)
    if held_back:
        be = "is" if held_back == 1 else "are"
        say(f"{counted(held_back, 'record')} of the log {be} in or behind an open transaction and cannot be read yet")
    unread = sum(partition.unread for partition in partitions) - held_back
    if unread:
        what = f"{counted(unread, 'record')} of the log {'was' if unread == 1 else 'were'} not read for tags yet"
        click.echo(f"{what}: is `registry-worker materialize` running?", err=True)
