"""What a child is told through its standard input."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from runtime.config import Settings
from runtime.config.load import settings_from
from runtime.config.secrets import Secret
from runtime.processes.order import (
    ChildOrder,
    LogOptions,
    OrderLostError,
    ReloadOrder,
    decoded_reload,
    received_order,
)
from runtime.processes.slot import ChildSlot
from runtime.reloading.reloadable import ReloadSource


@dataclass(frozen=True, slots=True)
class Duty:
    """Carries settings, as the halves' duties do."""

    settings: Settings

    async def run(self, slot: ChildSlot, stop: asyncio.Event, reloads: ReloadSource) -> int:
        """Nothing is done."""
        raise NotImplementedError


def order() -> ChildOrder:
    """An order with a secret."""
    settings = settings_from(
        {
            "kafka": {"bootstrap.servers": "127.0.0.1:9092", "sasl.password": "only-for-tests"},
            "endpoints": [{"name": "ci", "url": "http://127.0.0.1:9/", "repositories": ["team/*", "!team/x"]}],
        }
    )
    return ChildOrder(Duty(settings), ChildSlot(2, Path("/tmp/x")), LogOptions("json", "info"))


def received(sent: bytes, *, rest: bytes = b"") -> tuple[ChildOrder, bytes]:
    """What a child reads of a pipe that holds this, and what is left in the pipe."""
    ours, theirs = os.pipe()
    try:
        os.write(theirs, sent + rest)
        os.close(theirs)
        return received_order(ours), os.read(ours, 100)
    finally:
        os.close(ours)


def test_the_settings_arrive_whole() -> None:
    """Secrets, filters and all; what the parent says later stays in the pipe."""
    sent = order()
    found, left = received(sent.encoded(), rest=b"s")
    assert (sent, b"s") == (found, left)
    assert isinstance(found.duty, Duty)
    assert Secret("only-for-tests") == found.duty.settings.kafka.properties["sasl.password"]


@pytest.mark.parametrize("length", [0, 3, 8, 100])
def test_a_parent_that_ends_in_the_middle(length: int) -> None:
    """Is an error of one line."""
    with pytest.raises(OrderLostError, match="the command has ended"):
        received(order().encoded()[:length])


def test_new_settings_arrive_in_pieces() -> None:
    """They are read when they are whole, and what comes behind them is left."""
    sent = ReloadOrder(3, settings_from({"kafka": {"bootstrap.servers": "a:1", "sasl.password": "only-for-tests"}}))
    whole = sent.encoded()
    for cut in (1, 5, 9, len(whole) - 1):
        assert (None, whole[:cut]) == decoded_reload(whole[:cut])
    assert (sent, b"s") == decoded_reload(whole + b"s")
