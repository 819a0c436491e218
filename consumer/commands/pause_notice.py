"""A word about pauses, for commands that send to an endpoint whether it is paused or not."""

from collections.abc import Iterable

import click

from consumer.operations.log_view import LogView
from runtime.cli.terminal import printable
from runtime.config import EndpointSettings
from runtime.kafka.errors import KafkaRefusedError


def warn_of_pauses(view: LogView, endpoints: Iterable[EndpointSettings]) -> None:
    """Name, on standard error, those that an operator has paused: this command sends to them all the same.

    Raises:
        KafkaUnavailableError: no answer.
    """
    try:
        pauses = view.control.look()
    except KafkaRefusedError as error:
        click.echo(printable(f"whether an endpoint is paused is not known: {error}"), err=True)
        return
    for endpoint in endpoints:
        if pause := pauses.get(view.group(endpoint)):
            click.echo(
                printable(f"endpoint {endpoint.name} is {pause}: this command sends to it all the same"), err=True
            )
