"""What a parent tells a child, through the child's standard input: first its order, at last one byte to stop.

The settings go this way, secrets and all, so that every child has those of the parent, which alone reads the file. In
between come those of reloads, each behind a byte of its own. If the pipe ends without the byte to stop, the parent is
gone.
"""

import asyncio
import os
import pickle
from dataclasses import dataclass
from typing import Final, Protocol

from runtime.config import Settings
from runtime.errors import BridgeError
from runtime.logs import LogFormat
from runtime.processes.slot import ChildSlot
from runtime.reloading.reloadable import ReloadSource

STOP: Final = b"s"
RELOAD: Final = b"r"
"""Before new settings."""
_LENGTH_BYTES: Final = 8


class ChildDuty(Protocol):
    """What each child does; it can be pickled."""

    async def run(self, slot: ChildSlot, stop: asyncio.Event, reloads: ReloadSource) -> int:
        """Do it in this slot until `stop` is set, with the settings of reloads; the exit status."""
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
        return _framed(self)


@dataclass(frozen=True, slots=True)
class ReloadOrder:
    """New settings for a child that runs."""

    number: int
    """Its answer has it too."""
    settings: Settings

    def encoded(self) -> bytes:
        """As it goes through the pipe."""
        return RELOAD + _framed(self)


def decoded_reload(sent: bytes) -> tuple[ReloadOrder | None, bytes]:
    """The order that these bytes begin with, None if it is not whole yet; and the bytes behind it."""
    head = len(RELOAD) + _LENGTH_BYTES
    end = head + int.from_bytes(sent[len(RELOAD) : head], "big")
    if len(sent) < head or len(sent) < end:
        return None, sent
    order = pickle.loads(sent[head:end])  # noqa: S301 - see `received_order`
    assert isinstance(order, ReloadOrder)
    return order, sent[end:]


def received_order(descriptor: int) -> ChildOrder:
    """Read the order and nothing behind it.

    Raises:
        OrderLostError: it is cut off.
    """
    length = int.from_bytes(_exactly(descriptor, _LENGTH_BYTES), "big")
    order = pickle.loads(_exactly(descriptor, length))  # noqa: S301 - from our own parent, which is this very program
    assert isinstance(order, ChildOrder)
    return order


def _framed(order: "ChildOrder | ReloadOrder") -> bytes:
    content = pickle.dumps(order)
    return len(content).to_bytes(_LENGTH_BYTES, "big") + content


def _exactly(descriptor: int, count: int) -> bytes:
    found = b""
    while len(found) < count:
        piece = os.read(descriptor, count - len(found))
        if not piece:
            raise OrderLostError("this is a part of a command with --processes, and the command has ended")
        found += piece
    return found
