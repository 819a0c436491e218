"""The guard with uvicorn's own parser behind it, in virtual time: deadlines, order of requests, who is let wait."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from uvicorn import Config
from uvicorn.server import ServerState

from runtime.http import limits
from runtime.http.guarded_connection import GuardedConnection
from runtime.http.open_connections import OpenConnections, Precedence
from runtime.http.server_protocol import GuardedServing
from runtime.http.unreadable import Unreadable
from tests.kit.virtual_time import simulated

GET = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"


@dataclass
class Wire(asyncio.Transport):
    """The server's side of a connection, without a socket."""

    written: bytearray = field(default_factory=bytearray)
    is_paused: bool = False
    ended: str = ""
    is_half_closed: bool = False
    buffers: bool = False
    """Whether the client does not read: what is written stays, and so does the connection."""
    protocol: GuardedConnection | None = None

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """The addresses."""
        return {"peername": ("192.0.2.7", 1234), "sockname": ("192.0.2.1", 80)}.get(name, default)

    def write(self, data: Any) -> None:
        """Keep it."""
        self.written += data

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return self.ended != ""

    def can_write_eof(self) -> bool:
        """It is no TLS."""
        return True

    def write_eof(self) -> None:
        """Write no more."""
        self.is_half_closed = True

    def close(self) -> None:
        """End when all is written."""
        self._end("closed")

    def abort(self) -> None:
        """End at once."""
        self.ended, self.buffers = "aborted", False
        self._end("aborted")

    def pause_reading(self) -> None:
        """Stop."""
        self.is_paused = True

    def resume_reading(self) -> None:
        """Go on."""
        self.is_paused = False

    def _end(self, how: str) -> None:
        self.ended = self.ended or how
        if self.protocol is not None and not self.buffers:
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)
            self.protocol = None


@dataclass
class Served:
    """One connection to a server whose application answers what it is told, and when."""

    app: Callable[[Any, Any, Any], Awaitable[None]]
    refused: list[Unreadable] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.open = OpenConnections(self)
        config = Config(self.app, lifespan="off", interface="asgi3", ws="none", log_config=None)
        make = GuardedServing(self.app, self.open, self)
        connection = make(config, ServerState(), {})
        assert isinstance(connection, GuardedConnection)
        self.connection = connection
        self.wire = Wire(protocol=self.connection)
        self.connection.connection_made(self.wire)

    def unreadable(self, refused: Unreadable) -> None:
        """Keep it."""
        self.refused.append(refused)

    def closed(self, reason: str) -> None:
        """Keep it."""
        self.reasons.append(reason)

    async def send(self, data: bytes) -> None:
        """Bring bytes as a socket would: as many as there is room for, while they are read."""
        while data and not self.wire.is_closing():
            if not self.wire.is_paused:
                room = self.connection.get_buffer(-1)
                piece, data = data[: len(room)], data[len(room) :]
                room[: len(piece)] = piece
                self.connection.buffer_updated(len(piece))
            await asyncio.sleep(0.001)

    async def wait(self, seconds: float) -> None:
        """Let time pass, with a look at the connection each half second, as the server does."""
        for _ in range(round(seconds * 2)):
            await asyncio.sleep(0.5)
            self.open.sweep(asyncio.get_running_loop().time())

    @property
    def statuses(self) -> list[int]:
        """Of the answers so far."""
        return [int(part[:3]) for part in bytes(self.wire.written).split(b"HTTP/1.1 ")[1:]]


