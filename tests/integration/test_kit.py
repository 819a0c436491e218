"""The test kit: an endpoint, a registry and a process that behave as the tests that rely on them believe."""

import http.client
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.kit import (
    Answer,
    Captured,
    Receiver,
)
from tests.kit.eventually import LIMIT_S


def post(connection: http.client.HTTPConnection, body: bytes, path: str = "/hook") -> tuple[int, bytes]:
    """One request on a connection."""
    connection.request("POST", path, body=body, headers={"X-Odd-Case": "Kept"})
    answer = connection.getresponse()
    return answer.status, answer.read()


def connect(receiver: Receiver, timeout: float = LIMIT_S) -> http.client.HTTPConnection:
    """A connection to the receiver."""
    return http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=timeout)


def test_captures_requests_as_they_were_sent(receiver: Receiver) -> None:
    """Method, path with query, header order and case, and body come out as they went in, on one connection."""
    connection = connect(receiver)
    assert (200, b"") == post(connection, b"one", "/hook?a=1")
    assert (200, b"") == post(connection, b"\x00two")
    connection.close()
    first, second = receiver.wait_for(2)
    assert ("POST", "/hook?a=1", b"one", 200) == (first.method, first.path, first.body, first.status)
    assert ["Host", "Accept-Encoding", "Content-Length", "X-Odd-Case"] == [name for name, _ in first.headers]
    assert "Kept" == first.header("x-odd-case")
    assert [b"one", b"\x00two"] == receiver.bodies()
    assert (1, first.connection) == (receiver.connections, second.connection)
    assert first.answered is not None
    assert first.arrived <= first.answered <= second.arrived


def test_answers_by_script(receiver: Receiver) -> None:
    """A callable sees each request and decides status, headers and body; a fixed answer takes over from then on."""
    receiver.answer_by(lambda request: Answer(status=503, headers=[("Retry-After", "7")], body=request.body[::-1]))
    connection = connect(receiver)
    connection.request("POST", "/", body=b"abc")
    answer = connection.getresponse()
    assert (503, "7", b"cba") == (answer.status, answer.getheader("Retry-After"), answer.read())
    receiver.answer(204)
    assert (204, b"") == post(connection, b"abc")
    receiver.answer(201, body=b"made")
    assert (201, b"made") == post(connection, b"abc")
    connection.close()
    assert [503, 204, 201] == [request.status for request in receiver.wait_for(3)]


def test_delays_headers_or_body(receiver: Receiver) -> None:
    """A delay holds the headers back, a body delay only the body."""
    connection = connect(receiver)
    receiver.answer(200, delay=0.3)
    begun = time.monotonic()
    post(connection, b"")
    assert time.monotonic() - begun >= 0.3
    receiver.answer_by(Answer(body=b"late", body_delay=0.3))
    begun = time.monotonic()
    connection.request("GET", "/")
    assert b"late" == connection.getresponse().read()
    assert time.monotonic() - begun >= 0.3
    receiver.answer_by(Answer(body=b"never", body_delay=3600))
    connection.request("GET", "/")
    assert 200 == connection.getresponse().status
    connection.close()


def test_aborts_or_talks_nonsense(receiver: Receiver) -> None:
    """A scripted abort resets the connection, raw bytes go out as they are, and neither counts as answered."""
    receiver.answer_by(Answer(abort=True))
    with pytest.raises(ConnectionError):
        post(connect(receiver), b"lost")
    receiver.answer_by(Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Le"))
    with socket.create_connection(("127.0.0.1", receiver.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b"".join(iter(lambda: client.recv(1000), b""))
    assert b"HTTP/1.1 200 OK\r\nContent-Le" == received
    assert [None, None] == [request.status for request in receiver.requests]


def test_answers_pipelined_and_chunked_requests_in_turn(receiver: Receiver) -> None:
    """Requests that arrive in one packet are answered one after the other, in order, chunking removed."""
    chunked = b"POST /1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    receiver.answer_by(lambda request: Answer(body=request.path.encode(), delay=0.1 if request.path == "/1" else 0))
    with socket.create_connection(("127.0.0.1", receiver.port)) as client:
        client.sendall(chunked + b"GET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = b"".join(iter(lambda: client.recv(1000), b""))
    assert 0 < received.index(b"/1") < received.index(b"/2")
    assert [b"abc", b""] == receiver.bodies()


def test_goes_down_and_comes_back_on_its_port(receiver: Receiver) -> None:
    """While it is stopped connections are refused, open ones are reset, and afterwards it is where it was."""
    url = receiver.url
    connection = connect(receiver)
    post(connection, b"before")
    receiver.stop()
    receiver.stop()
    with pytest.raises(ConnectionRefusedError):
        connect(receiver).connect()
    with pytest.raises((ConnectionError, http.client.BadStatusLine)):
        post(connection, b"on the old connection")
    connection.close()
    receiver.start()
    again = connect(receiver)
    assert (200, b"") == post(again, b"after")
    again.close()
    assert url == receiver.url
    assert [b"before", b"after"] == receiver.bodies()


def test_stop_leaves_waiting_requests_unanswered(receiver: Receiver) -> None:
    """A stop does not wait for a delayed answer: the request stays captured and unanswered."""
    receiver.answer(200, delay=60)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(post, connect(receiver), b"waits")
        receiver.wait_until(lambda found: len(found) == 1)
        receiver.stop()
        with pytest.raises((ConnectionError, http.client.BadStatusLine)):
            waiting.result(LIMIT_S)
    assert [None] == [request.status for request in receiver.requests]


def test_waiting_fails_with_what_was_seen(receiver: Receiver) -> None:
    """A wait that ends in vain tells how many requests came and which were the last."""
    connection = connect(receiver)
    post(connection, b"12345")
    connection.close()
    expected = r"^not within 0.1 s: 1 requests, 1 answered; the last: POST /hook -> 200 \(5 bytes\)$"
    with pytest.raises(AssertionError, match=expected):
        receiver.wait_for(2, timeout=0.1)


def test_a_fault_in_a_script_fails_the_test(receiver: Receiver) -> None:
    """A script that raises does not pass for an endpoint that is down."""

    def broken(request: Captured) -> Answer:
        raise ValueError(request.path)

    receiver.answer_by(broken)
    with pytest.raises(ConnectionError):
        post(connect(receiver), b"")
    with pytest.raises(ValueError, match="/hook"):
        receiver.wait_for(1)


def test_takes_many_connections_at_once(receiver: Receiver) -> None:
    """Hundreds of requests over many connections are all captured, none twice."""

    def send(worker: int) -> None:
        connection = connect(receiver)
        for number in range(50):
            assert (200, b"") == post(connection, f"{worker}/{number}".encode())
        connection.close()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(send, range(16)))
    found = receiver.wait_for(800)
    assert {f"{worker}/{number}".encode() for worker in range(16) for number in range(50)} == {
        one.body for one in found
    }
    assert (800, 16) == (len(found), receiver.connections)
