"""`--worker URL`: where workers are asked."""

from collections.abc import Callable
from typing import Any

import click

from runtime.cli.worker_url import worker_address
from runtime.config.addresses import Address, parse_address
from runtime.config.secrets import masked_written_url

_SAMPLE = "write HOST:PORT or http://HOST:PORT, e.g. 10.0.0.7:5051"


class WorkerType(click.ParamType[Address]):
    """The address of a worker's pages on a command line. Whether it speaks TLS is in `worker.tls`, for all workers."""

    name = "URL"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        """Read it.

        Raises:
            click.BadParameter: it is none.
        """
        if isinstance(value, Address):
            return value
        try:
            return worker_address(value).address if "://" in value else parse_address(value)
        except ValueError:
            self.fail(f"{masked_written_url(value)!r} is not the address of a worker; {_SAMPLE}", param, ctx)


def worker_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--worker URL`, as often as there are workers; the command gets `workers`."""
    decorate = click.option(
        "--worker",
        "workers",
        multiple=True,
        type=WorkerType(),
        help="Ask the worker at this address (its worker.listen); may be repeated. [worker.listen, and all members of "
        "the groups that Kafka knows]",
    )
    decorated: Callable[..., Any] = decorate(command)
    return decorated
