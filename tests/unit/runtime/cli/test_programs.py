"""What is said to a command that was typed at the other program."""

import click
import pytest

from consumer.cli import commands as worker
from producer.cli import commands as bridge
from runtime.cli.programs import COMMANDS, of_another_program


@pytest.mark.parametrize("group", [bridge, worker], ids=["registry-bridge", "registry-worker"])
def test_every_command_is_known(group: click.Group, request: pytest.FixtureRequest) -> None:
    """The names are those that the program has, no more and no less."""
    assert set(group.commands) == set(COMMANDS[request.node.callspec.id])


@pytest.mark.parametrize(
    ("program", "command", "told"),
    [
        ("registry-worker", "check", "check is a command of the other program: registry-bridge check"),
        (
            "registry-bridge",
            "dead-letters",
            "dead-letters is a command of the other program: registry-worker dead-letters",
        ),
        ("registry-bridge", "check", None),
        ("registry-bridge", "chekc", None),
        ("registry-worker dead-letters", "check", None),
    ],
)
def test_a_command_of_the_other_program_is_named(program: str, command: str, told: str | None) -> None:
    """With its program; what neither of them has is not."""
    assert of_another_program(program, command) == told
