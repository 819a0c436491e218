"""What is told of a request that is none, and how it is answered."""

from http import HTTPStatus

import pytest

from runtime.http.guard_headers import GUARD_HEADERS
from runtime.http.request_framing import HeadTooLargeError, RequestFaultError
from runtime.http.unreadable import answer, unreadable


@pytest.mark.parametrize(
    ("fault", "data", "status", "reason", "error"),
    [
        (RequestFaultError("bad"), b"x", 400, "protocol", "not a valid HTTP request: bad"),
        (RequestFaultError("bad"), b"\x16\x03\x01", 400, "tls", "not a valid HTTP request: this looks like TLS"),
        (RequestFaultError("bad"), b"PRI * HTTP/2.0", 400, "protocol", "not a valid HTTP request: HTTP/2 without"),
        (HeadTooLargeError("trailers are long"), b"", 431, "head", "the trailers are long"),
        (RequestFaultError("late", HTTPStatus.REQUEST_TIMEOUT), b"", 408, "slow", "late"),
    ],
)
def test_the_reason_and_the_text(fault: RequestFaultError, data: bytes, status: int, reason: str, error: str) -> None:
    """By status and by the first bytes."""
    told = unreadable(fault, data, "192.0.2.7:1")
    assert ("192.0.2.7:1", status, reason) == (told.sender, told.status, told.reason)
    assert told.error.startswith(error)


def test_the_answer_is_whole() -> None:
    """Its length is that of its ASCII text, a browser may only show it, and the connection ends with it."""
    head, _, body = answer(HTTPStatus.REQUEST_TIMEOUT, "laté").partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert (first, body) == ("HTTP/1.1 408 Request Timeout", b"lat\\xe9")
    own = {"content-type": "text/plain; charset=utf-8", "content-length": "7", "connection": "close"}
    assert headers == {**own, **GUARD_HEADERS}
