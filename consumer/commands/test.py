"""`registry-worker test`."""

import asyncio
import json
import uuid
from typing import Final

import click

from consumer.commands.options import endpoint_named
from consumer.commands.progress import ReadingBars
from consumer.delivery.policy.outcome import Outcome
from consumer.delivery.webhook.exchange import exchanged
from consumer.delivery.webhook.formats import Sendable, UnsendableError
from consumer.delivery.webhook.sample_event import sample_event
from consumer.operations.event_search import event_in
from consumer.operations.exchange_text import lines_of
from consumer.operations.log_view import LogView
from runtime.cli.options import common_options
from runtime.clock import SystemClock
from runtime.config import Settings
from runtime.errors import BridgeError

_CLIENT_ID: Final = "registry-worker-test"


class NotSendableError(BridgeError):
    """No request can be made of the event."""


@click.command("test", epilog="Example: registry-worker test -c bridge.yaml --endpoint ci")
@common_options
@click.option("--endpoint", "name", required=True, metavar="E", help="The endpoint.")
@click.option(
    "--id",
    "id_",
    default="",
    metavar="ID",
    help="Send this event of the log, by its id or PARTITION:OFFSET. [a sample]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the exchange as one JSON object.")
def test_command(settings: Settings, name: str, id_: str, *, as_json: bool) -> int:
    """Send one event to an endpoint and show the whole exchange.

    Without --id it sends a sample event, the push of a small image, which needs no Kafka. The request has the
    endpoint's format, headers, signature, TLS and proxy, and the header registry-test. Secrets are shown as ***. The
    request goes out from this machine, once, whatever the filters say, and changes nothing for live delivery. Exit 0
    only if the outcome is delivered.
    """
    endpoint, clock = endpoint_named(settings, name), SystemClock()
    sendable = (
        _event(settings, id_) if id_ else sample_event(f"test-{uuid.uuid4()}", clock.wall(), settings.topics.events)
    )
    try:
        found = asyncio.run(exchanged(endpoint, sendable, clock, test="event" if id_ else "sample"))
    except UnsendableError as error:
        raise NotSendableError(f"endpoint {name}: {error}") from error
    if as_json:
        click.echo(json.dumps(found.as_json()))
    else:
        for line in lines_of(found):
            click.echo(line)
    return 0 if found.outcome is Outcome.DELIVERED else 1


def _event(settings: Settings, id_: str) -> Sendable:
    with LogView(settings, client_id=_CLIENT_ID, clock=SystemClock(), progress=ReadingBars()) as view:
        return event_in(view, settings.topics.events, id_)
