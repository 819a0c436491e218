"""The webhook client and proxies: only the endpoint's own, and whose fault it is when it does not work."""

import asyncio
from pathlib import Path

import pytest

from consumer.delivery.policy.outcome import Answer, Fault, NoAnswer, Result
from runtime.config import Secret, TLSSettings
from tests.kit.authority import authority
from tests.kit.raw_server import OK, Peer, Server, answering, answering_once, refusing, serving
from tests.kit.webhook_client import (
    REQUEST,
    SECRET,
    checked,
    client_of,
    either_client,
    no_secret_in_logs,
    outcome_against,
    sent_to,
    url_of,
    values,
)

__all__ = ["either_client", "no_secret_in_logs"]


async def splice(peer: Peer, port: int) -> None:
    """Carry bytes between a peer and a port until either ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()

    try:
        ways = [asyncio.create_task(copy(peer.reader, writer)), asyncio.create_task(copy(reader, peer.writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
    finally:
        writer.close()


def proxy_url(server: Server) -> Secret:
    """The proxy's URL with credentials."""
    return Secret(f"http://user:{SECRET}@127.0.0.1:{server.port}")


def test_plain_http_goes_through_the_proxy_in_absolute_form() -> None:
    """The proxy is asked for the whole URL, with its own credentials; connections to it are kept."""
    heads: list[list[str]] = []

    async def script(peer: Peer) -> None:
        while True:
            head, _ = await peer.request()
            heads.append(head)
            await peer.say(OK)

    async def scenario() -> int:
        async with (
            serving(script) as proxy,
            client_of("http://ci.example.invalid/hook?x=1", proxy=proxy_url(proxy)) as client,
        ):
            for _ in range(2):
                assert await checked(client.send(REQUEST)) == Answer(200)
            return len(proxy.peers)

    assert asyncio.run(scenario()) == 1
    assert [head[0] for head in heads] == ["POST http://ci.example.invalid/hook?x=1 HTTP/1.1"] * 2
    assert values(heads[0], "proxy-authorization")[0].startswith("Basic ")
    assert values(heads[0], "host") == ["ci.example.invalid"]


def test_https_goes_through_a_tunnel(tmp_path: Path) -> None:
    """The proxy sees CONNECT and ciphertext; certificate and headers are between client and endpoint."""
    known = authority(tmp_path)
    connects: list[list[str]] = []

    async def scenario() -> Result:
        async with serving(answering(OK), known.server()) as endpoint:

            async def tunnel(peer: Peer) -> None:
                connects.append((await peer.request())[0])
                await peer.say(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await splice(peer, endpoint.port)

            async with (
                serving(tunnel) as proxy,
                client_of(url_of(endpoint), proxy=proxy_url(proxy), tls=TLSSettings(ca=known.file)) as client,
            ):
                result = await checked(client.send(REQUEST))
                assert connects[0][0] == f"CONNECT 127.0.0.1:{endpoint.port} HTTP/1.1"
                return result

    assert asyncio.run(scenario()) == Answer(200)
    assert values(connects[0], "proxy-authorization")[0].startswith("Basic ")
    assert values(connects[0], "authorization") == []


@pytest.mark.parametrize(
    "refusal",
    [
        b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
        b"no proxy at all\r\n\r\n",
        b"",
    ],
)
def test_a_tunnel_that_is_refused_is_the_proxys_fault(refusal: bytes, either_client: str) -> None:
    """Nothing is known of the endpoint then."""

    async def scenario() -> Result:
        async with (
            serving(answering_once(refusal)) as proxy,
            client_of(f"https://ci.example.invalid/?{SECRET}", proxy=proxy_url(proxy)) as client,
        ):
            return await checked(client.send(REQUEST))

    result = asyncio.run(scenario())
    assert isinstance(result, NoAnswer)
    silent = not refusal and either_client == "openssl"  # aiohttp does not say at which step the connection ended
    assert result.fault is (Fault.RESET if silent else Fault.PROXY)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_away_is_the_proxys_fault(scheme: str) -> None:
    """A refused connection to the proxy, or a name of it that has no address."""
    with refusing() as address:
        results = [
            sent_to(f"{scheme}://ci.example.invalid/", proxy=Secret(f"http://user:{SECRET}@{proxy}"))
            for proxy in (address, f"{'a' * 64}.invalid:3128")
        ]
    for result in results:
        assert isinstance(result, NoAnswer)
        assert result.fault is Fault.PROXY


def test_the_environment_changes_no_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies come from the endpoint's settings alone, and a configured one is not passed by."""
    with refusing() as address:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{address}")
            monkeypatch.setenv(name.lower(), f"http://{address}")
        assert outcome_against(answering(OK)) == Answer(200)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "*")

    async def scenario() -> tuple[Result, int]:
        async with (
            serving(answering(OK)) as proxy,
            serving(answering(OK)) as endpoint,
            client_of(url_of(endpoint), proxy=proxy_url(proxy)) as client,
        ):
            return await checked(client.send(REQUEST)), len(endpoint.peers)

    assert asyncio.run(scenario()) == (Answer(200), 0)
