"""An endpoint with an ordinary self-signed certificate, which the fast client's TLS library never takes."""

import asyncio
import ssl
from pathlib import Path

import pytest

from consumer.delivery.policy.outcome import Answer, Fault, NoAnswer, Result, describe
from consumer.delivery.webhook.client import client_of
from runtime.clock import SystemClock
from runtime.config import EndpointSettings, TLSSettings
from tests.kit.authority import Authority, authority, self_signed
from tests.kit.raw_server import OK, Server, answering, serving
from tests.kit.webhook_client import LONG_S, REQUEST, checked


def results_of(context: ssl.SSLContext, tls: TLSSettings, times: int = 1) -> tuple[list[Result], Server]:
    """What sends, in turn, to a server with this certificate came to; and the server."""

    async def scenario() -> tuple[list[Result], Server]:
        async with serving(answering(OK), context) as server:
            url = f"https://localhost:{server.port}/hook"
            client = client_of(EndpointSettings(name="ci", url=url, timeout_s=LONG_S, tls=tls), SystemClock())
            try:
                return [await checked(client.send(REQUEST)) for _ in range(times)], server
            finally:
                await client.close()

    return asyncio.run(scenario())


def refused(context: ssl.SSLContext, tls: TLSSettings) -> NoAnswer:
    """Why a server with this certificate is refused."""
    ((result,), _) = results_of(context, tls)
    assert isinstance(result, NoAnswer)
    return result


@pytest.fixture
def known(tmp_path: Path) -> Authority:
    """An authority of one's own."""
    return authority(tmp_path)


def test_a_self_signed_certificate_named_in_tls_ca_is_trusted(tmp_path: Path) -> None:
    """As Go's client and curl do; after the first request connections are kept."""
    cert, context = self_signed(tmp_path)

    results, server = results_of(context, TLSSettings(ca=cert), times=5)

    assert results == [Answer(200)] * 5
    assert len(server.peers) == 1, "of those whose handshake succeeded"


def test_a_self_signed_certificate_that_is_not_named_is_refused(tmp_path: Path, known: Authority) -> None:
    """With no tls.ca, or with another one, the fault says what to do; trust is never widened."""
    _, context = self_signed(tmp_path)

    for tls in (TLSSettings(), TLSSettings(ca=known.file)):
        assert describe(refused(context, tls)) == (
            "tls: the server's certificate is self-signed and not trusted: name its file in tls.ca"
        )


def test_a_self_signed_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    """It is trusted, and is still none for this server."""
    cert, context = self_signed(tmp_path, name="other.example.com")

    told = "the server's certificate is not valid for the name localhost"
    assert refused(context, TLSSettings(ca=cert)) == NoAnswer(Fault.TLS, told)


def test_many_at_once_meet_the_certificate_together(tmp_path: Path) -> None:
    """Whoever comes while the second client is made is sent with it too; it is made once."""
    cert, context = self_signed(tmp_path)

    async def scenario() -> list[Result]:
        async with serving(answering(OK), context) as server:
            url = f"https://localhost:{server.port}/hook"
            client = client_of(
                EndpointSettings(name="ci", url=url, timeout_s=LONG_S, tls=TLSSettings(ca=cert)), SystemClock()
            )
            try:
                return list(await asyncio.gather(*(checked(client.send(REQUEST)) for _ in range(8))))
            finally:
                await client.close()

    assert asyncio.run(scenario()) == [Answer(200)] * 8


def test_a_file_that_has_gone_is_describe(tmp_path: Path) -> None:
    """`tls.ca` was there at the start and is read again for the first connection."""
    cert, context = self_signed(tmp_path)

    async def scenario() -> Result:
        async with serving(answering(OK), context) as server:
            url = f"https://localhost:{server.port}/hook"
            client = client_of(
                EndpointSettings(name="ci", url=url, timeout_s=LONG_S, tls=TLSSettings(ca=cert)), SystemClock()
            )
            cert.unlink()
            try:
                return await checked(client.send(REQUEST))
            finally:
                await client.close()

    told = f"endpoint ci: tls.ca cannot be used: {cert} No such file or directory"
    assert asyncio.run(scenario()) == NoAnswer(Fault.TLS, told)
