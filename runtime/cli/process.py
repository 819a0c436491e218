"""One of the processes of a command with `--processes`: the command starts it, and nobody else.

What it does comes through its standard input; its arguments only say in the list of processes what it is.
"""

import asyncio
import shutil
import sys
from typing import Final, NoReturn

import click

from runtime.cli.leaving import leave
from runtime.cli.running import run_command, run_service
from runtime.logs import configure_logs
from runtime.processes.lifeline import Lifeline
from runtime.processes.order import ChildOrder, received_order

_STDIN: Final = 0


@click.command("process")
@click.argument("words", nargs=-1)
def process_command(words: tuple[str, ...]) -> int:  # noqa: ARG001 - for the list of processes
    """Do one process's part of a command."""
    order = received_order(_STDIN)
    configure_logs(order.logs.log_format, order.logs.level, process=order.slot.number)
    lifeline = Lifeline()
    try:
        return run_service(lambda stop: _until_stopped(order, lifeline, stop))
    finally:
        if lifeline.is_orphaned:  # who else would remove it
            shutil.rmtree(order.slot.folder, ignore_errors=True)


async def _until_stopped(order: ChildOrder, lifeline: Lifeline, stop: asyncio.Event) -> int:
    with lifeline.stopping(stop):
        return await order.duty.run(order.slot, stop, lifeline)


def main() -> NoReturn:
    """One process."""
    leave(run_command(process_command, sys.argv[1]))


if __name__ == "__main__":
    main()
