"""The webhook clients as their tests use them: with a secret wherever one may stand, and a look at what they tell."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Final

import pytest

from consumer.delivery.policy.outcome import Fault, NoAnswer, Result
from consumer.delivery.webhook.limited_client import Client
from consumer.delivery.webhook.openssl_client import OpenSSLClient
from consumer.delivery.webhook.request import WebhookRequest
from consumer.delivery.webhook.rustls_client import WebhookClient
from runtime.config import EndpointSettings
from runtime.http.client import ClientSettingsError
from tests.kit.raw_server import Script, Server, serving

SECRET: Final = "planted-s3cret"
BODY: Final = b'{"events": []}'
REQUEST: Final = WebhookRequest(BODY, (("content-type", "application/json"), ("webhook-id", "evt")), "evt")
LONG_S: Final = 120.0
"""A deadline that no test should reach."""
TRIES: Final = 5
"""Of what has a short deadline, on a busy machine."""

MAKE: ContextVar[Callable[[EndpointSettings], Client]] = ContextVar("MAKE", default=WebhookClient)
"""Which client `client_of` makes."""


CLIENTS: Final[dict[str, Callable[[EndpointSettings], Client]]] = {"rustls": WebhookClient, "openssl": OpenSSLClient}
RUSTLS_ONLY: Final = pytest.mark.parametrize("either_client", ["rustls"], indirect=True)
"""For a test of what the second client is not used for."""


@pytest.fixture(autouse=True, params=list(CLIENTS))
def either_client(request: pytest.FixtureRequest) -> Iterator[str]:
    """For a test module that imports it: each of its tests runs with either client; which one."""
    token = MAKE.set(CLIENTS[request.param])
    yield request.param
    MAKE.reset(token)


@pytest.fixture(autouse=True)
def no_secret_in_logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """For a test module that imports it: nothing logs a secret, however much is logged."""
    caplog.set_level(logging.DEBUG)
    yield
    assert SECRET not in caplog.text


def url_of(server: Server, scheme: str = "") -> str:
    """Where a server is, with a secret in every part of the URL that may hold one."""
    scheme = scheme or ("https" if server.tls else "http")
    return f"{scheme}://user:{SECRET}@{server.address}/hook?token={SECRET}"


@asynccontextmanager
async def client_of(url: str, **keys: Any) -> AsyncIterator[Client]:
    """Make a client of an endpoint with these settings; close it at the end."""
    client = MAKE.get()(EndpointSettings(name="ci", url=url, **{"timeout_s": LONG_S, **keys}))
    try:
        yield client
    finally:
        await client.close()


async def checked(sending: Awaitable[Result]) -> Result:
    """Await a result; what it tells shows neither URL nor secret."""
    async with asyncio.timeout(LONG_S):
        result = await sending
    if isinstance(result, NoAnswer):
        assert SECRET not in result.error
        assert "://" not in result.error
        assert result.error
    return result


def is_late(result: Result) -> bool:
    """Whether the deadline was over before the server was heard: if it is a short one, a busy machine's doing."""
    return isinstance(result, NoAnswer) and result.fault is Fault.TIMEOUT


async def answered(client: Client) -> Result:
    """What comes of a request with a short deadline; it is sent again, `TRIES` times at most, while it was late."""
    result = await checked(client.send(REQUEST))
    for _ in range(TRIES):
        if is_late(result):
            result = await checked(client.send(REQUEST))
    return result


def outcome_against(script: Script, request: WebhookRequest = REQUEST, **keys: Any) -> Result:
    """Send once to a server with this script; what came of it."""

    async def scenario() -> Result:
        async with serving(script) as server, client_of(url_of(server), **keys) as client:
            return await checked(client.send(request))

    return asyncio.run(scenario())


def sent_to(url: str, **keys: Any) -> Result:
    """Send once to this URL."""

    async def scenario() -> Result:
        async with client_of(url, **keys) as client:
            return await checked(client.send(REQUEST))

    return asyncio.run(scenario())


def values(head: list[str], name: str) -> list[str]:
    """The values of a header's lines in a request's head, in order."""
    lines = [line.partition(": ") for line in head[1:]]
    return [value for key, _, value in lines if key.lower() == name]


def refused(**keys: Any) -> str:
    """The fault that settings make at the start."""
    with pytest.raises(ClientSettingsError) as error:
        WebhookClient(EndpointSettings(**{"name": "ci", "url": "https://ci.example.com/", **keys}))
    assert error.value.exit_code == 2
    assert SECRET not in str(error.value)
    assert error.value.__suppress_context__
    return str(error.value)
