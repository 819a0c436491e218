"""`registry-worker dead-letters discard`."""

import sys
from contextlib import closing

import click

from consumer.commands.letter_options import ChosenLetters, choosing_letters, show_without_change
from consumer.commands.progress import shown
from consumer.dead_letters.discarding import Discarding
from consumer.dead_letters.text import json_line
from runtime.cli.running import uninterrupted
from runtime.counts import counted


@click.command("discard", epilog="Example: registry-worker dead-letters discard --endpoint ci --dry-run")
@choosing_letters
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option("--dry-run", is_flag=True, help="List what would be discarded, and discard nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the letters as JSON, one a line.")
def discard_command(chosen: ChosenLetters, *, yes: bool, dry_run: bool, as_json: bool) -> int:
    """Close open dead letters without sending them.

    They stay in the topic, but are not listed or sent again.
    """
    if dry_run:
        return show_without_change(chosen, "be discarded", as_json=as_json)
    if not chosen.letters:
        return 0
    if not yes:
        _confirm(len(chosen.letters))
    discarding = Discarding(chosen.topic.name, len(chosen.letters))
    try:
        _discard(chosen, discarding, as_json=as_json)
    finally:
        click.echo(str(discarding), err=as_json)
    return 0


def _discard(chosen: ChosenLetters, discarding: Discarding, *, as_json: bool) -> None:
    """Close the letters, some at a time."""
    with closing(chosen.view.open_writer()) as writer, shown(len(chosen.letters), "discarding") as progress:
        for part in chosen.parts():
            with uninterrupted():
                discarding.discard(part, writer)
                if as_json:
                    click.echo("\n".join(json_line(letter, chosen.topic.name) for letter in part))
            progress.advance(len(part))


def _confirm(letters: int) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError(
            f"{counted(letters, 'dead letter')} would be discarded; use --yes to do it, or --dry-run to list them"
        )
    click.confirm(
        f"Discard {counted(letters, 'dead letter')}? They will not be listed or sent again", abort=True, err=True
    )
