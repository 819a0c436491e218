"""The HTTP server on raw connections: what it takes for a request, what it refuses, and who learns of it."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from runtime.config.addresses import Address
from runtime.http.asgi import Request, Response, Route, application
from runtime.http.bindings import TcpBinding
from runtime.http.server import Server
from runtime.http.unreadable import Unreadable
from tests.kit.paths import FAULTS

H2C_POST = (FAULTS / "h2c-post.http").read_bytes()
HEAD_END = H2C_POST.index(b"\r\n\r\n") + 4
BODY = H2C_POST[HEAD_END:]
OFFER = b"Connection: keep-alive, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
CHUNKED = b"5\r\nabcde\r\n3\r\nfgh\r\n0\r\n\r\n"
TIMEOUT_S = 180.0


@dataclass
class Refusals:
    """Keeps what the server refuses."""

    refused: list[Unreadable] = field(default_factory=list)

    def unreadable(self, refused: Unreadable) -> None:
        """Keep it."""
        self.refused.append(refused)

    def closed(self, reason: str) -> None:
        """Nothing here is closed without an answer."""


@dataclass
class Up:
    """A server that is up; its application answers what it was asked, as JSON."""

    port: int
    unreadable: list[Unreadable] = field(default_factory=list)

    async def answers(self, *pieces: bytes) -> bytes:
        """All that one connection answers to these pieces, sent one after another, until the server closes it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        reading = asyncio.create_task(_all(reader))
        try:
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0.05)  # a segment of its own
            return await asyncio.wait_for(reading, TIMEOUT_S)
        finally:
            writer.close()


async def _all(reader: asyncio.StreamReader) -> bytes:
    found = b""
    with contextlib.suppress(ConnectionResetError):  # it was closed with something unread
        while piece := await reader.read(65536):
            found += piece
    return found


@asynccontextmanager
async def serving(*, observed: bool = True) -> AsyncIterator[Up]:
    """A server on a free port, that passes what it refuses to an observer or else logs it."""

    async def respond(request: Request) -> Response:
        if request.path == "/refused":
            return Response.text(405, "not here")
        body = b"".join([piece async for piece in request.chunks()])
        names = sorted(name.decode() for name, _ in request.scope["headers"])
        return Response.json(200, {"method": request.method, "body": body.decode(), "headers": names})

    everything = Route(("GET", "HEAD", "POST"), lambda _: True, respond)
    observer = Refusals()
    server = Server(
        application([everything]),
        TcpBinding(Address("127.0.0.1", 0)),
        drain_s=1.0,
        observer=observer if observed else None,
    )
    stop = asyncio.Event()
    running = asyncio.create_task(server.serve(stop))
    try:
        assert server.address is not None
        yield Up(server.address.port, observer.refused)
    finally:
        stop.set()
        await running


def bodies(answers: bytes) -> list[str]:
    """The bodies that the application was given, of all answers; each answer must be 200."""
    found = []
    while answers:
        head, _, rest = answers.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), answers
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        found.append(json.loads(rest[:length])["body"])
        answers = rest[length:]
    return found


LAST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def run(*pieces: bytes) -> tuple[bytes, list[Unreadable]]:
    """The answers of a server to these pieces, and what its observer learned."""

    async def exchange() -> tuple[bytes, list[Unreadable]]:
        async with serving() as up:
            return await up.answers(*pieces), up.unreadable

    return asyncio.run(exchange())


def post(headers: bytes, body: bytes, *, version: bytes = b"1.1", length: bool = True) -> bytes:
    """A POST."""
    framing = b"Content-Length: %d\r\n" % len(body) if length else b"Transfer-Encoding: chunked\r\n"
    return b"POST /x?y=1 HTTP/%b\r\nHost: a\r\n%b%b\r\n%b" % (version, headers, framing, body)


@pytest.mark.parametrize("cuts", [(), (HEAD_END,), (HEAD_END - 2,), (HEAD_END + 1,), (40, HEAD_END, HEAD_END + 300)])
def test_offer_of_h2c_is_ignored(cuts: tuple[int, ...]) -> None:
    """A POST that offers HTTP/2 is a POST, however its bytes are cut, and the connection serves on."""
    ends = [0, *cuts, len(H2C_POST)]
    pieces = [H2C_POST[start:end] for start, end in pairwise(ends)]
    answers, refused = run(*pieces, H2C_POST, post(b"", b"plain"), LAST)
    assert [BODY.decode(), BODY.decode(), "plain", ""] == bodies(answers)
    assert [] == refused


