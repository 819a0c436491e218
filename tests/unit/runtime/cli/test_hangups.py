"""SIGHUP of a service: a reload, or the end of its terminal, told apart by the terminal and by time."""

import asyncio
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from runtime.cli.hangups import Hangups
from runtime.cli.signals import StopSignals
from tests.kit.virtual_time import simulated


@dataclass
class FakeTerminal:
    """A terminal that can be closed."""

    is_closed: bool = False
    is_forgotten: bool = False

    @property
    def is_gone(self) -> bool:
        """As the real one."""
        return self.is_closed and not self.is_forgotten

    def forget(self) -> None:
        """As the real one."""
        self.is_forgotten = True


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """After a stop they stay ignored, which is right for a process that ends, and wrong for the next test."""
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@dataclass
class Service:
    """What a service heard."""

    terminal: FakeTerminal
    reload: asyncio.Event
    stopped: list[str]

    async def hangs_up(self) -> bool:
        """SIGHUP comes; whether it is a reload."""
        self.reload.clear()
        signal.raise_signal(signal.SIGHUP)
        await asyncio.sleep(0.01)
        return self.reload.is_set()


async def heard(scenario: "list[tuple[float, str]]") -> tuple[list[bool], list[str]]:
    """What comes of steps (`hup`, `close`), each after so many seconds: of each hangup whether it is a reload."""
    found: list[bool] = []
    with StopSignals() as signals:
        service = Service(FakeTerminal(), asyncio.Event(), [])
        hangups = Hangups(signals, service.reload, service.terminal)
        watching = asyncio.create_task(hangups.watch())
        with signals.calling(lambda: service.stopped.append(signals.received)), hangups.heard():
            for after_s, step in scenario:
                await asyncio.sleep(after_s)
                if step == "close":
                    service.terminal.is_closed = True
                else:
                    found.append(await service.hangs_up())
            await asyncio.sleep(20.0)
        watching.cancel()
    return found, service.stopped


@simulated
async def test_without_a_closed_terminal_each_is_a_reload() -> None:
    """As often as it comes."""
    assert ([True, True], []) == await heard([(1.0, "hup"), (1.0, "hup")])


@simulated
async def test_a_closed_terminal_stops() -> None:
    """Its hangup is no reload."""
    assert ([False], ["SIGHUP"]) == await heard([(1.0, "close"), (0.0, "hup")])


@simulated
async def test_a_terminal_that_is_closed_behind_the_hangup_stops() -> None:
    """A shell that ends tells its jobs first."""
    assert ([True], ["SIGHUP"]) == await heard([(1.0, "hup"), (2.0, "close")])


@simulated
async def test_a_terminal_that_is_closed_long_after_a_reload_does_not() -> None:
    """Nobody told the service of it."""
    assert ([True], []) == await heard([(1.0, "hup"), (60.0, "close")])


@simulated
async def test_who_was_to_outlive_its_terminal_is_reloaded_later() -> None:
    """`disown`: the terminal goes without a word, and SIGHUP comes from somebody else."""
    assert ([True], []) == await heard([(1.0, "close"), (60.0, "hup")])
