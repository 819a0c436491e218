"""A webhook endpoint on the loopback: captures every request and answers by script. Knows nothing of events."""

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from broker.ports import LOOPBACK, free_port
from tests.kit.accepting import accept_no_more
from tests.kit.connection import Connection
from tests.kit.eventually import LIMIT_S
from tests.kit.exchange import Answer, Captured, Script
from tests.kit.running import Running

OK = Answer()


class Receiver(Running):
    """An HTTP/1.1 endpoint in a thread of its own.

    It keeps its port over `stop` and `start`, so an endpoint can be down for a while. Every method may be called from
    any thread. What was captured stays after `stop`.

    Args:
        script: what to answer; 200 without a body by default. It runs on the receiver's loop and must not block.
        tls: makes it speak HTTPS.
    """

    def __init__(self, script: Script | Answer = OK, *, tls: ssl.SSLContext | None = None) -> None:
        self.port = free_port()
        self._script = script
        self._tls = tls
        self._changed = threading.Condition()
        self._captured: list[Captured] = []
        self._connections: set[Connection] = set()
        self._opened = 0
        self._faults: list[BaseException] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._listening = threading.Event()
        self._stopping = asyncio.Event()

    @property
    def url(self) -> str:
        """Where it is, without a path."""
        return f"{'https' if self._tls else 'http'}://{LOOPBACK}:{self.port}"

    @property
    def requests(self) -> list[Captured]:
        """Every request so far, in the order of their arrival."""
        with self._changed:
            return list(self._captured)

    @property
    def connections(self) -> int:
        """How many TCP connections clients have opened so far."""
        with self._changed:
            return self._opened

    def bodies(self) -> list[bytes]:
        """The bodies of every request so far."""
        return [request.body for request in self.requests]

    def clear(self) -> None:
        """Forgets what was captured."""
        with self._changed:
            self._captured.clear()

    def answer(
        self, status: int, *, headers: Sequence[tuple[str, str]] = (), body: bytes = b"", delay: float = 0.0
    ) -> None:
        """Answers every request from now on like this; `delay` is in seconds."""
        self.answer_by(Answer(status=status, headers=headers, body=body, delay=delay))

    def answer_by(self, script: Script | Answer) -> None:
        """Answers every request from now on by `script`."""
        self._script = script

    def wait_for(self, count: int, timeout: float = LIMIT_S) -> list[Captured]:
        """The requests, as soon as `count` of them are answered; AssertionError after `timeout` seconds."""
        return self.wait_until(lambda found: sum(one.status is not None for one in found) >= count, timeout)

    def wait_until(self, predicate: Callable[[list[Captured]], bool], timeout: float = LIMIT_S) -> list[Captured]:
        """The requests, as soon as `predicate` holds of them; AssertionError after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while not predicate(found := list(self._captured)):
                self._raise_fault()
                if not self._changed.wait(deadline - time.monotonic()):
                    raise AssertionError(f"not within {timeout:g} s: {_summary(found)}")
            return found

    def begin(self) -> None:
        """Starts the thread."""
        assert self._thread is None, "the receiver is up already"
        self._listening.clear()
        self._thread = threading.Thread(target=self._run, name=f"receiver-{self.port}", daemon=True)
        self._thread.start()

    def is_up(self) -> bool:
        """Whether connections are accepted; waits until it is known."""
        self._listening.wait()
        self._raise_fault()
        return True

    def stop(self) -> None:
        """Resets every connection and stops listening; returns when connections are refused. Quiet if it is down."""
        if self._thread is None or self._loop is None:
            return
        with suppress(RuntimeError):  # the loop is closed: the thread ended by itself
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._thread = self._loop = None
        self._raise_fault()

    # The thread.

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as fault:  # noqa: BLE001 - handed to the thread that asks next
            self._faults.append(fault)
        finally:
            self._listening.set()

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(
            lambda: Connection(self), LOOPBACK, self.port, ssl=self._tls, backlog=1024
        )
        self._listening.set()
        await self._stopping.wait()
        await accept_no_more(server)
        closing = [connection.lost for connection in self._connections]
        for connection in list(self._connections):
            connection.abort()
        await asyncio.gather(*closing)

    # What a connection calls.

    def opened(self, connection: Connection) -> int:
        """Takes a new connection and gives it its number."""
        with self._changed:
            self._connections.add(connection)
            self._opened += 1
            return self._opened

    def closed(self, connection: Connection) -> None:
        """Forgets a connection."""
        self._connections.discard(connection)

    def captured(self, request: Captured) -> Answer:
        """Keeps a request and says what to answer."""
        with self._changed:
            self._captured.append(request)
            self._changed.notify_all()
        try:
            return self._script if isinstance(self._script, Answer) else self._script(request)
        except Exception as fault:  # noqa: BLE001 - handed to the thread that asks next
            with self._changed:
                self._faults.append(fault)
                self._changed.notify_all()
            return Answer(abort=True)

    def answered(self, request: Captured, status: int) -> None:
        """Keeps what was answered."""
        with self._changed:
            request.status, request.answered = status, time.monotonic()
            self._changed.notify_all()

    def _raise_fault(self) -> None:
        if self._faults:
            raise self._faults.pop()


def _summary(found: list[Captured]) -> str:
    told = [f"{one.method} {one.path} -> {one.status or 'unanswered'} ({len(one.body)} bytes)" for one in found]
    shown = "; ".join(told[-5:]) or "none"
    return f"{len(found)} requests, {sum(one.status is not None for one in found)} answered; the last: {shown}"
