"""What a parent tells a child, through the child's standard input: first its order, much later one byte to stop.

The settings go this way, secrets and all, so that every child has those that the parent began with: a file that is
edited meanwhile changes nothing before the command is started again. If the pipe ends without that byte, the parent is
gone.
"""

import asyncio
import os
import pickle
from dataclasses import dataclass
from typing import Final, Protocol

from runtime.errors import BridgeError
from runtime.logs import LogFormat
from runtime.processes.slot import ChildSlot

STOP: Final = b"s"
_LENGTH_BYTES: Final = 8


class ChildDuty(Protocol):
    """What each child does; it can be pickled."""

    async def run(self, slot: ChildSlot, stop: asyncio.Event) -> int:
        """Do it in this slot until `stop` is set; the exit status."""
        ...


class OrderLostError(BridgeError):
    """The parent ended before it had said what to do."""


@dataclass(frozen=True, slots=True)
class LogOptions:
    """`--log-format` and `--log-level`."""

    log_format: LogFormat | None
    level: str


@dataclass(frozen=True, slots=True)
class ChildOrder:
    """All that a child is told."""

    duty: ChildDuty
    slot: ChildSlot
    logs: LogOptions

    def encoded(self) -> bytes:
        """As it goes through the pipe."""
        content = pickle.dumps(self)
        return len(content).to_bytes(_LENGTH_BYTES, "big") + content


def received_order(descriptor: int) -> ChildOrder:
    """Read the order and nothing behind it.

    Raises:
        OrderLostError: it is cut off.
    """
    length = int.from_bytes(_exactly(descriptor, _LENGTH_BYTES), "big")
    order = pickle.loads(_exactly(descriptor, length))  # noqa: S301 - from our own parent, which is this very program
    assert isinstance(order, ChildOrder)
    return order


def _exactly(descriptor: int, count: int) -> bytes:
    found = b""
    while len(found) < count:
        piece = os.read(descriptor, count - len(found))
        if not piece:
            raise OrderLostError("this is a part of a command with --processes, and the command has ended")
        found += piece
    return found
