"""`registry-worker`: its commands, put together. Each is imported when it is called for."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, NoReturn

import click

from runtime.cli.imported_commands import ImportedCommands
from runtime.cli.leaving import leave
from runtime.cli.running import run_command

_PROGRAM: Final = "registry-worker"
_COMMANDS: Final = (
    "deliver",
    "status",
    "explain",
    "attempts",
    "pause",
    "resume",
    "test",
    "tail",
    "replay",
    "rewind",
    "export",
    "report",
    "materialize",
    "tags",
)


def _part(module: str, name: str) -> Any:
    return getattr(import_module(f"consumer.commands.{module}"), name)


def _command(name: str) -> Callable[[], click.Command]:
    return lambda: _part(name, f"{name}_command")


COMMANDS: Final = ImportedCommands(
    {name: _command(name) for name in _COMMANDS} | {"dead-letters": lambda: _part("dead_letters", "dead_letters_group")}
)


@click.group(commands=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="registry-event-bridge", prog_name=_PROGRAM)
def commands() -> None:
    """Delivers a registry's events from Kafka to endpoints: in order, with retries, without loss."""


def main() -> NoReturn:
    """The `registry-worker` command."""
    leave(run_command(commands, _PROGRAM))


if __name__ == "__main__":
    main()
