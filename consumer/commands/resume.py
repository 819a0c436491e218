"""`registry-worker resume`."""

import click

from consumer.commands.acting import acting_options, show_failures
from consumer.operations.acting import Acting, ActReport
from runtime.cli.terminal import printable


@click.command("resume", epilog="Example: registry-worker resume -c bridge.yaml --endpoint ci")
@acting_options
def resume_command(acting: Acting, endpoint: str) -> int:
    """End an endpoint's pause, and try it now.

    An open breaker probes at once instead of at its next time, failed events are tried again, and Retry-After is not
    waited for any longer. These waits are each worker's own: a worker that cannot be asked is named, and keeps them.
    """
    report = acting.resume()
    for line in _lines(endpoint, report):
        click.echo(printable(line))
    show_failures(report, "it ends a pause within seconds, and keeps its waits")
    return 0


def _lines(endpoint: str, report: ActReport) -> list[str]:
    lines = [
        f"endpoint {endpoint} goes on: its pause has ended" if report.changed else f"endpoint {endpoint} was not paused"
    ]
    if report.tries:
        lines.append("what waited for its next try is tried now; of an open breaker one request")
    elif report.done_by:
        lines.append("nothing waited for its next try")
    if report.has_workers is False:
        lines.append("no worker serves it now")
    return lines
