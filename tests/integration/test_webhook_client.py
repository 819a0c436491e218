"""The webhook client against servers that do everything an HTTP server should not.

Nothing that the client says may show a secret: one stands in the URL and in the headers, and every answer and all logs
are searched for it.
"""

import asyncio
import gzip
import re
import time
from collections.abc import Sequence
from typing import Any

import pytest

from consumer.delivery.policy.outcome import ANSWER_LIMIT_BYTES, Answer, Fault, NoAnswer, Result
from consumer.delivery.webhook.formats import UnsendableError
from consumer.delivery.webhook.limited_client import Client
from consumer.delivery.webhook.request import WebhookRequest
from runtime.config import Secret
from runtime.http.client import VERSION
from tests.kit.raw_server import OK, Peer, Script, Server, answering, answering_once, hang, serving, soon
from tests.kit.webhook_client import (
    BODY,
    REQUEST,
    SECRET,
    TRIES,
    answered,
    checked,
    client_of,
    either_client,
    is_late,
    no_secret_in_logs,
    refused,
    url_of,
    values,
)

__all__ = ["either_client", "no_secret_in_logs"]


# What is sent.
def test_requests_share_a_connection() -> None:
    """Twenty requests in turn need one connection, eight at a time no more than eight."""

    async def scenario() -> tuple[int, int]:
        async with serving(answering(OK)) as server, client_of(url_of(server)) as client:
            for _ in range(20):
                assert await client.send(REQUEST) == Answer(200)
            alone = len(server.peers)
            for _ in range(5):
                assert await asyncio.gather(*(client.send(REQUEST) for _ in range(8))) == [Answer(200)] * 8
            return alone, len(server.peers)

    alone, together = asyncio.run(scenario())
    assert alone == 1
    assert together <= 8


