"""What hostile clients send to a server: heads without end, drips, stalled bodies, crowds, and what is too large."""

import asyncio
import contextlib
import resource
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from schemas.event import MEDIA_TYPE_V2
from schemas.limits import MAX_EVENTS, MAX_REFERENCES
from tests.kit.notifications import Poster
from tests.kit.process import Process

PATIENCE_S = 180.0
"""For what must come in 10 s."""
MIB = 2**20
HEAD = f"POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: {MEDIA_TYPE_V2}\r\n".encode()
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@contextmanager
def many_files() -> Iterator[None]:
    """2,500 connections need as many files, here alone: the server keeps to fewer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 8192), hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@asynccontextmanager
async def connected(process: Process) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection."""
    host, _, port = process.address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.close()


async def sent(process: Process, first: bytes, repeated: bytes = b"", times: int = 0) -> tuple[int, bytes]:
    """How many times something could be sent behind the first, and what was answered until the connection ended."""
    count = 0
    answer = b""
    async with connected(process) as (reader, writer):
        with contextlib.suppress(ConnectionError):
            writer.write(first)
            for _ in range(times):
                writer.write(repeated)
                await writer.drain()
                count += 1
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(PATIENCE_S):
                while piece := await reader.read(65536):
                    answer += piece
    return count, answer


def run(*attacks: Coroutine[Any, Any, Any]) -> list[Any]:
    """What the attacks come to, all at once."""

    async def all_at_once() -> list[Any]:
        return await asyncio.gather(*attacks)

    return asyncio.run(all_at_once())


HEADS = {
    "a header of 300 MiB": (HEAD + b"X-A: ", b"b" * 65536, 4800),
    "40 MiB of small headers": (HEAD, b"X: y\r\n" * 10_000, 700),
    "a path of 300 MiB": (b"GET /", b"b" * 65536, 4800),
    "trailers without end": (CHUNKED + b"0\r\n", b"X: " + b"y" * 65_000 + b"\r\n", 4800),
    "a chunk extension without end": (CHUNKED + b"1;", b"e" * 65536, 4800),
    "8 MiB in chunks of a byte": (CHUNKED, b"1\r\n \r\n" * 10_000, 840),
}


async def drip(process: Process) -> bytes:
    """A head that goes on for ever, a byte each second; what is answered."""
    answer = b""
    async with connected(process) as (reader, writer):
        with contextlib.suppress(ConnectionError):
            writer.write(HEAD + b"X-A: b")
            while not reader.at_eof():
                writer.write(b"a")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1.0):
                        answer += await reader.read(65536)
    return answer


async def stall(process: Process) -> bytes:
    """A body that lacks its last two bytes; what is answered."""
    head = HEAD + b"Content-Length: %d\r\n\r\n" % (8 * MIB)
    _, answer = await sent(process, head + b" " * (8 * MIB - 2))
    return answer


DRIPS, STALLS, SILENT = 500, 16, 2000


def crowd(process: Process) -> list[Any]:
    """500 heads that drip, 16 bodies that stall, 2,000 silent connections, and a large body of an honest client.

    Returns:
        The status of the honest one, and what the others were answered in their order.
    """

    async def large() -> int:
        await asyncio.sleep(2)
        with Poster(f"http://{process.address}/events") as poster:
            reply = await asyncio.to_thread(poster.post, b'{"events":[]}'.ljust(4 * MIB))
        return reply.status

    return run(
        large(),
        *(drip(process) for _ in range(DRIPS)),
        *(stall(process) for _ in range(STALLS)),
        *(sent(process, b"") for _ in range(SILENT)),
    )


async def ask_and_not_read(process: Process) -> None:
    """10,000 requests at once, and their answers left unread."""
    async with connected(process) as (_, writer):
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 10_000)
        await asyncio.sleep(5)


async def post(process: Process, body: bytes) -> int:
    """An envelope over a connection of its own, again as long as it is Kafka that is late; the status."""
    with Poster(f"http://{process.address}/events") as poster:
        return (await asyncio.to_thread(poster.insist, body, excuse=b"Kafka")).status


def events(*texts: str) -> bytes:
    """An envelope."""
    return ('{"events":[' + ",".join(texts) + "]}").encode()


def listed(member: str, item: str, count: int) -> bytes:
    """An envelope of one event with so many items."""
    return events('{"id":"a","target":{"%s":[%s]}}' % (member, ",".join([item] * count)))  # noqa: UP031 - of braces


TOO_LARGE = {
    "events": (events(*["{}"] * 100_001), "100,001 events; an envelope may have 10,000"),
    "millions of events": (events(*["{}"] * 2_700_000), "an envelope may have 350,000 values"),
    "references": (listed("references", "{}", MAX_REFERENCES + 1), "40,001 references; an event may have 40,000"),
    "a million references": (listed("references", "{}", 1_000_000), "an envelope may have 350,000 values"),
}


LARGEST = {
    "events": events(*["{}"] * MAX_EVENTS),
    "references": listed("references", "{}", MAX_REFERENCES - 1),
    "annotations": events(
        '{"id":"a","target":{"annotations":{%s}}}' % ",".join(f'"{number:x}":"ab"' for number in range(349_000))  # noqa: UP031
    ),
    "wide characters": events('{"id":"\U0001f600' + "a" * (8 * MIB - 60) + '"}'),
}
