"""`registry-worker materialize`."""

from typing import Final

import click

from consumer.materialize.service import materialize, materialize_until_caught_up
from runtime.cli.options import AddressType, DurationType, common_options
from runtime.cli.running import run_service
from runtime.config import Address, Settings
from runtime.http.bindings import TakenBinding
from runtime.http.server_tls import server_tls

_USUAL: Final = "registry.tags"


@click.command("materialize", epilog="Example: registry-worker materialize -c bridge.yaml --listen 127.0.0.1:5053")
@common_options
@click.option(
    "--listen",
    type=AddressType(),
    help="Where metrics and probes are served; port 0 picks a free one. [nowhere]",
)
@click.option(
    "--until-caught-up", is_flag=True, help="Stop when all events that were in the log at the start are read."
)
@click.option(
    "--timeout", metavar="D", type=DurationType(), help="With --until-caught-up: give up after this long, with exit 1."
)
def materialize_command(
    *, settings: Settings, listen: Address | None, until_caught_up: bool, timeout: float | None
) -> int:
    """Keep the topic of tags: what is where now.

    Reads the events topic, and writes each tag that an event changes to the topic topics.tags. Several processes share
    the partitions. Its state is in that topic: stop it and start it anywhere.
    """
    topic = topic_of_tags(settings)
    if timeout is not None and not until_caught_up:
        raise click.UsageError("--timeout needs --until-caught-up")
    if until_caught_up:
        if listen is not None:
            raise click.UsageError("--until-caught-up opens no port: leave out --listen")
        return run_service(lambda stop: materialize_until_caught_up(settings, topic, stop, timeout_s=timeout))
    binding = None if listen is None else TakenBinding(listen, server_tls(settings.worker.tls))
    return run_service(lambda stop: materialize(settings, topic, stop, binding))


def topic_of_tags(settings: Settings) -> str:
    """The topic of tags.

    Raises:
        click.UsageError: the configuration has none.
    """
    if settings.topics.tags is None:
        raise click.UsageError(f"the configuration has no topics.tags; add a line such as `tags: {_USUAL}` to topics")
    return settings.topics.tags
