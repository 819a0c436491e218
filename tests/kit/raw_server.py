"""A server of raw sockets in the test's own loop, that does whatever its script says, HTTP or not."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from tests.kit.accepting import accept_no_more
from tests.kit.eventually import LIMIT_S

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@dataclass
class Peer:
    """One accepted connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the client has closed it, or the script has ended."""

    async def request(self) -> tuple[list[str], bytes]:
        """Read one request: its lines and its body."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("utf-8").split("\r\n")[:-2]
        lengths = [line.partition(":")[2] for line in head if line.lower().startswith("content-length:")]
        return head, await self.reader.readexactly(int(lengths[0]) if lengths else 0)

    async def say(self, *pieces: bytes, every_s: float = 0.0) -> None:
        """Write pieces, waiting between them."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            if every_s:
                await asyncio.sleep(every_s)

    async def until_gone(self) -> None:
        """Read until the client closes its side."""
        while await self.reader.read(65536):
            pass


Script = Callable[[Peer], Awaitable[None]]


@dataclass
class Server:
    """A listening socket whose connections follow a script, each in a task."""

    port: int
    peers: list[Peer]
    tasks: set[asyncio.Task[None]]
    tls: bool

    @property
    def address(self) -> str:
        """HOST:PORT."""
        return f"127.0.0.1:{self.port}"

    @property
    def open(self) -> int:
        """Connections that are open now."""
        return sum(not peer.closed.is_set() for peer in self.peers)


@asynccontextmanager
async def serving(script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """Serve connections by the script until the block ends."""
    peers: list[Peer] = []
    tasks: set[asyncio.Task[None]] = set()

    async def serve(peer: Peer) -> None:
        try:
            await script(peer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # the client went away: each test says whether that is right
        finally:
            peer.closed.set()
            peer.writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.append(Peer(reader, writer))
        tasks.add(asyncio.create_task(serve(peers[-1])))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    try:
        yield Server(server.sockets[0].getsockname()[1], peers, tasks, tls is not None)
    finally:
        await accept_no_more(server)
        for task in tasks:
            task.cancel()
        for peer in peers:
            peer.writer.transport.abort()
        await asyncio.gather(*tasks, *(peer.writer.wait_closed() for peer in peers), return_exceptions=True)


def answering(*answer: bytes, every_s: float = 0.0) -> Script:
    """A script that answers each request with these bytes, and keeps the connection."""

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.say(*answer, every_s=every_s)

    return script


def answering_once(*answer: bytes, every_s: float = 0.0) -> Script:
    """A script that answers one request with these bytes, and closes."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.say(*answer, every_s=every_s)

    return script


async def hang(peer: Peer) -> None:
    """Read the request and never answer."""
    await peer.until_gone()


async def soon(condition: Callable[[], bool], what: str, limit_s: float = LIMIT_S) -> None:
    """Wait until a condition holds, letting the loop run; AssertionError with `what` after so many seconds."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.005)


@contextmanager
def refusing() -> Iterator[str]:
    """An address where connections are refused: bound, and not listening."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"
