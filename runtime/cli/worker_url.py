"""The URL of a worker's address on a command line."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import click

from runtime.config.addresses import Address

_PORTS: Final = {"http": 80, "https": 443}


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
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.username or port == 0:
        raise ValueError("is not the address of a worker; write e.g. http://127.0.0.1:5051")
    return WorkerAddress(Address(parts.hostname, port or _PORTS[parts.scheme]), parts.scheme == "https")


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
            self.fail(f"{value!r} {error}", param, ctx)
