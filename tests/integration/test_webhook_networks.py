"""What the webhook client connects to: judged before a byte is sent, for each connection, and never looked up twice."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from broker.ports import free_port
from consumer.delivery.policy.outcome import Answer, Fault, NoAnswer, Outcome, Result, outcome_of
from consumer.delivery.webhook.client import client_of
from consumer.delivery.webhook.limited_client import Client
from consumer.delivery.webhook.openssl_client import OpenSSLClient
from consumer.delivery.webhook.pinned_client import AVOID_S, LOOK_UP_EVERY_S, STALE_AFTER_S
from runtime.clock import SystemClock
from runtime.config import EndpointSettings, Secret, TLSSettings
from runtime.config.networks import Networks, parse_network
from runtime.host_addresses import NoAddressError
from runtime.http.client import ClientSettingsError
from tests.kit.authority import authority, self_signed
from tests.kit.raw_server import OK, Peer, Server, answering, answering_once, hang, serving, soon
from tests.kit.still_clock import StillClock
from tests.kit.webhook_client import LONG_S, REQUEST, TRIES, answered, checked, is_late

NAME: Final = "ci.example.invalid"
"""A name that nobody but a `Names` knows."""
NO_LOOPBACK: Final = Networks(deny=(parse_network("127.0.0.0/8"), parse_network("::1")))
FORBIDDEN: Final = NoAnswer(Fault.FORBIDDEN, "127.0.0.1 is in 127.0.0.0/8, which worker.deny_networks refuses")
NOBODY: Final = "127.0.0.9"
"""Nobody listens there: the servers of these tests listen at 127.0.0.1."""


class Names:
    """A resolver that knows what it is told."""

    def __init__(self, *addresses: str) -> None:
        self.known = {NAME: list(addresses or ["127.0.0.1"])}
        self.asked = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def addresses(self, host: str) -> list[str]:
        """What it was told of the host."""
        self.asked += 1
        await self.may_answer.wait()
        if not self.known.get(host):
            raise NoAddressError("no such name")
        return list(self.known[host])


@asynccontextmanager
async def sending(
    server: Server, names: Names, clock: StillClock | None = None, host: str = NAME, **keys: Any
) -> AsyncIterator[Client]:
    """A client of the endpoint `host` at the server's port; closed at the end."""
    url = keys.pop("url", f"{'https' if server.tls else 'http'}://{host}:{server.port}/hook")
    settings = EndpointSettings(name="ci", url=url, **{"timeout_s": LONG_S, **keys})
    client = client_of(settings, clock or StillClock(), names)
    try:
        yield client
    finally:
        await client.close()


def sent(host: str, names: Names, **keys: Any) -> tuple[Result, int]:
    """What a send to a server at 127.0.0.1 by this name came to, and how many connections it got."""

    async def scenario() -> tuple[Result, int]:
        async with serving(answering(OK)) as server, sending(server, names, host=host, **keys) as client:
            return await checked(client.send(REQUEST)), len(server.peers)

    return asyncio.run(scenario())


@pytest.mark.parametrize("host", [NAME, NAME.upper(), "127.0.0.1", "127.1", "0x7f000001", "0177.0.0.1", "2130706433"])
def test_a_refused_address_gets_no_connection(host: str) -> None:
    """However it is written; the endpoint is unavailable for it, and the reason names address, network and key."""
    assert sent(host, Names(), networks=NO_LOOPBACK) == (FORBIDDEN, 0)
    assert outcome_of(FORBIDDEN, frozenset()) is Outcome.UNAVAILABLE
    assert sent(host, Names()) == (Answer(200), 1), "without the rule it is connected to"


