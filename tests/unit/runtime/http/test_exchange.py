"""A request and its answer, as the application has them, on a connection that keeps what is written."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from structlog.testing import capture_logs

from runtime.http.asgi import Receive, Scope, Send
from runtime.http.exchange import Exchange
from tests.kit.virtual_time import simulated

DATE = (b"date", b"today")
App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass
class Written:
    """A connection."""

    default_headers: list[tuple[bytes, bytes]] = field(default_factory=lambda: [DATE])
    written: bytes = b""
    taken: int = 0
    kept: list[bool] = field(default_factory=list)
    is_closed: bool = False

    def body_taken(self) -> None:
        """Count it."""
        self.taken += 1

    async def writable(self) -> None:
        """At once."""

    def write(self, data: bytes) -> None:
        """Keep it."""
        self.written += data

    def answered(self, *, keeps_alive: bool) -> None:
        """Keep it."""
        self.kept.append(keeps_alive)

    def close(self) -> None:
        """Keep it."""
        self.is_closed = True


def exchange_on(connection: Written, *, keeps_alive: bool = True, expects_continue: bool = False) -> Exchange:
    """A POST."""
    scope = {"type": "http", "method": "POST", "path": "/x"}
    return Exchange(scope, connection, keeps_alive=keeps_alive, expects_continue=expects_continue)


async def answer(send: Send, *headers: tuple[bytes, bytes], status: int = 200, body: bytes = b"done") -> None:
    """Send an answer."""
    await send({"type": "http.response.start", "status": status, "headers": [*headers]})
    await send({"type": "http.response.body", "body": body})


@simulated
async def test_an_answer_is_written_at_once_and_whole() -> None:
    """Head and body together; a connection that is not kept says so."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await answer(send, (b"x", b"1"), status=404)

    for keeps_alive, extra in ((True, b""), (False, b"connection: close\r\n")):
        connection = Written()
        await exchange_on(connection, keeps_alive=keeps_alive).run(app)
        assert b"HTTP/1.1 404 Not Found\r\ndate: today\r\nx: 1\r\n%b\r\ndone" % extra == connection.written
        assert [keeps_alive] == connection.kept


@simulated
async def test_a_body_comes_in_pieces() -> None:
    """Those that have come are taken together; whoever is late is waited for, and told to go on."""
    taken: list[Any] = []

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        while not taken or taken[-1]["more_body"]:
            taken.append(await receive())
        await answer(send)
        taken.append(await receive())

    connection = Written()
    exchange = exchange_on(connection, expects_continue=True)
    running = asyncio.create_task(exchange.run(app))
    await asyncio.sleep(0)
    assert b"HTTP/1.1 100 Continue\r\n\r\n" == connection.written
    behind = []
    for piece in (b"a" * 65_536, b"b"):
        exchange.came(piece)
        behind.append(exchange.is_behind)
    await asyncio.sleep(0)
    assert [False, True, False] == [*behind, exchange.is_behind]
    assert 1 == connection.taken
    exchange.came(b"c")
    exchange.ended()
    await running
    assert [(65_537, True), (1, False)] == [(len(one["body"]), one["more_body"]) for one in taken[:2]]
    assert {"type": "http.disconnect"} == taken[2], "it is answered"
    exchange.came(b"late" * 65_536)
    assert not exchange.is_behind, "what nobody takes is dropped"


@simulated
async def test_what_was_not_taken_before_the_answer_is_dropped() -> None:
    """It keeps nobody from reading on: who sends first is to read the answer."""

    async def refuses(_scope: Scope, _receive: Receive, send: Send) -> None:
        await asyncio.sleep(1)
        await answer(send, status=401)

    exchange = exchange_on(Written())
    running = asyncio.create_task(exchange.run(refuses))
    exchange.came(b"a" * 65_537)
    assert exchange.is_behind
    await running
    assert not exchange.is_behind


@simulated
async def test_a_body_that_nobody_takes_holds_up_nothing() -> None:
    """An application may answer without it; the connection reads on, to the next request."""

    async def refuses(_scope: Scope, _receive: Receive, send: Send) -> None:
        await asyncio.sleep(1)
        await answer(send, status=404)

    exchange = exchange_on(Written())
    running = asyncio.create_task(exchange.run(refuses))
    exchange.came(b"a" * 65_537)
    behind = [exchange.is_behind]
    await running
    assert [True, False] == [*behind, exchange.is_behind]


@simulated
async def test_a_client_that_is_gone() -> None:
    """The application learns of it; nothing is written, and the answer counts as none."""
    told: list[Any] = []

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        told.append(await receive())
        await answer(send)

    connection = Written()
    exchange = exchange_on(connection)
    running = asyncio.create_task(exchange.run(app))
    await asyncio.sleep(1)
    exchange.gone()
    await running
    assert [{"type": "http.disconnect"}] == told
    assert (b"", []) == (connection.written, connection.kept)


@pytest.mark.parametrize("header", [(b"x", b"1\r\nset-cookie: a"), (b"x", b"1\n"), (b"x\r", b"1")])
def test_a_line_break_splits_no_answer(header: tuple[bytes, bytes]) -> None:
    """It is a fault of ours: logged, and answered 500."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await answer(send, header)

    connection = Written()
    with capture_logs() as lines:
        asyncio.run(exchange_on(connection).run(app))
    assert connection.written.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"set-cookie" not in connection.written
    assert ["http.failed"] == [line["event"] for line in lines]
    assert [False] == connection.kept


@simulated
async def test_a_request_that_is_broken_off() -> None:
    """When the server stops and does not wait any longer: 503, and the connection ends; or just that, if answered."""

    async def hangs(_scope: Scope, _receive: Receive, _send: Send) -> None:
        await asyncio.sleep(1000)

    async def lingers(_scope: Scope, _receive: Receive, send: Send) -> None:
        await answer(send)
        await asyncio.sleep(1000)

    for app, beginning, closed in ((hangs, b"HTTP/1.1 503 ", False), (lingers, b"HTTP/1.1 200 ", True)):
        connection = Written()
        running = asyncio.create_task(exchange_on(connection).run(app))
        await asyncio.sleep(1)
        running.cancel()
        await running
        assert connection.written.startswith(beginning)
        assert 1 == connection.written.count(b"HTTP/1.1 ")
        assert closed is connection.is_closed
