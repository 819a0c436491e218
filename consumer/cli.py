"""`registry-worker`: its commands, put together."""

from typing import Final

import click

from consumer.commands.dead_letters import dead_letters_group
from consumer.commands.deliver import deliver_command
from consumer.commands.explain import explain_command
from consumer.commands.export import export_command, export_to
from consumer.commands.replay import replay_command
from consumer.commands.report import report_command_with
from consumer.commands.rewind import rewind_command
from consumer.commands.status import status_command
from consumer.commands.tail import tail_command
from runtime.running import run_command

_PROGRAM: Final = "registry-worker"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="registry-event-bridge", prog_name=_PROGRAM)
def commands() -> None:
    """Delivers a registry's events from Kafka to endpoints: in order, retried, without loss."""


for _command in (
    deliver_command,
    status_command,
    explain_command,
    tail_command,
    replay_command,
    rewind_command,
    export_command,
    report_command_with(export_to),
    dead_letters_group,
):
    commands.add_command(_command)


def main() -> None:
    """The `registry-worker` command."""
    run_command(commands, _PROGRAM)


if __name__ == "__main__":
    main()
