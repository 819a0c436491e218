"""The webhook client against servers that do everything an HTTP server should not.

Nothing that the client says may show a secret: one stands in the URL and in the headers, and every answer and all logs
are searched for it.
"""

import asyncio
import gzip
import logging
import re
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from consumer.delivery.policy.outcome import ANSWER_LIMIT_BYTES, Answer, Fault, NoAnswer, Outcome, Result, outcome_of
from consumer.delivery.webhook.client_faults import no_answer
from consumer.delivery.webhook.formats import UnsendableError
from consumer.delivery.webhook.request import WebhookRequest
from runtime.config import Secret
from runtime.http.client import VERSION
from tests.kit.raw_server import OK, Peer, Script, answering, answering_once, hang, refusing, serving, soon
from tests.kit.webhook_client import (
    BODY,
    REQUEST,
    RUSTLS_ONLY,
    SECRET,
    checked,
    client_of,
    either_client,
    outcome_against,
    refused,
    sent_to,
    url_of,
    values,
)

__all__ = ["either_client"]


@pytest.fixture(autouse=True)
def no_secret_in_logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing logs a secret, however much is logged."""
    caplog.set_level(logging.DEBUG)
    yield
    assert SECRET not in caplog.text


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


# What is answered.


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", [b"", b"Location: /other\r\n", b"Location: http://127.0.0.1:9/\r\n"])
def test_redirects_are_answers_and_not_followed(status: int, location: bytes) -> None:
    """Each 3xx comes back as it is, with and without a Location, after exactly one request; it is no delivery."""
    requests = 0

    async def script(peer: Peer) -> None:
        nonlocal requests
        while True:
            await peer.request()
            requests += 1
            await peer.say(b"HTTP/1.1 %d Moved\r\n%sContent-Length: 0\r\n\r\n" % (status, location))

    result = outcome_against(script)

    assert result == Answer(status)
    assert outcome_of(result, frozenset()) is Outcome.UNAVAILABLE
    assert requests == 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", Answer(204)),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", Answer(200)),
        (
            b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
            Answer(202),
        ),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + OK, Answer(200)),
        (b"HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n", Answer(503, "3")),
        (
            b"HTTP/1.1 429 Slow\r\nretry-after: Fri, 31 Dec 1999 23:59:59 GMT\r\n\r\n",
            Answer(429, "Fri, 31 Dec 1999 23:59:59 GMT"),
        ),
        (b"HTTP/1.1 503 Busy\r\nRetry-After: \xe9\xff\r\nContent-Length: 0\r\n\r\n", Answer(503)),
        (b"HTTP/1.1 599 \r\nContent-Length: 0\r\n\r\n", Answer(599)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nends early", Answer(200)),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\nno gzip", Answer(200)),
    ],
)
def test_status_and_headers_are_the_answer(answer: bytes, expected: Answer) -> None:
    """Interim answers are passed over; once the headers are complete, nothing in the body can undo the status."""
    assert expected == outcome_against(answering_once(answer))


@RUSTLS_ONLY
def test_a_body_that_is_broken_at_once_leaves_the_status() -> None:
    """Also where head and broken body come in one segment."""
    broken = answering_once(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n")

    assert outcome_against(broken) == Answer(200)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (b"", Fault.RESET),
        (b"HTTP/1.1 200 OK\r\nContent-Le", Fault.RESET),
        (b"HTTP/1.1 100 Continue\r\n\r\n", Fault.RESET),
        (b"220 mail.example.com ESMTP\r\n\r\n", Fault.PROTOCOL),
        (b"HTTP/1.1 99 Too Low\r\n\r\n", Fault.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n", Fault.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000_000 + b"\r\n\r\n", Fault.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", Fault.PROTOCOL),
    ],
)
def test_what_is_no_answer_says_why(answer: bytes, fault: Fault) -> None:
    """Silence and half a head are a reset, what is not HTTP is a protocol fault."""
    result = outcome_against(answering_once(answer))

    assert isinstance(result, NoAnswer)
    assert result.fault is fault


@pytest.mark.parametrize("after_the_request", [False, True])
def test_a_reset_is_a_reset_and_the_request_is_not_repeated(*, after_the_request: bool) -> None:
    """The client library does not try again by itself: repeats are the dispatcher's, who counts them."""
    connections = 0

    async def script(peer: Peer) -> None:
        nonlocal connections
        connections += 1
        if after_the_request:
            await peer.request()
        peer.writer.transport.abort()

    result = outcome_against(script)

    assert isinstance(result, NoAnswer)
    assert result.fault is Fault.RESET
    assert connections == 1


