"""Asking a process of ours over HTTP: its JSON, or one line that says what kept it from coming."""

import pytest

from runtime.config.addresses import Address
from runtime.http.get_json import NoAnswerError, ask
from tests.kit import Answer, Receiver


def test_answer(receiver: Receiver) -> None:
    """The JSON that is answered, by GET; a process that listens everywhere is asked on this machine."""
    receiver.answer(200, body=b'[{"a": 1}]')
    for host in ("127.0.0.1", "0.0.0.0", "localhost"):
        assert ask(Address(host, receiver.port), "/status") == [{"a": 1}]
    assert {("GET", "/status")} == {(request.method, request.path) for request in receiver.requests}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(status=503), "answered 503"),
        (Answer(body=b"<html>"), "did not answer with JSON"),
        (Answer(body=b"\xff"), "did not answer with JSON"),
        (Answer(raw=b"SSH-2.0\r\n\r\n"), "does not answer: "),
        (Answer(abort=True), "does not answer: "),
        (Answer(delay=5.0), "does not answer: timed out"),
    ],
)
def test_no_answer(receiver: Receiver, answer: Answer, told: str) -> None:
    """Whatever else is answered, or nothing, is one error that names whom was asked."""
    receiver.answer_by(answer)
    with pytest.raises(NoAnswerError, match=rf"^127\.0\.0\.1:{receiver.port}/status {told}"):
        ask(Address("127.0.0.1", receiver.port), "/status", limit_s=0.2)


def test_nobody_listens(receiver: Receiver) -> None:
    """A refused connection is said; a port that is chosen at each start cannot be asked."""
    receiver.stop()
    with pytest.raises(NoAnswerError, match="does not answer: Connection refused"):
        ask(Address("127.0.0.1", receiver.port), "/status")
    with pytest.raises(NoAnswerError, match="no fixed port"):
        ask(Address("127.0.0.1", 0), "/status")