async def answers(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body, then answers."""
    more, size = True, 0
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        more, size = message["more_body"], size + len(message["body"])
    await say(200, b"%d" % size, send)


async def never(scope: Any, receive: Any, send: Any) -> None:
    """Answers nothing."""
    await asyncio.sleep(1e9)


async def slowly(scope: Any, receive: Any, send: Any) -> None:
    """Answers after three seconds."""
    await asyncio.sleep(3.0)
    await say(200, b"", send)


async def refuses(scope: Any, receive: Any, send: Any) -> None:
    """Answers without reading the body."""
    await say(405, b"", send)


async def say(status: int, body: bytes, send: Any) -> None:
    """One answer."""
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


def post(length: int, headers: bytes = b"") -> bytes:
    """The head of a POST."""
    return b"POST / HTTP/1.1\r\nHost: a\r\n%bContent-Length: %d\r\n\r\n" % (headers, length)


@simulated
async def test_who_says_nothing_is_closed() -> None:
    """In time, without an answer; line breaks say nothing."""
    served = Served(answers)
    for _ in range(9):
        await served.wait(1)
        await served.send(b"\r\n")
    assert served.wire.ended == ""
    await served.wait(2)
    assert ("aborted", b"", ["silent"]) == (served.wire.ended, bytes(served.wire.written), served.reasons)
    assert 0 == len(served.open)


@simulated
async def test_a_head_has_its_time_from_the_first_byte() -> None:
    """Whatever comes meanwhile; then 408."""
    served = Served(answers)
    await served.wait(5)
    for byte in b"POST /eve":
        await served.send(bytes([byte]))
        await served.wait(1)
    await served.wait(0.5)
    assert [] == served.statuses
    await served.wait(1)
    assert ([408], "closed", ["slow"], []) == (served.statuses, served.wire.ended, served.reasons, served.refused)


@simulated
async def test_who_sends_no_more_is_answered_before_the_end() -> None:
    """Each whole request is, one after the other; a client in Go or a script may close its half and wait."""
    served = Served(slowly)
    await served.send(GET)
    assert served.connection.eof_received()
    await served.wait(2)
    assert ([], "") == (served.statuses, served.wire.ended)
    await served.wait(2)
    assert ([200], "closed", []) == (served.statuses, served.wire.ended, served.reasons)


@simulated
async def test_who_sends_no_more_in_the_middle_is_not_waited_for() -> None:
    """There is nothing to answer: asyncio closes the connection."""
    for sent in (b"", GET[:-5], post(10), post(10) + b"12345"):
        served = Served(answers)
        await served.send(sent)
        assert not served.connection.eof_received()


@simulated
async def test_an_idle_connection_waits_longer() -> None:
    """Once a request was answered; its end is nothing to tell of."""
    served = Served(answers)
    await served.send(GET)
    await served.wait(limits.KEEP_ALIVE_S - 1)
    assert "" == served.wire.ended
    assert Precedence.IDLE is served.connection.precedence
    await served.wait(2)
    assert ("closed", [], [200]) == (served.wire.ended, served.reasons, served.statuses)


@simulated
async def test_a_body_is_to_make_progress() -> None:
    """Each 64 KiB has its time; a body that stalls is 408, and its application learns that the client is gone."""
    served = Served(answers)
    await served.send(post(1_000_000))
    for _ in range(8):
        await served.send(b"a" * limits.BODY_STEP_BYTES)
        await served.wait(9)
    await served.send(b"a" * (limits.BODY_STEP_BYTES - 1))
    assert ([], Precedence.SENDING) == (served.statuses, served.connection.precedence)
    await served.wait(2)
    assert ([408], "closed") == (served.statuses, served.wire.ended)
    [refused] = served.refused
    assert ("slow", "the body arrives more slowly than 64 KiB in 10 s") == (refused.reason, refused.error)


@simulated
async def test_a_server_that_is_behind_blames_nobody() -> None:
    """An application that does not read its body stops the reading; that is not the client's slowness."""
    served = Served(never)
    sending = asyncio.create_task(served.send(post(10**6) + b"a" * 10**6))
    await served.wait(20)
    assert (True, "", []) == (served.wire.is_paused, served.wire.ended, served.statuses)
    sending.cancel()


@simulated
async def test_the_next_request_waits_for_the_answer() -> None:
    """However many come at once: one is parsed at a time, in order, and no more is read than fits."""
    served = Served(answers)
    many = 500
    await served.send(b"".join(post(number % 7) + b"a" * (number % 7) for number in range(many)))
    await served.wait(1)
    bodies = [part.partition(b"\r\n\r\n")[2] for part in bytes(served.wire.written).split(b"HTTP/1.1 ")[1:]]
    assert [b"%d" % (number % 7) for number in range(many)] == bodies
    assert Precedence.IDLE is served.connection.precedence


@simulated
async def test_what_comes_before_the_answer_is_not_read_on() -> None:
    """At most one read waits; the connection that gets its answer never makes room."""
    served = Served(never)
    sending = asyncio.create_task(served.send(GET * 10_000))
    await served.wait(20)
    assert (True, "") == (served.wire.is_paused, served.wire.ended)
    assert Precedence.ANSWERING is served.connection.precedence
    sending.cancel()


@simulated
async def test_the_rest_of_an_answered_body_is_dropped() -> None:
    """If it comes in time the connection serves on; else it is closed, however much comes."""
    served = Served(refuses)
    await served.send(post(500_000) + b"a" * 400_000)
    await served.wait(9)
    await served.send(b"a" * 100_000 + GET)
    await served.wait(1)
    assert ([405, 405], "") == (served.statuses, served.wire.ended)
    await served.send(post(10**9))
    for _ in range(11):
        await served.send(b"a" * 100_000)
        await served.wait(1)
    assert ([405, 405, 405], True) == (served.statuses, served.wire.is_closing())


@simulated
async def test_the_last_answer_can_be_read_by_who_sends_first() -> None:
    """The server closes its own half of the connection, and the other when the body has come or has had its time."""
    for rest, seconds, ended in ((b"a" * 300_000 + GET, 1, "closed"), (b"a", 9, ""), (b"a", 11, "closed")):
        served = Served(refuses)
        await served.send(post(500_000, b"Connection: close\r\n") + b"a" * 200_000)
        await served.wait(1)
        assert ([405], True, "") == (served.statuses, served.wire.is_half_closed, served.wire.ended)
        await served.send(rest)
        await served.wait(seconds - 1)
        assert ([405], ended) == (served.statuses, served.wire.ended)
    served = Served(answers)
    await served.send(post(3, b"Connection: close\r\n") + b"abc")
    await served.wait(1)
    assert ([200], False, "closed") == (served.statuses, served.wire.is_half_closed, served.wire.ended)


@simulated
async def test_a_client_that_does_not_read_is_closed() -> None:
    """While it is answered, and when its connection is to be closed."""
    served = Served(answers)
    served.connection.pause_writing()
    await served.wait(9)
    served.connection.resume_writing()
    served.connection.pause_writing()
    await served.wait(9)
    assert ("", Precedence.STRANGER) == (served.wire.ended, served.connection.precedence)
    await served.wait(2)
    assert ("aborted", ["unread"]) == (served.wire.ended, served.reasons)
    served = Served(answers)
    served.wire.buffers = True
    await served.send(b"nonsense\r\n\r\n")
    await served.wait(12)
    assert ([400], "aborted", ["unread"]) == (served.statuses, served.wire.ended, served.reasons)


@simulated
async def test_too_much_of_a_head_is_431() -> None:
    """Bytes or headers, of trailers too; once, and nothing reaches the application."""
    long = b"GET / HTTP/1.1\r\nX: " + b"a" * limits.MAX_HEAD_BYTES
    many = b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * (limits.MAX_HEADERS + 2)
    chunked = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    for text, says in (
        (long, "the request line and headers have more than 64 KiB"),
        (many, "the request has more than 100 headers"),
        (chunked + b"X: y\r\n" * limits.MAX_HEADERS + b"\r\n", "the request has more than 100 headers"),
        (chunked + b"X: " + b"a" * limits.MAX_HEAD_BYTES, "the trailers have more than 64 KiB"),
    ):
        served = Served(answers)
        await served.send(text * 2)
        assert [431] == served.statuses, served.refused
        assert [(431, "head", says)] == [(one.status, one.reason, one.error) for one in served.refused]
        assert "closed" == served.wire.ended


@simulated
async def test_as_much_of_a_head_as_may_be_is_taken() -> None:
    """The largest, with the most headers, and what an application gets of trailers: nothing."""
    headers = b"X: y\r\n" * (limits.MAX_HEADERS - 1)
    pad = limits.MAX_HEAD_BYTES - len(b"GET / HTTP/1.1\r\n" + headers + b"X: \r\n\r\n")
    served = Served(answers)
    await served.send(b"GET / HTTP/1.1\r\n" + headers + b"X: " + b"a" * pad + b"\r\n\r\n")
    await served.send(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: 1\r\n\r\n" + GET)
    await served.wait(1)
    assert [200, 200, 200] == served.statuses
