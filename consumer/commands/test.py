"""`registry-worker test`."""

import asyncio
import uuid
from collections.abc import Sequence
from typing import Final

import click
import msgspec

from consumer.commands.options import endpoint_named
from consumer.commands.progress import ReadingBars
from consumer.commands.worker_option import worker_option
from consumer.delivery.event_sender import exchange_with
from consumer.delivery.policy.outcome import Outcome
from consumer.delivery.webhook.exchange import WebhookExchange
from consumer.delivery.webhook.formats import Sendable, UnsendableError
from consumer.delivery.webhook.sample_event import sample_event
from consumer.operations.distant_test import tested_from_worker
from consumer.operations.event_search import event_in
from consumer.operations.exchange_text import lines_of
from consumer.operations.log_view import LogView
from runtime.cli.options import common_options
from runtime.clock import SystemClock
from runtime.config import Address, EndpointSettings, Settings
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
@click.option(
    "--from-worker", is_flag=True, help="A worker sends the sample, from its machine, instead of this command."
)
@worker_option
@click.option("--json", "as_json", is_flag=True, help="Print the exchange as one JSON object.")
def test_command(
    settings: Settings, name: str, id_: str, *, from_worker: bool, workers: tuple[Address, ...], as_json: bool
) -> int:
    """Send one event to an endpoint and show the whole exchange.

    Without --id it sends a sample event, the push of a small image, which needs no Kafka. The request has the
    endpoint's format, headers, signature, TLS and proxy, and the header registry-test. Secrets are shown as ***. The
    request goes out from this machine, once, whatever the filters say, and changes nothing for live delivery. Exit 0
    only if the outcome is delivered.
    """
    if id_ and from_worker:
        raise click.UsageError("--from-worker sends the sample: leave out --id")
    if workers and not from_worker:
        raise click.UsageError("--worker needs --from-worker")
    endpoint = endpoint_named(settings, name)
    found = _from_worker(settings, endpoint, workers) if from_worker else _from_here(settings, endpoint, id_)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
    else:
        for line in lines_of(found):
            click.echo(line)
    return 0 if found.outcome is Outcome.DELIVERED else 1


def _from_here(settings: Settings, endpoint: EndpointSettings, id_: str) -> WebhookExchange:
    clock, topic = SystemClock(), settings.topics.events
    sendable = _event(settings, id_) if id_ else sample_event(f"test-{uuid.uuid4()}", clock.wall(), topic)
    try:
        return asyncio.run(exchange_with(endpoint, sendable, clock, test="event" if id_ else "sample"))
    except UnsendableError as error:
        raise NotSendableError(f"endpoint {endpoint.name}: {error}") from error


def _from_worker(settings: Settings, endpoint: EndpointSettings, workers: Sequence[Address]) -> WebhookExchange:
    with LogView(settings, client_id=_CLIENT_ID, clock=SystemClock(), resolves_schemas=False) as view:
        address, found = tested_from_worker(settings, view, endpoint, workers)
    click.echo(f"sent by the worker at {address}", err=True)
    return found


def _event(settings: Settings, id_: str) -> Sendable:
    with LogView(settings, client_id=_CLIENT_ID, clock=SystemClock(), progress=ReadingBars()) as view:
        return event_in(view, settings.topics.events, id_)
