"""`registry-worker status`."""

import json
import sys
import time
from collections.abc import Sequence
from typing import Final

import click

from consumer.commands.options import endpoint_named
from consumer.commands.worker_option import worker_option
from consumer.operations.intake_answer import SpoolAnswer, ask_intake
from consumer.operations.log_view import LogView
from consumer.operations.next_steps import next_step
from consumer.operations.status import EndpointStatus, StatusReader, text_of
from consumer.operations.thresholds import Thresholds
from runtime.cli.look import look_of_stdout
from runtime.cli.options import DurationType, common_options
from runtime.cli.terminal import printable
from runtime.clock import SystemClock
from runtime.config import Address, Settings
from runtime.errors import BridgeError

_CLIENT_ID: Final = "registry-worker-status"
_REDRAW_S: Final = 2.0


@click.command(
    "status",
    short_help="Show lag, pace, why it waits, dead letters.",
    epilog="Example: registry-worker status -c bridge.yaml --watch",
)
@common_options
@click.option("--endpoint", "names", multiple=True, metavar="E", help="Only this endpoint; may be repeated. [all]")
@worker_option
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print a JSON list of the endpoints; if a spool is configured, one more item of the list shows it.",
)
@click.option("--watch", is_flag=True, help="Show it again every 2 s, until Ctrl-C.")
@click.option(
    "--fail-if-lag", type=click.IntRange(0), metavar="N", help="Exit 3 if an enabled endpoint's lag is above N."
)
@click.option(
    "--fail-if-age",
    type=DurationType(),
    metavar="D",
    help="Exit 3 if an event has waited longer than D at an enabled endpoint; exit 4 if that cannot be known.",
)
def status_command(
    *,
    settings: Settings,
    names: tuple[str, ...],
    workers: tuple[Address, ...],
    as_json: bool,
    watch: bool,
    fail_if_lag: int | None,
    fail_if_age: float | None,
) -> int:
    """Show each endpoint's lag, pace, why it waits and its dead letters.

    Lag and age come from Kafka; pace, breakers and most reasons from the workers. All workers of the endpoints' groups
    are asked that can be found, and the others are named. With `intake.spool`, a line shows what the spool of the
    intake at `intake.listen` holds. A value that cannot be known is shown as ?, with --json as null. Exit 1 if Kafka
    does not answer.
    """
    thresholds = Thresholds(fail_if_lag, fail_if_age)
    if watch and thresholds.are_given:
        raise click.UsageError("--watch has no exit status for --fail-if-lag and --fail-if-age: leave it out")
    endpoints = [endpoint_named(settings, name) for name in dict.fromkeys(names)] or None
    with LogView(settings, client_id=_CLIENT_ID, clock=SystemClock(), resolves_schemas=False) as view:
        status = StatusReader(settings, view, workers=workers, endpoints=endpoints)
        if not watch:
            return _judged(_look(settings, status, as_json=as_json), thresholds)
        try:
            while True:
                _look_again(settings, status, as_json=as_json)
                time.sleep(_REDRAW_S)
        except KeyboardInterrupt:  # how a watch ends
            return 0


def _judged(statuses: Sequence[EndpointStatus], thresholds: Thresholds) -> int:
    """Name what is too much, or not known; the exit status."""
    judgement = thresholds.judge(statuses)
    for sentence in (*judgement.exceeded, *judgement.unknown):
        click.echo(printable(f"registry-worker: {sentence}"), err=True)
    return judgement.exit_code


def _look(settings: Settings, status: StatusReader, *, as_json: bool, clears: bool = False) -> Sequence[EndpointStatus]:
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
    return statuses


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
        look = look_of_stdout()
        click.echo(text_of(statuses, look), color=look.colours)
        for line in (*unknown, next_step(statuses)):
            if line:
                click.echo(printable(line), err=True)
    else:
        click.echo("no endpoints are configured", err=True)
    if spool:
        click.echo(printable(spool.text))