def test_an_answer_before_the_body_is_sent_counts() -> None:
    """A server that has seen enough may answer 413 while 5 MB are still on their way.

    It goes on reading: one that closes at once resets the connection, which may take the answer away with it.
    """

    async def script(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.say(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await peer.until_gone()

    assert outcome_against(script, WebhookRequest(b"x" * 5_000_000, REQUEST.headers, "evt")) == Answer(413)


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
        async with serving(script) as server, client_of(url_of(server), timeout_s=0.3) as client:
            began = time.monotonic()
            result = await checked(client.send(REQUEST))
            took = time.monotonic() - began
            await soon(lambda: server.open == 0, "the connection stayed open")
            return result, took

    result, took = asyncio.run(scenario())
    assert result == Answer(202)
    assert took < 25, "the server would go on for 50 s"


def connections_for_two(answer: bytes) -> int:
    """Send twice to a server that answers this; how many connections that took."""

    async def scenario() -> int:
        async with serving(answering(answer)) as server, client_of(url_of(server)) as client:
            for _ in range(2):
                assert await checked(client.send(REQUEST)) == Answer(200)
            return len(server.peers)

    return asyncio.run(scenario())


@pytest.mark.parametrize(("size", "connections"), [(0, 1), (ANSWER_LIMIT_BYTES, 1), (4 * 1024 * 1024, 2)])
def test_a_body_within_the_limit_keeps_its_connection(size: int, connections: int) -> None:
    """Up to 64 KiB are read so that the connection can serve again; a longer body costs its connection."""
    body = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"y" * size

    assert connections == connections_for_two(body)


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

    assert asyncio.run(scenario()) == Answer(200)
    assert sent < 32 * 1024 * 1024


def test_a_cancelled_send_leaves_nothing_behind() -> None:
    """The tasks end at once; the connections are closed by the deadline of their requests; the client goes on."""
    hanging = True

    async def script(peer: Peer) -> None:
        await (hang(peer) if hanging else answering(OK)(peer))

    async def scenario() -> None:
        nonlocal hanging
        async with serving(script) as server, client_of(url_of(server), timeout_s=0.5) as client:
            sends = [asyncio.create_task(client.send(REQUEST)) for _ in range(5)]
            await soon(lambda: len(server.peers) == 5, "not all were sent")
            for send in sends:
                send.cancel()
            ended = await asyncio.gather(*sends, return_exceptions=True)
            assert all(isinstance(end, asyncio.CancelledError) for end in ended)
            assert asyncio.all_tasks() - server.tasks == {asyncio.current_task()}
            await soon(lambda: server.open == 0, "connections stayed open")
            hanging = False
            assert await client.send(REQUEST) == Answer(200)

    asyncio.run(scenario())


# Ways that lead nowhere.


def test_a_refused_connection_is_a_connect_fault() -> None:
    """Nobody listens there."""
    with refusing() as address:
        result = sent_to(f"http://user:{SECRET}@{address}/hook?token={SECRET}")

    assert isinstance(result, NoAnswer)
    assert (result.fault, "refused" in result.error) == (Fault.CONNECT, True)


def test_a_name_without_an_address_is_a_dns_fault() -> None:
    """The resolver refuses a label of 64 characters by itself, so no name server is asked."""
    result = sent_to(f"http://user:{SECRET}@{'a' * 64}.invalid/hook?token={SECRET}")

    assert isinstance(result, NoAnswer)
    assert result.fault is Fault.DNS


@pytest.mark.parametrize(
    ("causes", "proxied", "expected"),
    [
        (
            ["error sending request for url (http://dns error/)", "client error (SendRequest)", "what"],
            False,
            Fault.PROTOCOL,
        ),
        (["error sending request for url (http://a/)"], False, Fault.PROTOCOL),
        ([], False, Fault.PROTOCOL),
        (["x", "client error (Connect)", "Connection reset by peer (os error 104)"], False, Fault.RESET),
        (["x", "client error (Connect)", "tcp open error", "Too many open files (os error 24)"], False, Fault.CONNECT),
        (["x", "client error (Connect)", "tcp connect error", "Connection refused (os error 111)"], True, Fault.PROXY),
        (
            ["x", "client error (SendRequest)", "connection error", "received fatal alert: CertificateRequired"],
            False,
            Fault.TLS,
        ),
        (["x", "client error (SendRequest)", "connection error", "Broken pipe (os error 32)"], True, Fault.RESET),
    ],
)
def test_causes_are_told_apart(causes: list[str], expected: Fault, *, proxied: bool) -> None:
    """The client's first text, which holds the URL, decides nothing; where there is a proxy, connecting is its."""
    assert no_answer(causes, proxied=proxied).fault is expected


def test_no_cause_shows_a_url() -> None:
    """Whatever text a cause brings along, its URLs are cut out."""
    told = no_answer(["x", f"odd ending: https://user:{SECRET}@ci.example.com/?{SECRET} after"], proxied=False)

    assert told.error == "odd ending after"


def test_an_address_or_header_that_the_client_would_refuse_is_refused_at_the_start() -> None:
    """Else every event would be a dead letter for a fault that is not its own."""
    url = f"http://user:{SECRET}@a%b.example.com/"

    assert refused(url=url) == "endpoint ci: url cannot be used"
    assert refused(headers=(("Authorization", Secret(f"{SECRET}\n")),)) == "endpoint ci: headers cannot be used"
    assert refused(headers=(("Two words", Secret(SECRET)),)) == "endpoint ci: headers cannot be used"
    assert refused(proxy=Secret(f"http://user:{SECRET}@[::/")) == "endpoint ci: proxy cannot be used"
