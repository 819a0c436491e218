"""Hostile clients of a running intake, and of the worker's pages, on a real Kafka: what the others notice of them.

Whatever is sent, memory stays below 256 MiB, and small POSTs and `/livez` are answered after a second of work at most.
"""

import asyncio
import contextlib
import resource
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from broker import LocalKafka
from schemas.event import MEDIA_TYPE_V2
from schemas.limits import MAX_EVENTS, MAX_REFERENCES
from tests.kit.beside import Beside, resident_mib
from tests.kit.bridge import Installation, endpoint
from tests.kit.notifications import Poster
from tests.kit.process import Process

pytestmark = pytest.mark.kafka

PATIENCE_S = 60.0
"""For what must come in 10 s."""
MIB = 2**20
HEAD = f"POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: {MEDIA_TYPE_V2}\r\n".encode()
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def control(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """An intake that nobody attacks."""
    with Installation(kafka.bootstrap, "test-hostile-control", tmp_path_factory.mktemp("control")).bridge() as running:
        running.wait_ready()
        yield running


@pytest.fixture(scope="module")
def bridge(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The intake that is attacked; nothing in it fails."""
    with Installation(kafka.bootstrap, "test-hostile", tmp_path_factory.mktemp("hostile")).bridge() as running:
        running.wait_ready()
        yield running
        assert "Traceback" not in running.stderr


@pytest.fixture(autouse=True)
def many_files() -> Iterator[None]:
    """2,500 connections need as many files, here alone: the server keeps to fewer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 8192), hard), hard))
    yield
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


@pytest.mark.parametrize("name", HEADS)
def test_what_has_no_end_is_cut_off(bridge: Process, control: Process, name: str) -> None:
    """Soon, and with next to no memory; the rest cannot even be sent."""
    first, repeated, times = HEADS[name]
    with Beside(bridge, control) as beside:
        for count, answer in run(*(sent(bridge, first, repeated, times) for _ in range(4))):
            assert count < times
            assert not answer or answer[9:12] in {b"431", b"400"}
    beside.assert_unharmed(grown_mib=16)


def test_the_pages_of_the_worker_are_guarded_too(
    kafka: LocalKafka, control: Process, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """By the same server; the body of a request that needs none is not read for ever either."""
    setup = Installation(
        kafka.bootstrap,
        "test-hostile-control",
        tmp_path_factory.mktemp("pages"),
        endpoints=[endpoint("ci", "http://127.0.0.1:1/", start="end")],
    )
    with setup.worker() as worker:
        worker.wait_for_log("listening")
        with Beside(worker, control, is_intake=False) as beside:
            for name in ("a header of 300 MiB", "40 MiB of small headers"):
                first, repeated, times = HEADS[name]
                for count, answer in run(*(sent(worker, first, repeated, times) for _ in range(4))):
                    assert count < times
                    assert not answer or answer[9:12] == b"431"
        beside.assert_unharmed(grown_mib=16)
        assert "Traceback" not in worker.stderr


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


def test_who_sends_nothing_more_keeps_nobody_waiting(bridge: Process, control: Process) -> None:
    """500 heads that drip, 16 bodies that stall, 2,000 silent connections: all are closed, and others are served.

    Large bodies too: the stalled ones give way.
    """

    async def large() -> int:
        await asyncio.sleep(2)
        with Poster(f"http://{bridge.address}/events") as poster:
            reply = await asyncio.to_thread(poster.post, b'{"events":[]}'.ljust(4 * MIB))
        return reply.status

    with Beside(bridge, control) as beside:
        ended = run(
            large(),
            *(drip(bridge) for _ in range(500)),
            *(stall(bridge) for _ in range(16)),
            *(sent(bridge, b"") for _ in range(2000)),
        )
    assert 200 == ended[0]
    assert {b"", b"408"} >= {answer[9:12] for answer in ended[1:501]}
    assert {b"", b"408", b"503"} >= {answer[9:12] for answer in ended[501:517]}
    assert {b""} == {answer for _, answer in ended[517:]}
    beside.assert_unharmed()
    lines = [line for line in bridge.log() if line["event"] == "http.closed"]
    assert 0 < len(lines) < 20
    assert sum(line["connections"] for line in lines) > 1000


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


@pytest.mark.parametrize("name", TOO_LARGE)
def test_what_is_too_large_is_refused_whole(bridge: Process, control: Process, name: str) -> None:
    """With the limit; nothing of it is written, and nobody else is refused."""
    body, says = TOO_LARGE[name]
    with Beside(bridge, control) as beside, Poster(f"http://{bridge.address}/events") as poster:
        replies = [poster.post(body) for _ in range(2)]
    for reply in replies:
        assert 413 == reply.status
        assert says in reply.json["error"]
    beside.assert_unharmed()


LARGEST = {
    "events": events(*["{}"] * MAX_EVENTS),
    "references": listed("references", "{}", MAX_REFERENCES - 1),
    "annotations": events(
        '{"id":"a","target":{"annotations":{%s}}}' % ",".join(f'"{number:x}":"ab"' for number in range(349_000))  # noqa: UP031
    ),
    "wide characters": events('{"id":"\U0001f600' + "a" * (8 * MIB - 60) + '"}'),
}


@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_are_taken_beside_others(bridge: Process, control: Process, name: str) -> None:
    """What costs most of what is within the limits; three at once of what takes most memory."""

    async def post() -> int:
        with Poster(f"http://{bridge.address}/events") as poster:
            return (await asyncio.to_thread(poster.post, LARGEST[name])).status

    with Beside(bridge, control) as beside:
        statuses = run(*(post() for _ in range(3 if name == "wide characters" else 1)))
    assert {200} == set(statuses)
    beside.assert_unharmed()


def test_answers_that_nobody_reads_are_not_kept(bridge: Process, control: Process) -> None:
    """10,000 requests at once on each of 20 connections, and their answers left unread."""

    async def ask() -> None:
        async with connected(bridge) as (_, writer):
            writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 10_000)
            await asyncio.sleep(5)

    begun = resident_mib(bridge)
    with Beside(bridge, control) as beside:
        run(*(ask() for _ in range(20)))
    beside.assert_unharmed()
    assert resident_mib(bridge) - begun < 64