def test_the_offer_alone_is_left_out() -> None:
    """The application sees every other header; what `Connection` says beside the offer stays."""
    answers, _ = run(post(OFFER + b"X-One: 1\r\nX-One:  2 \r\n", b"b"), LAST)
    names = json.loads(answers.partition(b"\r\n\r\n")[2].partition(b"HTTP/")[0])["headers"]
    assert ["connection", "content-length", "host", "x-one", "x-one"] == names
    closing = OFFER.replace(b"keep-alive", b"close")
    assert [BODY.decode()] == bodies(run(post(closing, BODY) + post(b"", b"never"))[0])


@pytest.mark.parametrize(
    ("request_bytes", "body"),
    [
        (post(OFFER, CHUNKED, length=False), "abcdefgh"),
        (post(OFFER, b""), ""),
        (post(OFFER, b"x" * 300_000), "x" * 300_000),
        (post(OFFER + b"Expect: 100-continue\r\n", b"b"), "b"),
        (post(OFFER, b"old", version=b"1.0"), "old"),
        (post(b"", b"old", version=b"1.0"), "old"),
        (b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", ""),
        (b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n\r\n", ""),
    ],
)
def test_requests_that_offer_another_protocol(request_bytes: bytes, body: str) -> None:
    """Chunked, empty, large, with `100 Continue`, HTTP/1.0, a websocket: each is the request it would be else."""
    old = b" HTTP/1.0" in request_bytes  # whose connection ends with its answer
    answers, refused = run(request_bytes, *([] if old else [LAST]))
    assert [body, *([] if old else [""])] == bodies(answers.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n"))
    assert [] == refused


def test_many_offers_in_one_segment() -> None:
    """Pipelined requests that all offer are all answered, in order."""
    many = 2_000
    pipelined = b"".join(post(OFFER, b"%d" % number) for number in range(many))
    assert [*(str(number) for number in range(many)), ""] == bodies(run(pipelined + LAST)[0])


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (b"\x00\x01 nonsense\r\n\r\n", "Invalid method"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/2"),
        (post(b"Content-Length: 1\r\n", b"b"), "Content-Length"),
        (post(b"X: a\r\n folded\r\n", b"b"), "whitespace"),
        (post(b"Transfer-Encoding: chunked\r\n", b"b"), "Transfer-Encoding"),
        (post(b"X: a\x00b\r\n", b"b"), "header"),
        (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT"),
        (b"POST http:// HTTP/1.1\r\nHost: a\r\n\r\n", "url"),
        (post(OFFER + b"Content-Length: 1\r\n", b"b"), "Content-Length"),
    ],
)
def test_what_is_no_request_is_told_once(sent: bytes, says: str) -> None:
    """Whatever the server itself refuses is answered 400 and observed with its sender, once, whatever follows."""
    answer, refused = run(sent, sent)
    assert answer.startswith(b"HTTP/1.1 400 ")
    [one] = refused
    assert says.lower() in one.error.lower()
    assert (one.error.encode(), "protocol") == (answer.partition(b"\r\n\r\n")[2], one.reason)
    host, _, port = one.sender.partition(":")
    assert (host, True) == ("127.0.0.1", port.isdecimal())


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_an_early_answer_reaches_who_sends_first(version: bytes) -> None:
    """Over a connection that is to be closed behind it: a server that closes at once makes the client lose it."""

    async def exchange() -> bytes:
        async with serving() as up:
            reader, writer = await asyncio.open_connection("127.0.0.1", up.port)
            head = b"POST /refused HTTP/%b\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
            try:
                writer.write(head % (version, 20_000_000))
                for _ in range(20):
                    writer.write(b"a" * 1_000_000)
                    await writer.drain()
                return await asyncio.wait_for(reader.read(), TIMEOUT_S)
            finally:
                writer.close()

    answer = asyncio.run(exchange())
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert answer.endswith(b"not here")


def test_tls_is_named() -> None:
    """A sender that is configured with https:// shakes hands here: that is said in so many words."""

    async def shake() -> list[Unreadable]:
        async with serving() as up:
            with pytest.raises(ssl.SSLError):
                await asyncio.open_connection("127.0.0.1", up.port, ssl=ssl.create_default_context())
            return up.unreadable

    [refused] = asyncio.run(shake())
    assert (400, "tls") == (refused.status, refused.reason)
    assert "this looks like TLS, but this address speaks plain HTTP" in refused.error


def test_what_nobody_hears_of_is_logged() -> None:
    """A server whose owner does not ask for it logs what it refuses: a line with the sender."""

    async def refused() -> None:
        async with serving(observed=False) as up:
            assert b" 400 " in await up.answers(b"nonsense\r\n\r\n")

    with capture_logs() as lines:
        asyncio.run(refused())
    [line] = [line for line in lines if line["event"] == "http.refused"]
    assert ("warning", 400) == (line["log_level"], line["status"])
    assert line["sender"].startswith("127.0.0.1:")
    assert "not a valid HTTP request: Invalid method" in line["error"]
