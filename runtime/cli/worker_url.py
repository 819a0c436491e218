"""The URL of a worker's address on a command line."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import click

from runtime.config.addresses import Address, parse_address
from runtime.config.secrets import masked_written_url

_PORTS: Final = {"http": 80, "https": 443}
_NONE: Final = "is not the address of a worker; write e.g. http://127.0.0.1:5051"


@dataclass(frozen=True, slots=True)
class WorkerAddress:
    """Where a worker listens."""

    address: Address
    is_encrypted: bool


def worker_address(url: str) -> WorkerAddress:
    """Where a worker listens.

    Raises:
        ValueError: it is no such URL; the text says what is one.
    """
    try:
        parts = urlsplit(url)
        usual = _PORTS[parts.scheme]
        address = parse_address(parts.netloc if parts.port is not None else f"{parts.netloc}:{usual}")
    except (KeyError, ValueError):
        raise ValueError(_NONE) from None
    if parts.path.strip("/") or parts.query or parts.fragment or address.port == 0:
        raise ValueError(_NONE)
    return WorkerAddress(address, parts.scheme == "https")


class WorkerURLType(click.ParamType[WorkerAddress]):
    """One."""

    name = "URL"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> WorkerAddress:
        """Read it.

        Raises:
            click.BadParameter: it is none.
        """
        if isinstance(value, WorkerAddress):
            return value
        try:
            return worker_address(value)
        except ValueError as error:
            self.fail(f"{masked_written_url(value)!r} {error}", param, ctx)
