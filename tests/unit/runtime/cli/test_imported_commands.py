"""Commands that are imported when they are asked for."""

from functools import partial

import click
from click.testing import CliRunner

from runtime.cli.imported_commands import ImportedCommands


def group_of(made: list[str]) -> click.Group:
    """Two commands that tell when they are made."""

    def maker(name: str) -> click.Command:
        made.append(name)
        return click.Command(name, callback=lambda: click.echo(name), help=f"Says {name}.")

    return click.Group("all", commands=ImportedCommands({name: partial(maker, name) for name in ("one", "two")}))


def test_only_the_one_that_is_called_is_made() -> None:
    """And it is made once."""
    made: list[str] = []
    group = group_of(made)
    assert ["one\n", "one\n"] == [CliRunner().invoke(group, ["one"]).output for _ in range(2)]
    assert ["one"] == made


def test_help_and_mistakes_know_them_all() -> None:
    """The help has each with its line; a name that is none is told with the nearest."""
    help_ = CliRunner().invoke(group_of([]), ["--help"]).output
    assert "Says one." in help_
    assert "Says two." in help_
    assert "Did you mean" in CliRunner().invoke(group_of([]), ["tow"]).output


def test_commands_can_be_added_and_taken_away() -> None:
    """As to any group."""
    group = group_of([])
    group.add_command(click.Command("three"))
    del group.commands["one"]
    assert ["three", "two"] == sorted(group.commands)
    assert group.commands.get("one") is None
    assert 2 == len(group.commands)