def test_a_connection_that_the_server_gives_up_is_replaced() -> None:
    """An answer that says so ends its connection, and the next request does not fail."""
    closing = answering_once(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    async def scenario() -> int:
        async with serving(closing) as server, client_of(url_of(server)) as client:
            for _ in range(3):
                assert await checked(client.send(REQUEST)) == Answer(200)
            return len(server.peers)

    assert asyncio.run(scenario()) == 3


def heads_sent(
    requests: Sequence[WebhookRequest], answer: bytes = OK, attempt: dict[str, str] | None = None, **keys: Any
) -> list[list[str]]:
    """Send these; the lines of each request as they arrived."""
    heads: list[list[str]] = []

    async def script(peer: Peer) -> None:
        while True:
            head, body = await peer.request()
            assert body == BODY
            heads.append(head)
            await peer.say(answer)

    async def scenario() -> None:
        async with serving(script) as server, client_of(url_of(server), **keys) as client:
            for request in requests:
                assert await client.send(request, attempt) == Answer(200)

    asyncio.run(scenario())
    return heads


def test_the_request_is_a_post_with_our_headers_and_those_of_the_attempt() -> None:
    """Path and query arrive, user info as Basic authorization, every header once, and no encoding is asked for."""
    ((line, *_), *_) = (head,) = heads_sent([REQUEST], attempt={"webhook-timestamp": "7"})

    assert line == f"POST /hook?token={SECRET} HTTP/1.1"
    assert values(head, "user-agent") == [f"registry-worker/{VERSION}"]
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", VERSION)
    assert values(head, "content-type") == ["application/json"]
    assert (values(head, "webhook-id"), values(head, "webhook-timestamp")) == (["evt"], ["7"])
    assert values(head, "authorization")[0].startswith("Basic ")
    assert values(head, "accept-encoding") == []


def test_configured_headers_keep_their_lines_and_replace_ours() -> None:
    """A header with several values is several lines in order; User-Agent and Content-Type stand once, as configured."""
    configured = [
        ("X-Team", "b"),
        ("User-Agent", "mine"),
        ("x-team", "a"),
        ("content-TYPE", "text/x"),
        ("X-É"[:2], "é"),
    ]
    headers = tuple((name, Secret(value)) for name, value in [*configured, ("Authorization", SECRET)])

    (head,) = heads_sent([REQUEST], headers=headers)

    assert values(head, "x-team") == ["b", "a"]
    assert values(head, "x-") == ["é"]
    assert values(head, "user-agent") == ["mine"]
    assert values(head, "content-type") == ["text/x"]
    assert values(head, "authorization") == [SECRET]


def test_cookies_are_not_kept() -> None:
    """What one answer sets, the next request does not carry."""
    first, second = heads_sent([REQUEST] * 2, b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")

    assert values(first, "cookie") == values(second, "cookie") == []


def test_a_request_that_cannot_be_built_is_unsendable() -> None:
    """A line break in a header is refused before anything is sent, and the refusal does not show the value."""
    broken = WebhookRequest(BODY, (("webhook-id", f"a\r\nX-Evil: {SECRET}"),), "a")

    async def scenario() -> tuple[UnsendableError, int]:
        async with serving(answering(OK)) as server, client_of(url_of(server)) as client:
            with pytest.raises(UnsendableError, match="refuses to build") as refused:
                await client.send(broken)
            return refused.value, len(server.peers)

    error, connections = asyncio.run(scenario())
    assert connections == 0
    assert SECRET not in str(error)
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__


# Deadlines and limits.
@pytest.mark.parametrize(
    "script",
    [
        hang,
        answering_once(*[bytes([octet]) for octet in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 5000], every_s=0.01),
        answering_once(*[b"HTTP/1.1 102 Processing\r\n\r\n"] * 5000, every_s=0.01),
    ],
    ids=["silence", "headers that drip", "interim answers for ever"],
)
def test_the_deadline_holds_for_the_headers_as_a_whole(script: Script) -> None:
    """However lively a server is, without complete headers by the deadline it has not answered; the connection ends."""

    async def scenario() -> tuple[Result, float]:
        async with serving(script) as server, client_of(url_of(server), timeout_s=0.3) as client:
            began = time.monotonic()
            result = await checked(client.send(REQUEST))
            took = time.monotonic() - began
            await soon(lambda: server.open == 0, "the connection stayed open")
            return result, took

    result, took = asyncio.run(scenario())
    assert result == NoAnswer(Fault.TIMEOUT, "no answer within 0.3 s")
    assert 0.3 <= took < 25, "the server would go on for 50 s"


@pytest.mark.parametrize(
    "rest",
    [[b""], [b"y"] * 5000],
    ids=["a body that never comes", "a body that drips"],
)
def test_the_status_stands_when_the_body_is_late(rest: list[bytes]) -> None:
    """The body is waited for until the deadline and no longer; the status was an answer all the same."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.say(b"HTTP/1.1 202 Accepted\r\nContent-Length: 5000\r\n\r\n", *rest, every_s=0.01)
        await peer.until_gone()

    async def scenario() -> tuple[Result, float]:
        async with serving(script) as server, client_of(url_of(server), timeout_s=2.0) as client:
            began = time.monotonic()
            result = await answered(client)
            took = time.monotonic() - began
            await soon(lambda: server.open == 0, "the connection stayed open")
            return result, took

    result, took = asyncio.run(scenario())
    assert isinstance(result, Answer)
    assert result.status == 202
    assert took < 25, "the server would go on for 50 s"


def connections_for_two(answer: bytes, status: int = 200) -> int:
    """Send twice to a server that answers this; how many connections that took."""

    async def scenario() -> int:
        async with serving(answering(answer)) as server, client_of(url_of(server)) as client:
            for _ in range(2):
                result = await checked(client.send(REQUEST))
                assert isinstance(result, Answer)
                assert result.status == status
            return len(server.peers)

    return asyncio.run(scenario())


@pytest.mark.parametrize(("size", "connections"), [(0, 1), (ANSWER_LIMIT_BYTES, 1), (4 * 1024 * 1024, 2)])
def test_a_body_within_the_limit_keeps_its_connection(size: int, connections: int) -> None:
    """Up to 64 KiB are read so that the connection can serve again; a longer body costs its connection."""
    body = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"y" * size

    assert connections == connections_for_two(body)


def test_an_answer_without_content_keeps_its_connection() -> None:
    """A 204 needs no length to have no body; nothing is waited for behind its head."""
    assert connections_for_two(b"HTTP/1.1 204 No Content\r\n\r\n", status=204) == 1


def test_a_small_gzip_bomb_is_not_unpacked() -> None:
    """10 MB in 10 KB are 10 KB: within the limit, and the connection serves again."""
    bomb = gzip.compress(b"\0" * 10_000_000)
    assert len(bomb) < ANSWER_LIMIT_BYTES

    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    assert connections_for_two(head + bomb) == 1


def test_an_endless_answer_is_cut_off() -> None:
    """A server that never stops sending is cut off after the limit and what the sockets hold."""
    sent = 0

    async def script(peer: Peer) -> None:
        nonlocal sent
        await peer.request()
        await peer.say(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await peer.say(b"10000\r\n" + b"y" * 65536 + b"\r\n")
            sent += 65536

    async def scenario() -> Result:
        async with serving(script) as server, client_of(url_of(server)) as client:
            result = await checked(client.send(REQUEST))
            await soon(lambda: server.open == 0, "the connection stayed open")
            return result

    assert asyncio.run(scenario()) == Answer(200, text="y" * 1024)
    assert sent < 32 * 1024 * 1024


async def cancelled(client: Client, server: Server) -> list[Result | BaseException]:
    """The ends of five requests that are cancelled as soon as each has its connection, or one has ended before that."""
    before = len(server.peers)
    sends = [asyncio.create_task(client.send(REQUEST)) for _ in range(5)]
    await soon(lambda: len(server.peers) == before + 5 or any(send.done() for send in sends), "not all were sent")
    for send in sends:
        send.cancel()
    return await asyncio.gather(*sends, return_exceptions=True)


def test_a_cancelled_send_leaves_nothing_behind() -> None:
    """The tasks end at once; the connections are closed by the deadline of their requests; the client goes on."""
    hanging = True

    async def script(peer: Peer) -> None:
        await (hang(peer) if hanging else answering(OK)(peer))

    async def scenario() -> None:
        nonlocal hanging
        async with serving(script) as server, client_of(url_of(server), timeout_s=3.0) as client:
            ended = await cancelled(client, server)
            for _ in range(TRIES):
                if any(is_late(end) for end in ended if not isinstance(end, BaseException)):
                    await soon(lambda: server.open == 0, "connections stayed open")
                    ended = await cancelled(client, server)
            assert all(isinstance(end, asyncio.CancelledError) for end in ended)
            assert asyncio.all_tasks() - server.tasks == {asyncio.current_task()}
            await soon(lambda: server.open == 0, "connections stayed open")
            hanging = False
            assert await answered(client) == Answer(200)

    asyncio.run(scenario())


def test_an_address_or_header_that_the_client_would_refuse_is_refused_at_the_start() -> None:
    """Else every event would be a dead letter for a fault that is not its own."""
    url = f"http://user:{SECRET}@a%b.example.com/"

    assert refused(url=url) == "endpoint ci: url cannot be used"
    assert refused(headers=(("Authorization", Secret(f"{SECRET}\n")),)) == "endpoint ci: headers cannot be used"
    assert refused(headers=(("Two words", Secret(SECRET)),)) == "endpoint ci: headers cannot be used"
    assert refused(proxy=Secret(f"http://user:{SECRET}@[::/")) == "endpoint ci: proxy cannot be used"
