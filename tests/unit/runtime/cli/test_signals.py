"""Stop signals: the first one counts, what may not be broken off is not, and a process's own handlers come back."""

import signal
from collections.abc import Iterator

import pytest

from runtime.cli.signals import StopSignals

STOPPING = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """After a signal they stay ignored, which is right for a process that ends, and wrong for the next test."""
    before = {number: signal.getsignal(number) for number in STOPPING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", STOPPING)
def test_interrupts(number: signal.Signals) -> None:
    """By itself a signal breaks off what is done; the exit status is that of shells."""
    with StopSignals() as signals:
        assert 1 == signals.exit_status
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert (number.name, 128 + number) == (signals.received, signals.exit_status)


def test_the_first_counts() -> None:
    """Whatever comes afterwards changes nothing, on the way out neither."""
    called: list[str] = []
    with StopSignals() as signals, signals.calling(lambda: called.append(signals.received)):
        for number in (signal.SIGTERM, *STOPPING):
            signal.raise_signal(number)
    for number in STOPPING:
        signal.raise_signal(number)
    assert ["SIGTERM"] == called


def test_deferred() -> None:
    """What is done whole is done; the interruption comes behind it, and once."""
    done: list[str] = []

    def whole() -> None:
        with signals.deferred():
            signal.raise_signal(signal.SIGHUP)
            done.append("whole")

    with StopSignals() as signals:
        with pytest.raises(KeyboardInterrupt):
            whole()
        whole()
    assert ["whole", "whole"] == done


def test_an_error_is_not_replaced() -> None:
    """What fails while a signal waits tells its own error."""

    def fails() -> None:
        with signals.deferred():
            signal.raise_signal(signal.SIGTERM)
            raise ValueError("mine")

    with StopSignals() as signals, pytest.raises(ValueError, match="mine"):
        fails()


def test_a_hangup_may_mean_something_else() -> None:
    """A service that reloads is asked as often as it comes; a closed terminal, and every other signal, ends it."""
    said: list[str] = []
    with StopSignals() as signals, signals.calling(lambda: said.append("stop")):
        with signals.hanging_up(lambda: said.append("reload")):
            signal.raise_signal(signal.SIGHUP)
            signal.raise_signal(signal.SIGHUP)
            signals.terminal_closed()
            signal.raise_signal(signal.SIGHUP)
        assert "SIGHUP" == signals.received
    assert ["reload", "reload", "stop"] == said


def test_handlers_come_back() -> None:
    """Without a signal, all is as it was before."""
    before = [signal.getsignal(number) for number in STOPPING]
    with StopSignals():
        assert before != [signal.getsignal(number) for number in STOPPING]
    assert before == [signal.getsignal(number) for number in STOPPING]


@pytest.mark.parametrize(("number", "kept"), [(signal.SIGHUP, True), (signal.SIGINT, False), (signal.SIGTERM, False)])
def test_what_was_ignored(number: signal.Signals, *, kept: bool) -> None:
    """Started by `nohup`, a process goes on ignoring SIGHUP; SIGINT and SIGTERM always end it."""
    signal.signal(number, signal.SIG_IGN)
    with StopSignals():
        assert kept == (signal.getsignal(number) is signal.SIG_IGN)
