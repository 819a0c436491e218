"""Colours are for a terminal: not for a pipe, and not for whoever has set NO_COLOR."""

import sys

import pytest

from tests.kit.terminal import Terminal

SCRIPT = (
    "import click; from runtime.cli.look import look_of_stdout; from runtime.cli.tables import *; "
    "look = look_of_stdout(); "
    "click.echo(drawn([Column('NAME')], [[TableCell('ci', 'red')]], look) + f' {look.width}', color=look.colours)"
)


@pytest.mark.parametrize(
    ("environment", "shown"),
    [
        ("TERM=xterm", "\x1b[31mci\x1b[0m 80"),
        ("TERM=xterm NO_COLOR=", "\x1b[31mci\x1b[0m 80"),
        ("TERM=xterm NO_COLOR=1", "\nci 80"),
        ("TERM=dumb", "\nci 80"),
    ],
)
def test_on_a_terminal(environment: str, shown: str) -> None:
    """As wide as it is (80, where it does not say)."""
    with Terminal("-c", f'{environment} {sys.executable} -c "{SCRIPT}"', program=("sh",)) as terminal:
        terminal.wait_for(shown)


def test_in_a_pipe() -> None:
    """Plain, and as wide as it becomes."""
    with Terminal("-c", f'TERM=xterm {sys.executable} -c "{SCRIPT}" | cat', program=("sh",)) as terminal:
        terminal.wait_for("NAME\r\nci None")
