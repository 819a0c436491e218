"""`--worker URL`: where workers are asked."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import click

from runtime.config.addresses import Address, parse_address

_PORTS = {"http": 80, "https": 443}
"""By scheme; whether a worker is asked by TLS is in `worker.tls` of the configuration, for all workers."""
_SAMPLE = "write HOST:PORT or http://HOST:PORT, e.g. 10.0.0.7:5051"


class WorkerType(click.ParamType[Address]):
    """The address of a worker's pages on a command line."""

    name = "URL"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        """Read it.

        Raises:
            click.BadParameter: it is none.
        """
        if isinstance(value, Address):
            return value
        try:
            return _address(value)
        except ValueError:
            self.fail(f"{value!r} is not the address of a worker; {_SAMPLE}", param, ctx)


def _address(text: str) -> Address:
    """The address in a URL, or without one."""
    if "://" not in text:
        return parse_address(text)
    url = urlsplit(text)
    if url.scheme.lower() not in _PORTS or url.path.strip("/") or url.query or url.fragment or url.username is not None:
        raise ValueError(text)
    return parse_address(url.netloc if url.port is not None else f"{url.netloc}:{_PORTS[url.scheme.lower()]}")


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
