"""Asking a process of ours over HTTP: its JSON, or one line that says what kept it from coming."""

import asyncio

import pytest

from runtime.config.addresses import Address
from runtime.http.get_json import NoAnswerError, ask
from tests.kit import Answer, Receiver, eventually
from tests.kit.eventually import LIMIT_S
from tests.kit.raw_server import answering, serving


def told_of(address: Address, *, limit_s: float, but: str) -> str:
    """Why no answer came; asked again while it is what only a pause of this machine makes of it."""

    def told() -> str:
        with pytest.raises(NoAnswerError) as error:
            ask(address, "/status", limit_s=limit_s)
        assert but not in str(error.value)
        return str(error.value)

    return eventually(told)


def test_answer(receiver: Receiver) -> None:
    """The JSON that is answered, by GET; a process that listens everywhere is asked on this machine."""
    receiver.answer(200, body=b'[{"a": 1}]')
    for host in ("127.0.0.1", "0.0.0.0", "localhost"):
        assert ask(Address(host, receiver.port), "/status", limit_s=LIMIT_S) == [{"a": 1}]
    assert {("GET", "/status")} == {(request.method, request.path) for request in receiver.requests}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(status=503), "answered 503"),
        (Answer(body=b"<html>"), "did not answer with JSON"),
        (Answer(body=b"\xff"), "did not answer with JSON"),
        (Answer(raw=b"SSH-2.0\r\n\r\n"), "does not answer: "),
        (Answer(abort=True), "does not answer: "),
        (Answer(delay=600.0), "does not answer: timed out"),
    ],
)
def test_no_answer(receiver: Receiver, answer: Answer, told: str) -> None:
    """Whatever else is answered, or nothing, is one error that names whom was asked."""
    receiver.answer_by(answer)
    limit_s = 0.2 if answer.delay else LIMIT_S
    said = told_of(Address("127.0.0.1", receiver.port), limit_s=limit_s, but="did not answer within")
    assert said.startswith(f"127.0.0.1:{receiver.port}/status {told}")


def test_nobody_listens(receiver: Receiver) -> None:
    """A refused connection is said; a port that is chosen at each start cannot be asked."""
    receiver.stop()
    with pytest.raises(NoAnswerError, match="does not answer: Connection refused"):
        ask(Address("127.0.0.1", receiver.port), "/status", limit_s=LIMIT_S)
    with pytest.raises(NoAnswerError, match=r"^127\.0\.0\.1:\d+/attempts does not answer: "):
        ask(Address("127.0.0.1", receiver.port), "/attempts?id=4711&limit=1000", limit_s=LIMIT_S)
    with pytest.raises(NoAnswerError, match="no fixed port"):
        ask(Address("127.0.0.1", 0), "/status")


def test_an_answer_that_drips_has_an_end() -> None:
    """Each byte comes in time, and the whole never does."""

    async def scenario() -> None:
        async with serving(
            answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", *[b" "] * 9000, every_s=0.05)
        ) as server:
            address = Address("127.0.0.1", server.port)
            said = await asyncio.to_thread(told_of, address, limit_s=2.0, but="timed out")
            assert said.endswith("/status did not answer within 6 s")

    asyncio.run(scenario())
