"""`registry-worker pause`."""

import click

from consumer.commands.acting import acting_options, show_failures
from consumer.operations.acting import Acting
from runtime.cli.terminal import printable
from runtime.counts import counted, noun
from runtime.pauses import MOST_REASON


def _reason(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if len(value) > MOST_REASON:
        raise click.BadParameter(f"is longer than {MOST_REASON} characters")
    return value


@click.command("pause", epilog='Example: registry-worker pause -c bridge.yaml --endpoint ci --reason "their release"')
@acting_options
@click.option("--reason", default="", metavar="TEXT", callback=_reason, help="Why; shown wherever the pause is shown.")
def pause_command(acting: Acting, endpoint: str, reason: str) -> int:
    """Hold an endpoint: nothing is sent to it until `resume`.

    Requests in flight finish; all other events wait in Kafka, in their order, as long as `topics.retention` keeps
    them. The pause holds for every worker of the endpoint and outlasts restarts. It is kept in Kafka (topics.control),
    so it can begin while no worker runs.
    """
    report = acting.pause(reason)
    if not report.changed:
        click.echo(printable(f"endpoint {endpoint} was {report.pause} already"))
        return 0
    click.echo(printable(f"endpoint {endpoint} is {report.pause}"))
    if report.in_flight:
        click.echo(f"{counted(report.in_flight, 'request')} in flight {noun(report.in_flight, 'ends', 'end')} first")
    if report.has_workers is False:
        click.echo("no worker serves it now; workers that start will hold it")
    show_failures(report, "it follows within seconds, when it next looks into Kafka")
    click.echo(f"to go on: registry-worker resume --endpoint {endpoint}")
    return 0
