"""`registry-worker dead-letters`: `list` and `show`, and the group of all four commands."""

import click

from consumer.commands.discard import discard_command
from consumer.commands.letter_options import ChosenLetters, choosing_letters
from consumer.commands.redrive import redrive_command
from consumer.dead_letters.text import json_line, json_of, line_of, page_of


@click.group("dead-letters", epilog="Example: registry-worker dead-letters list -c bridge.yaml --endpoint ci")
def dead_letters_group() -> None:
    """List dead letters, send them again, or close them."""


@dead_letters_group.command("list", epilog="Example: registry-worker dead-letters list --reason rejected --from -24h")
@choosing_letters
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_command(chosen: ChosenLetters, *, as_json: bool) -> int:
    """List the open dead letters, one a line.

    A line begins with the event's id, or with its PARTITION:OFFSET if it has none.
    """
    for letter in chosen.letters:
        click.echo(json_line(letter, chosen.topic.name) if as_json else line_of(letter))
    return 0


@dead_letters_group.command(
    "show",
    short_help="Show open dead letters with all their data.",
    epilog="Example: registry-worker dead-letters show --id 3:17",
)
@choosing_letters
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def show_command(chosen: ChosenLetters, *, as_json: bool) -> int:
    """Show open dead letters with reason, headers, the event's JSON and the body that a source sent."""
    render = json_of if as_json else page_of
    for part in chosen.parts():
        records = chosen.topic.records(part)
        for letter in part:
            if letter.place in records:
                click.echo(render(letter, records[letter.place], chosen.topic.name))
    return 0


dead_letters_group.add_command(redrive_command)
dead_letters_group.add_command(discard_command)
