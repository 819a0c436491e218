"""Options of the commands that act on an endpoint, and how they name workers that could not be asked."""

import functools
from collections.abc import Callable
from typing import Any, Final

import click

from consumer.commands.options import endpoint_named
from consumer.commands.worker_option import worker_option
from consumer.operations.acting import Acting, ActReport
from consumer.operations.log_view import LogView
from runtime.cli.options import common_options
from runtime.cli.terminal import printable
from runtime.clock import SystemClock
from runtime.config import Address, Settings

_CLIENT_ID: Final = "registry-worker-act"


def acting_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`-c`, `--endpoint` and `--worker`; the command gets `acting` made of them, and the endpoint's name."""

    @functools.wraps(command)
    def with_acting(*, settings: Settings, name: str, workers: tuple[Address, ...], **arguments: Any) -> Any:
        endpoint = endpoint_named(settings, name)
        with LogView(settings, client_id=_CLIENT_ID, clock=SystemClock(), resolves_schemas=False) as view:
            return command(Acting(settings, view, endpoint, workers=workers), name, **arguments)

    named = click.option("--endpoint", "name", required=True, metavar="E", help="The endpoint.")
    return common_options(named(worker_option(with_acting)))


def show_failures(report: ActReport, consequence: str) -> None:
    """Name each worker that could not be asked, on standard error; `consequence` is what it does all the same."""
    for where, why in report.not_done_by.items():
        named = why if why.startswith(where) else f"{where}: {why}"
        click.echo(printable(f"{named}; {consequence}"), err=True)
