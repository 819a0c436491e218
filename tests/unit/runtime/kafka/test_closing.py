"""Closing a client takes no longer than it may."""

import threading

import pytest

from runtime.kafka.closing import close_in_time


class Client:
    """A client whose closing waits for an answer."""

    def __init__(self, answered: threading.Event) -> None:
        self._answered = answered
        self.is_closed = False

    def close(self) -> None:
        """Wait for it."""
        self._answered.wait(60.0)
        self.is_closed = True


def test_a_client_that_closes_is_closed() -> None:
    """When this returns."""
    answered = threading.Event()
    answered.set()
    client = Client(answered)
    assert close_in_time(client)
    assert client.is_closed


def test_nobody_waits_for_one_that_does_not() -> None:
    """It closes whenever it can."""
    answered = threading.Event()
    client = Client(answered)
    assert not close_in_time(client, 0.05)
    assert not client.is_closed
    answered.set()


def test_what_closing_raises_is_raised() -> None:
    """It is no silence."""

    class Broken:
        def close(self) -> None:
            raise RuntimeError("already closed")

    with pytest.raises(RuntimeError, match="already closed"):
        close_in_time(Broken())
