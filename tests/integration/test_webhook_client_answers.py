"""Answers to the webhook client: redirects, statuses, broken ones, resets, and what a fault is called."""

import pytest

from consumer.delivery.policy.outcome import Answer, Fault, NoAnswer, Outcome, outcome_of
from consumer.delivery.webhook.client_faults import no_answer
from consumer.delivery.webhook.request import WebhookRequest
from tests.kit.raw_server import OK, Peer, answering_once, refusing
from tests.kit.webhook_client import (
    REQUEST,
    RUSTLS_ONLY,
    SECRET,
    either_client,
    no_secret_in_logs,
    outcome_against,
    sent_to,
)

__all__ = ["either_client", "no_secret_in_logs"]


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
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", Answer(200, text="until the end")),
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
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nends early", Answer(200, text="ends early")),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\nno gzip", Answer(200, text="no gzip")),
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
