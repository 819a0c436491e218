"""`registry-worker status`."""

import json
import sys
import time
from collections.abc import Sequence
from typing import Final

import click

from consumer.operations.intake_answer import SpoolAnswer, ask_intake
from consumer.operations.log_view import LogView
from consumer.operations.status import EndpointStatus, StatusReader, text_of
from runtime.cli.options import common_options
from runtime.cli.terminal import printable
from runtime.clock import SystemClock
from runtime.config import Settings
from runtime.errors import BridgeError

_CLIENT_ID: Final = "registry-worker-status"
_REDRAW_S: Final = 2.0


@click.command("status", epilog="Example: registry-worker status -c bridge.yaml --watch")
@common_options
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print a JSON list of the endpoints; if a spool is configured, one more member shows it.",
)
@click.option("--watch", is_flag=True, help="Show it again every 2 s, until Ctrl-C.")
def status_command(settings: Settings, *, as_json: bool, watch: bool) -> int:
    """Show each endpoint's lag, why it waits and its dead letters.

    The state of the breaker and most reasons come from the worker at `worker.listen`; workers that were not asked
    are named. With `intake.spool`, a line shows what the spool of the intake at `intake.listen` holds. A value that
    cannot be known is shown as ?, with --json as null.
    """
    with LogView(settings, client_id=_CLIENT_ID, clock=SystemClock(), resolves_schemas=False) as view:
        status = StatusReader(settings, view)
        if not watch:
            _look(settings, status, as_json=as_json)
            return 0
        try:
            while True:
                _look_again(settings, status, as_json=as_json)
                time.sleep(_REDRAW_S)
        except KeyboardInterrupt:  # how a watch ends
            return 0


def _look(settings: Settings, status: StatusReader, *, as_json: bool, clears: bool = False) -> None:
    """Show everything; of an intake's spool also when Kafka does not answer, which is when it matters.

    Raises:
        BridgeError: of Kafka, when the spool was shown.
    """
    spool = ask_intake(settings.intake)
    try:
        statuses = status.look()
    except BridgeError:
        if spool and not as_json:
            click.echo(printable(spool.text))
        raise
    if clears and not as_json and sys.stdout.isatty():
        click.clear()
    _print(statuses, spool, status.unknown, as_json=as_json)


def _look_again(settings: Settings, status: StatusReader, *, as_json: bool) -> None:
    try:
        _look(settings, status, as_json=as_json, clears=True)
    except BridgeError as error:
        click.echo(printable(f"registry-worker: {error}"), err=True)


def _print(
    statuses: Sequence[EndpointStatus], spool: SpoolAnswer | None, unknown: Sequence[str], *, as_json: bool
) -> None:
    if as_json:
        click.echo(json.dumps([status.as_json() for status in statuses] + ([spool.as_json()] if spool else [])))
        return
    if statuses:
        click.echo(text_of(statuses))
        for line in unknown:
            click.echo(printable(line), err=True)
    else:
        click.echo("no endpoints are configured", err=True)
    if spool:
        click.echo(printable(spool.text))
