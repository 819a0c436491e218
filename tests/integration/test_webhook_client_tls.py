"""The webhook client and TLS: whom it trusts, who it says it is, and files that cannot be used."""

import asyncio
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from consumer.delivery.policy.outcome import Answer, Fault, NoAnswer, Result
from runtime.config import TLSSettings
from tests.kit.authority import Authority, authority
from tests.kit.raw_server import OK, Peer, Script, answering, serving
from tests.kit.webhook_client import (
    REQUEST,
    RUSTLS_ONLY,
    checked,
    client_of,
    either_client,
    no_secret_in_logs,
    refused,
    url_of,
)

SERVING = answering(OK)

__all__ = ["either_client", "no_secret_in_logs"]


@pytest.fixture
def known(tmp_path: Path) -> Authority:
    """The authority that the endpoint's settings name."""
    return authority(tmp_path)


@pytest.fixture
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that nobody knows."""
    return authority(tmp_path_factory.mktemp("stranger"))


def over_tls(context: ssl.SSLContext | None, tls: TLSSettings, script: Script = SERVING) -> Result:
    """Send once to a server with this context (None: one that speaks no TLS)."""

    async def scenario() -> Result:
        async with serving(script, context) as server, client_of(url_of(server, "https"), tls=tls) as client:
            return await checked(client.send(REQUEST))

    return asyncio.run(scenario())


def test_an_unknown_authority_is_a_tls_fault(stranger: Authority, known: Authority) -> None:
    """A certificate that no known authority signed ends the connection before anything is sent."""
    unknown = "the server's certificate is signed by an unknown authority: name the authority's file in tls.ca"
    for tls in (TLSSettings(), TLSSettings(ca=known.file)):
        assert over_tls(stranger.server(), tls) == NoAnswer(Fault.TLS, unknown)


def test_an_expired_certificate_is_a_tls_fault(known: Authority) -> None:
    """It says so."""
    result = over_tls(known.server(expired=True), TLSSettings(ca=known.file))

    assert result == NoAnswer(Fault.TLS, "the server's certificate has expired")


def test_a_configured_authority_is_trusted(known: Authority, stranger: Authority, tmp_path: Path) -> None:
    """With `tls.ca` its certificates are good, also where the file holds several authorities."""
    both = tmp_path / "both.pem"
    both.write_bytes(stranger.file.read_bytes() + known.file.read_bytes())

    assert over_tls(known.server(), TLSSettings(ca=known.file)) == Answer(200)
    assert over_tls(known.server(), TLSSettings(ca=both)) == Answer(200)


def test_a_certificate_for_another_name_is_a_tls_fault(known: Authority) -> None:
    """A good certificate of somebody else is none, and the name that was looked for is told."""
    result = over_tls(known.server("other.example.com"), TLSSettings(ca=known.file))

    assert result == NoAnswer(Fault.TLS, "the server's certificate is not valid for the name 127.0.0.1")


@RUSTLS_ONLY
@pytest.mark.parametrize("name", ["127.0.0.1", "other.example.com"])
def test_without_verification_any_certificate_will_do(stranger: Authority, name: str) -> None:
    """`verify: false` takes unknown authorities and wrong names."""
    assert over_tls(stranger.server(name), TLSSettings(verify=False)) == Answer(200)


def test_a_server_that_asks_for_a_certificate_gets_it(known: Authority, tmp_path: Path) -> None:
    """With `tls.cert` and `tls.key` the server knows the client; without, it hangs up."""
    context = known.server()
    context.verify_mode = ssl.CERT_REQUIRED
    known.ca.configure_trust(context)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # in 1.3 the server's refusal comes after the handshake
    seen: list[Any] = []

    async def script(peer: Peer) -> None:
        seen.append(peer.writer.get_extra_info("peercert"))
        await answering(OK)(peer)

    assert over_tls(context, known.client(tmp_path), script) == Answer(200)
    assert ("email", "worker@example.com") in seen[0]["subjectAltName"]
    nobody = over_tls(context, TLSSettings(ca=known.file), script)
    assert isinstance(nobody, NoAnswer)
    assert nobody.fault is Fault.TLS
    assert len(seen) == 1


@pytest.mark.parametrize("asks", [False, True])
def test_tls_1_3_with_a_certificate_works_and_without_does_not(known: Authority, tmp_path: Path, *, asks: bool) -> None:
    """The newest TLS, where a missing certificate shows only after the handshake."""
    context = known.server()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if asks:
        context.verify_mode = ssl.CERT_REQUIRED
        known.ca.configure_trust(context)

    assert over_tls(context, known.client(tmp_path)) == Answer(200)
    assert isinstance(over_tls(context, TLSSettings(ca=known.file)), NoAnswer if asks else Answer)


def test_a_server_without_tls_is_a_tls_fault(known: Authority) -> None:
    """An https URL of a plain server is a fault of TLS, not of HTTP."""

    async def plain(peer: Peer) -> None:
        await peer.reader.read(1)
        await peer.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await peer.until_gone()

    result = over_tls(None, TLSSettings(ca=known.file), plain)

    assert isinstance(result, NoAnswer)
    assert result.fault is Fault.TLS


def test_files_that_cannot_be_used_are_named(known: Authority, stranger: Authority, tmp_path: Path) -> None:
    """A missing file, one without a certificate, an encrypted key, a key of another: refused at the start."""
    mine = known.client(tmp_path)
    assert mine.cert is not None
    assert mine.key is not None
    theirs = stranger.client(stranger.file.parent)
    missing, encrypted = tmp_path / "missing.pem", tmp_path / "encrypted.pem"
    command = ["openssl", "pkey", "-aes256", "-passout", "pass:x", "-in", str(mine.key), "-out", str(encrypted)]
    subprocess.run(command, check=True, capture_output=True)
    pair = "tls.cert with tls.key (PEM, not encrypted)"

    assert refused(tls=TLSSettings(ca=missing)) == (
        f"endpoint ci: tls.ca cannot be used: {missing} No such file or directory"
    )
    assert (
        refused(tls=TLSSettings(ca=mine.key)) == f"endpoint ci: tls.ca cannot be used: {mine.key} holds no certificate"
    )
    assert refused(tls=TLSSettings(cert=mine.key, key=mine.cert)) == (
        f"endpoint ci: {pair} cannot be used: {mine.key} holds no certificate"
    )
    assert refused(tls=TLSSettings(cert=mine.cert, key=encrypted)) == f"endpoint ci: {pair} cannot be used"
    assert "endpoint ci: tls cannot be used: " in refused(tls=TLSSettings(cert=mine.cert, key=theirs.key))
