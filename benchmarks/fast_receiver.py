"""A webhook receiver that costs next to nothing, in a process of its own: `python -m benchmarks.fast_receiver`.

It answers 200 to everything, after a delay if one is given, and answers GET / with how much came.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any, cast

import uvloop

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


class Receiver(asyncio.Protocol):
    """One connection: enough of HTTP/1.1 for our own client."""

    requests = 0
    events = 0
    first = 0.0
    last = 0.0
    arrivals: list[tuple[bytes, float]] = []  # noqa: RUF012 - one receiver a process
    delay = 0.0
    keep_arrivals = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's is no subclass
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answer each whole request."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._buffer) < end + 4 + length:
                return
            self._take(head)
            self._buffer = self._buffer[end + 4 + length :]

    def _take(self, head: bytes) -> None:
        if head.startswith(b"get"):
            body = json.dumps(
                {
                    "requests": Receiver.requests,
                    "events": Receiver.events,
                    "seconds": Receiver.last - Receiver.first,
                    "arrivals": [(name.decode(), at) for name, at in Receiver.arrivals],
                }
            ).encode()
            self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
            return
        now = time.time()
        Receiver.first = Receiver.first or now
        Receiver.last = now
        Receiver.requests += 1
        at = head.find(b"registry-event:")
        Receiver.events += head[at:].split(b"\r\n", 1)[0].count(b",") + 1
        if Receiver.keep_arrivals:
            at = head.find(b"webhook-id:")
            Receiver.arrivals.append((head[at + 11 :].split(b"\r\n", 1)[0].strip(), now))
        if Receiver.delay:
            asyncio.get_running_loop().call_later(Receiver.delay, self._transport.write, ANSWER)
        else:
            self._transport.write(ANSWER)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class Running:
    """A receiver process."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/hook"

    def counts(self) -> dict[str, Any]:
        """What came so far."""
        with urllib.request.urlopen(self.url.replace("/hook", "/"), timeout=10) as answer:
            found: dict[str, Any] = json.loads(answer.read())
        return found

    def wait_for(self, events: int, limit_s: float) -> dict[str, Any]:
        """Wait until so many events came; what came.

        Raises:
            TimeoutError: not within `limit_s` seconds.
        """
        deadline = time.monotonic() + limit_s
        while (counts := self.counts())["events"] < events:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{counts['events']} of {events} events after {limit_s:g} s")
            time.sleep(0.1)
        return counts


@contextlib.contextmanager
def running(*, delay_s: float = 0.0, keep_arrivals: bool = False) -> Iterator[Running]:
    """A receiver for the time of a `with`."""
    command = [sys.executable, "-m", "benchmarks.fast_receiver", str(delay_s), str(int(keep_arrivals))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Running(int(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    Receiver.delay = float(sys.argv[1])
    Receiver.keep_arrivals = bool(int(sys.argv[2]))
    uvloop.run(_serve(int(sys.argv[3]) if len(sys.argv) > 3 else 0))