@pytest.mark.parametrize("address", ["::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "0.0.0.0"])
def test_a_form_that_stands_for_a_refused_address(address: str) -> None:
    """It is judged as what it stands for, as a name's address and in the URL."""
    for host in (NAME, f"[{address}]" if ":" in address else address):
        result, connections = sent(host, Names(address), networks=NO_LOOPBACK)
        assert isinstance(result, NoAnswer)
        assert (result.fault, connections) == (Fault.FORBIDDEN, 0)
        assert result.error.endswith("is in 127.0.0.0/8, which worker.deny_networks refuses")


def test_metadata_services_need_no_rule() -> None:
    """They are refused as the settings are by default."""
    result, _ = sent(NAME, Names("169.254.169.254"))
    assert isinstance(result, NoAnswer)
    assert result.error.startswith("169.254.169.254 is an address of a cloud's metadata service")


def test_of_several_addresses_the_allowed_ones_are_used() -> None:
    """A refused one is passed over."""
    only = Networks(allow=(parse_network("127.0.0.1"),))
    assert sent(NAME, Names("10.0.0.1", "::1", "127.0.0.1"), networks=only) == (Answer(200), 1)


def test_an_address_with_a_zone() -> None:
    """The client takes none: another address of the name is used, and in a URL it is refused at the start."""
    assert sent(NAME, Names("fe80::1%eth0", "127.0.0.1")) == (Answer(200), 1)
    result, _ = sent(NAME, Names("fe80::1%eth0"))
    assert isinstance(result, NoAnswer)
    assert result.error.startswith("fe80::1%eth0 is reached by a zone of this machine only")
    with pytest.raises(ClientSettingsError, match="endpoint ci: url cannot be used"):
        client_of(EndpointSettings(name="ci", url="http://[fe80::1%25eth0]/"), SystemClock(), Names())


def test_a_name_that_moves_to_a_refused_address() -> None:
    """What was judged is what is connected to: the name's new address is judged at the next look-up, and refused."""

    async def scenario() -> None:
        names, clock, networks = Names(), StillClock(), Networks(deny=(parse_network(NOBODY),))
        async with serving(answering(OK)) as server, sending(server, names, clock, networks=networks) as client:
            for _ in range(3):
                assert await checked(client.send(REQUEST)) == Answer(200)
            names.known[NAME] = [NOBODY]
            assert await checked(client.send(REQUEST)) == Answer(200)
            assert (names.asked, len(server.peers)) == (1, 1)
            clock.now += LOOK_UP_EVERY_S
            await checked(client.send(REQUEST))
            await soon(lambda: names.asked == 2, "the name is looked up again")
            result = await checked(client.send(REQUEST))
            assert isinstance(result, NoAnswer)
            assert result.fault is Fault.FORBIDDEN
            await soon(lambda: server.open == 0, "connections to the old address are closed")

    asyncio.run(scenario())


def test_an_address_that_cannot_be_connected_to_is_passed_over() -> None:
    """The next one gets the same attempt, and those that follow; the first is tried again after a while."""

    async def scenario() -> None:
        names, clock = Names(NOBODY, "127.0.0.1"), StillClock()
        async with serving(answering(OK)) as server, sending(server, names, clock) as client:
            for _ in range(3):
                assert await checked(client.send(REQUEST)) == Answer(200)
            assert len(server.peers) == 1
            names.known[NAME] = [NOBODY]
            clock.now += AVOID_S
            await checked(client.send(REQUEST))
            await soon(lambda: names.asked >= 2, "the name is looked up again")
            result = await checked(client.send(REQUEST))
            assert isinstance(result, NoAnswer)
            assert result.fault is Fault.CONNECT

    asyncio.run(scenario())


def test_an_address_that_swallows_connections_takes_half_of_the_time() -> None:
    """The next address gets the other half."""

    async def scenario() -> Result:
        with socket.create_server((NOBODY, free_port()), backlog=0) as full, ExitStack() as held:
            port = full.getsockname()[1]
            for _ in range(4):  # what is in the queue is accepted by nobody
                waiting = held.enter_context(socket.socket())
                waiting.settimeout(0)
                waiting.connect_ex((NOBODY, port))
            async with await asyncio.start_server(_answer, "127.0.0.1", port):
                url = f"http://{NAME}:{port}/"
                client = client_of(
                    EndpointSettings(name="ci", url=url, timeout_s=8.0), StillClock(), Names(NOBODY, "127.0.0.1")
                )
                try:
                    return await checked(client.send(REQUEST))
                finally:
                    await client.close()

    result = asyncio.run(scenario())
    for _ in range(TRIES):
        if is_late(result):
            result = asyncio.run(scenario())
    assert result == Answer(200)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK)
    writer.close()


def test_requests_on_an_address_that_the_name_has_no_more_end_in_peace() -> None:
    """Its connections are closed when the last of them has its answer."""

    async def scenario() -> None:
        names, clock, go = Names(), StillClock(), asyncio.Event()

        async def script(peer: Peer) -> None:
            while True:  # the second request may come on the connection of the first
                await peer.request()
                await go.wait()
                await peer.say(OK)

        async with serving(script) as server, sending(server, names, clock) as client:
            slow = asyncio.create_task(client.send(REQUEST))
            await soon(lambda: len(server.peers) == 1, "the request is under way")
            names.known[NAME] = [NOBODY]
            clock.now += LOOK_UP_EVERY_S
            waiting = asyncio.create_task(client.send(REQUEST))
            await soon(lambda: names.asked == 2, "the name is looked up again")
            go.set()
            assert await checked(slow) == Answer(200)
            await checked(waiting)
            await soon(lambda: server.open == 0, "its connections are closed")

    asyncio.run(scenario())


def test_a_name_server_that_is_away() -> None:
    """At first there is no answer; later the last addresses serve on, for five minutes."""

    async def scenario() -> None:
        names, clock = Names(), StillClock()
        names.known.clear()
        async with serving(answering(OK)) as server, sending(server, names, clock) as client:
            assert await checked(client.send(REQUEST)) == NoAnswer(Fault.DNS, "no such name")
            names.known[NAME] = ["127.0.0.1"]
            clock.now += 1
            assert await checked(client.send(REQUEST)) == Answer(200)
            names.known.clear()
            for asked in (3, 4):
                clock.now += LOOK_UP_EVERY_S
                assert await checked(client.send(REQUEST)) == Answer(200)
                await soon(lambda asked=asked: names.asked == asked, "it is asked again")  # type: ignore[misc]
            clock.now += STALE_AFTER_S
            await checked(client.send(REQUEST))
            await soon(lambda: names.asked == 5, "it is asked again")
            assert await checked(client.send(REQUEST)) == NoAnswer(Fault.DNS, "no such name")

    asyncio.run(scenario())


def test_a_name_server_that_is_silent() -> None:
    """The look-up is a part of the timeout, and many requests wait for one."""

    async def scenario() -> None:
        names = Names()
        names.may_answer.clear()
        async with serving(answering(OK)) as server, sending(server, names, timeout_s=2.0) as client:
            results = await asyncio.gather(*(checked(client.send(REQUEST)) for _ in range(5)))
            assert results == [NoAnswer(Fault.TIMEOUT, "no answer within 2 s")] * 5
            assert names.asked == 1
            names.may_answer.set()
            assert await answered(client) == Answer(200)

    asyncio.run(scenario())


def test_certificates_are_held_against_the_name(tmp_path: Path) -> None:
    """And not against the address that it is pinned to."""
    known = authority(tmp_path)

    async def scenario(name: str) -> Result:
        context = known.server(name)
        tls = TLSSettings(ca=known.file)
        async with serving(answering(OK), context) as server, sending(server, Names(), tls=tls) as client:
            return await checked(client.send(REQUEST))

    assert asyncio.run(scenario(NAME)) == Answer(200)
    refused = asyncio.run(scenario("127.0.0.1"))
    assert isinstance(refused, NoAnswer)
    assert refused.fault is Fault.TLS


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_through_a_proxy_its_address_is_judged(scheme: str) -> None:
    """It is what is connected to; the endpoint's name is the proxy's to look up."""

    async def scenario(networks: Networks, host: str) -> tuple[Result, int]:
        names = Names()
        async with (
            serving(answering_once(OK)) as server,
            sending(
                server,
                names,
                url=f"{scheme}://endpoint.invalid/",
                proxy=Secret(f"http://{host}:{server.port}"),
                networks=networks,
                timeout_s=20.0,
            ) as client,
        ):
            result = await checked(client.send(REQUEST))
            assert names.asked == (host == NAME)
            return result, len(server.peers)

    for host in (NAME, "127.0.0.1"):
        assert asyncio.run(scenario(NO_LOOPBACK, host)) == (FORBIDDEN, 0)
        assert asyncio.run(scenario(Networks(), host))[1] == 1


def test_the_second_client_judges_each_connection(tmp_path: Path) -> None:
    """An endpoint with a self-signed certificate is sent to over OpenSSL, which looks the name up by itself."""
    cert, context = self_signed(tmp_path)

    async def scenario(networks: Networks, host: str) -> tuple[Result, int]:
        async with serving(answering(OK), context) as server:
            url = f"https://{host}:{server.port}/"
            tls = TLSSettings(ca=cert)
            client = OpenSSLClient(EndpointSettings(name="ci", url=url, timeout_s=LONG_S, tls=tls, networks=networks))
            try:
                return await checked(client.send(REQUEST)), len(server.peers)
            finally:
                await client.close()

    assert asyncio.run(scenario(Networks(), "localhost")) == (Answer(200), 1)
    for host in ("localhost", "127.0.0.1"):
        result, connections = asyncio.run(scenario(NO_LOOPBACK, host))
        assert isinstance(result, NoAnswer)
        assert (result.fault, connections) == (Fault.FORBIDDEN, 0)
        assert result.error.endswith("which worker.deny_networks refuses")


def test_settings_that_cannot_be_used_are_refused_at_the_start(tmp_path: Path) -> None:
    """Though the client of an address is made when it is first used; a file that is gone by then is told."""
    missing = EndpointSettings(name="ci", url=f"https://{NAME}/", tls=TLSSettings(ca=tmp_path / "gone.pem"))
    with pytest.raises(ClientSettingsError, match=r"endpoint ci: tls\.ca cannot be used"):
        client_of(missing, SystemClock(), Names())
    known = authority(tmp_path)

    async def scenario() -> Result:
        async with serving(hang) as server, sending(server, Names(), tls=TLSSettings(ca=known.file)) as client:
            known.file.unlink()
            return await checked(client.send(REQUEST))

    result = asyncio.run(scenario())
    assert isinstance(result, NoAnswer)
    assert result.fault is Fault.TLS
