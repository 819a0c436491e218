"""`registry-worker explain`."""

from typing import Final

import click

from consumer.commands.progress import ReadingBars
from consumer.operations.explain import Explainer
from consumer.operations.log_view import LogView
from runtime.cli.options import common_options
from runtime.cli.terminal import printable
from runtime.clock import SystemClock
from runtime.config import Settings

_CLIENT_ID: Final = "registry-worker-explain"


@click.command(
    "explain",
    short_help="Show where an event is stored and its state.",
    epilog="Example: registry-worker explain 3:17 -c bridge.yaml",
)
@common_options
@click.argument("event", metavar="ID|PARTITION:OFFSET")
def explain_command(settings: Settings, event: str) -> int:
    """Show where an event is stored and its state at each endpoint.

    The states are finished, filtered, waiting and dead letter. An id is searched for in the whole log, which takes
    a while; PARTITION:OFFSET is found at once.
    """
    with LogView(settings, client_id=_CLIENT_ID, clock=SystemClock(), progress=ReadingBars()) as view:
        explainer = Explainer(settings, view)
        for explanation in explainer.explain(event):
            click.echo("\n".join(explanation.lines()))
        for line in explainer.unknown:
            click.echo(printable(line), err=True)
    return 0
