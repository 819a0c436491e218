"""A unit test opens no socket and starts no process: whoever tries gets an error, and the test fails.

Python's audit events say it whoever makes the call, the standard library's C code included. What asyncio needs to wake
its loop is a pair of sockets, which has no address. Threads that run already belong to fixtures of other tests.
"""

import sys
import threading
from collections.abc import Generator
from typing import Any, Final

import pytest

FORBIDDEN: Final = {
    "socket.bind": "binds a socket",
    "socket.connect": "connects a socket",
    "socket.getaddrinfo": "looks a host name up",
    "socket.gethostbyname": "looks a host name up",
    "socket.sendmsg": "sends over a socket",
    "socket.sendto": "sends a datagram",
    "os.exec": "starts a program",
    "os.fork": "forks",
    "os.forkpty": "forks",
    "os.posix_spawn": "starts a process",
    "os.system": "starts a shell",
    "subprocess.Popen": "starts a process",
}


class Seal:
    """What unit tests tried; hears every audit event of this process, and heeds them only while a unit test runs."""

    def __init__(self) -> None:
        self.breaches: list[str] = []
        self._is_on = False
        self._others: set[int | None] = set()

    def put_on(self) -> None:
        """From now on: in this thread, and in those that it starts."""
        self.breaches.clear()
        self._others = {thread.ident for thread in threading.enumerate()} - {threading.get_ident()}
        self._is_on = True

    def take_off(self) -> None:
        """The unit test is over."""
        self._is_on = False

    def heed(self, event: str, arguments: tuple[Any, ...]) -> None:
        """The audit hook, which Python keeps for as long as the process lives."""
        if not self._is_on or event not in FORBIDDEN or threading.get_ident() in self._others:
            return
        breach = f"a unit test {FORBIDDEN[event]} ({event}): {arguments!r}; such tests stand in tests/integration"
        self.breaches.append(breach)
        raise RuntimeError(breach)


SEAL: Final = Seal()
sys.addaudithook(SEAL.heed)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, object, object]:
    """Fixtures of any scope are under it too."""
    SEAL.put_on()
    try:
        return (yield)
    except BaseException:
        SEAL.take_off()
        raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """An error that the tested code swallows fails the test all the same."""
    try:
        result = yield
    finally:
        SEAL.take_off()  # fixtures of a whole session end with its last test, whichever that is
    assert [] == SEAL.breaches
    return result
