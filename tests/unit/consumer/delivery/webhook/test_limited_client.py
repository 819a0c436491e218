"""A client whose sends end: long after the timeout there is an answer of ours, and before that it is the client's."""

import asyncio
from collections.abc import Mapping
from typing import Final

import pytest

from consumer.delivery.policy.outcome import Answer, Fault, NoAnswer, Result
from consumer.delivery.webhook.limited_client import LimitedClient
from consumer.delivery.webhook.request import WebhookRequest
from tests.kit.virtual_time import running_loop, simulated

REQUEST: Final = WebhookRequest(b"", (), "")


class Late:
    """Answers after so long, or raises; and notes whether it was broken off and closed."""

    def __init__(self, after_s: float, error: Exception | None = None) -> None:
        self._after_s = after_s
        self._error = error
        self.was_broken_off = self.is_closed = False

    async def send(self, request: WebhookRequest, attempt_headers: Mapping[str, str] | None = None) -> Result:
        """As it was made."""
        try:
            await asyncio.sleep(self._after_s)
        except asyncio.CancelledError:
            self.was_broken_off = True
            raise
        if self._error is not None:
            raise self._error
        return Answer(200)

    async def close(self) -> None:
        """Note it."""
        self.is_closed = True


@simulated
async def test_a_client_that_never_answers_is_given_up() -> None:
    """Ten seconds beyond the timeout it is a timeout."""
    late, before = Late(1e9), running_loop().time()
    found = await LimitedClient(late, 5.0).send(REQUEST)
    assert NoAnswer(Fault.TIMEOUT, "the HTTP client did not answer, long after the timeout") == found
    assert (15.0, True) == (running_loop().time() - before, late.was_broken_off)


@simulated
async def test_until_then_the_answer_is_that_of_the_client() -> None:
    """Also its errors, and among them one that looks like the limit's own."""
    assert Answer(200) == await LimitedClient(Late(14.0), 5.0).send(REQUEST)
    with pytest.raises(TimeoutError):
        await LimitedClient(Late(1.0, TimeoutError()), 5.0).send(REQUEST)


@simulated
async def test_its_end_is_that_of_the_client() -> None:
    """What is closed is the client within."""
    late = Late(0.0)
    await LimitedClient(late, 5.0).close()
    assert late.is_closed
