"""An answer that goes on, over a real connection: what a client sees of it, and what becomes of one that is gone."""

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from runtime.config.addresses import Address
from runtime.http.asgi import Request, Route, application
from runtime.http.bindings import TcpBinding
from runtime.http.event_stream import EventStream
from runtime.http.server import Server
from tests.kit.eventually import LIMIT_S

PIECE = b"data: x\n\n"
LARGE = b"data: " + b"x" * 100_000 + b"\n\n"


class Source:
    """Events that a test gives out."""

    def __init__(self) -> None:
        self.wanted: asyncio.Queue[bytes] = asyncio.Queue()
        self.given = 0
        self.closed = asyncio.Event()

    async def events(self) -> AsyncGenerator[bytes, None]:
        """An empty event is the end."""
        try:
            while event := await self.wanted.get():
                self.given += 1
                yield event
        finally:
            self.closed.set()


@asynccontextmanager
async def serving(source: Source) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """A server whose every answer is this stream: its port, and what stops it."""

    async def respond(_: Request) -> EventStream:
        return EventStream(events=source.events())

    stop = asyncio.Event()
    server = Server(application([Route.get("/", respond)]), TcpBinding(Address("127.0.0.1", 0)), drain_s=1.0)
    assert server.address is not None
    running = asyncio.create_task(server.serve(stop))
    try:
        yield server.address.port, stop
    finally:
        stop.set()
        await running


async def asked(port: int, method: bytes = b"GET") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection on which a request was sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"%b / HTTP/1.1\r\nHost: x\r\n\r\n" % method)
    return reader, writer


def test_events_come_as_they_happen() -> None:
    """Each at once, and the end is that of the connection."""

    async def scenario() -> None:
        source = Source()
        async with serving(source) as (port, _):
            reader, writer = await asked(port)
            source.wanted.put_nowait(PIECE)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"content-type: text/event-stream" in head
            assert b"connection: close" in head
            assert b"x-content-type-options: nosniff" in head
            assert b"content-length" not in head
            assert PIECE == await reader.readexactly(len(PIECE))
            source.wanted.put_nowait(PIECE)
            assert PIECE == await reader.readexactly(len(PIECE))
            source.wanted.put_nowait(b"")
            assert b"" == await reader.read()
            writer.close()

    asyncio.run(asyncio.wait_for(scenario(), LIMIT_S))


def test_whoever_is_gone_is_noticed() -> None:
    """With the next events, and the source is closed."""

    async def scenario() -> None:
        source = Source()
        async with serving(source) as (port, _):
            reader, writer = await asked(port)
            source.wanted.put_nowait(PIECE)
            await reader.readuntil(PIECE)
            writer.close()
            await writer.wait_closed()
            while not source.closed.is_set():
                source.wanted.put_nowait(PIECE)
                await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(scenario(), LIMIT_S))


def test_whoever_does_not_read_gets_no_more() -> None:
    """What is in memory for it stays small: the source is asked for no more."""

    async def scenario() -> None:
        source = Source()
        async with serving(source) as (port, _):
            client = socket.create_connection(("127.0.0.1", port))
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            for _ in range(1000):
                source.wanted.put_nowait(LARGE)
            given = -1
            while given != source.given or not given:
                given = source.given
                await asyncio.sleep(0.2)
            assert given < 200
            client.close()
            await source.closed.wait()

    asyncio.run(asyncio.wait_for(scenario(), LIMIT_S))


def test_a_server_that_stops_breaks_it_off() -> None:
    """Without an answer in the middle of it."""

    async def scenario() -> None:
        source = Source()
        async with serving(source) as (port, stop):
            reader, writer = await asked(port)
            source.wanted.put_nowait(PIECE)
            await reader.readuntil(PIECE)
            stop.set()
            assert b"" == await reader.read()
            await source.closed.wait()
            writer.close()

    asyncio.run(asyncio.wait_for(scenario(), LIMIT_S))


def test_a_head_is_not_followed_by_events() -> None:
    """HEAD gets the head alone."""

    async def scenario() -> None:
        async with serving(Source()) as (port, _):
            reader, writer = await asked(port, b"HEAD")
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"text/event-stream" in head
            writer.close()

    asyncio.run(asyncio.wait_for(scenario(), LIMIT_S))
