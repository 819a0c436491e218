"""A schema registry's client: users, tokens, TLS and certificates."""

import asyncio
import ssl
import traceback
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from broker import free_port
from runtime.config import TLSSettings
from runtime.http.client import ClientSettingsError
from runtime.schema_registry import FULL_TRANSITIVE, SchemaRegistry
from tests.kit.authority import Authority, authority, self_signed
from tests.kit.registry_questions import (
    PASSWORD,
    QUESTIONS,
    SCHEMA,
    SECRETS,
    SUBJECT,
    TOKEN,
    USER,
    client_of,
    trouble,
    troubles,
    url_with_user,
)
from tests.kit.schema_registry import SchemaRegistry as Stub
from tests.kit.schema_registry import basic


@pytest.fixture
def stub() -> Iterator[Stub]:
    """A registry that lets everyone in."""
    with Stub() as up:
        yield up


@pytest.fixture
def client(stub: Stub) -> SchemaRegistry:
    """Its client, which shows a user that the registry does not ask for."""
    return client_of(url_with_user(stub.url))


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority."""
    return authority(tmp_path_factory.mktemp("known"))


# Who we are, and whom we trust.
@pytest.mark.parametrize(("user", "password"), [("bob", "s3cret"), ("b:b@home", "p@ss:/?#%25 wörd"), ("bob", "")])
def test_the_user_in_the_url_is_basic_authorization(user: str, password: str) -> None:
    """Percent-encoded in the URL, as itself in the header; shown to nobody."""
    with Stub(authorization=basic(user, password)) as stub:
        client = client_of(stub.url.replace("//", f"//{quote(user, safe='')}:{quote(password, safe='')}@"))
        assert 1 == client.register(SUBJECT, SCHEMA)
        assert stub.url.replace("//", "//***@") == client.safe_url


def test_the_configured_authorization_is_sent_as_it_is() -> None:
    """With every question; it goes over a user in the URL, and only one is sent."""
    with Stub(authorization=f"Bearer {TOKEN}") as stub:
        client = client_of(url_with_user(stub.url), authorization=f"Bearer {TOKEN}")
        assert 1 == client.register(SUBJECT, SCHEMA)
        client.set_compatibility(SUBJECT, FULL_TRANSITIVE)
        found = (client.find(SUBJECT, SCHEMA), client.schema(1) is not None, client.compatibility(SUBJECT))
        assert (1, True, FULL_TRANSITIVE) == found


@pytest.mark.parametrize("authorization", [None, f"Bearer {TOKEN}-but-wrong"])
def test_a_wrong_authorization(authorization: str | None) -> None:
    """Missing or wrong is 401, with a hint and without what was sent."""
    with Stub(authorization=basic(USER, PASSWORD)) as stub:
        [told] = troubles(client_of(stub.url, authorization=authorization))
    assert told.startswith("answers 401: set schema_registry.authorization")


def test_no_authorization_goes_to_whom_it_is_not_for(stub: Stub) -> None:
    """Without any, none is sent."""
    client_of(stub.url).register(SUBJECT, SCHEMA)
    assert stub.requests[0].header("authorization") is None


def test_tls_with_an_authority_of_ones_own(known: Authority) -> None:
    """`tls.ca` is trusted."""
    with Stub(tls=known.server()) as stub:
        assert 1 == client_of(stub.url, tls=TLSSettings(ca=known.file)).register(SUBJECT, SCHEMA)


def test_tls_of_an_authority_that_nobody_knows(known: Authority) -> None:
    """It is not trusted, and that is what is said; with `verify: false` it is."""
    with Stub(tls=known.server()) as stub:
        [told] = troubles(client_of(url_with_user(stub.url)))
        assert told.startswith("cannot be reached: the server's certificate is signed by an unknown authority")
        assert [] == stub.requests
        assert 1 == client_of(stub.url, tls=TLSSettings(verify=False)).register(SUBJECT, SCHEMA)


def test_tls_for_another_name(known: Authority) -> None:
    """A certificate of a trusted authority for somebody else is not enough."""
    with Stub(tls=known.server("registry.example.com")) as stub:
        told = trouble(client_of(stub.url, tls=TLSSettings(ca=known.file)), QUESTIONS["find"])
    assert "certificate is not valid for the name 127.0.0.1" in told


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate(known: Authority, tmp_path: Path, version: ssl.TLSVersion) -> None:
    """A registry that asks for one gets it; without, the connection breaks."""
    context = known.server()
    context.verify_mode = ssl.CERT_REQUIRED
    known.ca.configure_trust(context)
    context.minimum_version = context.maximum_version = version
    with Stub(tls=context) as stub:
        assert 1 == client_of(stub.url, tls=known.client(tmp_path)).register(SUBJECT, SCHEMA)
        without = client_of(stub.url, tls=TLSSettings(ca=known.file))
        assert trouble(without, QUESTIONS["find"]).startswith("cannot be reached: ")
        assert 1 == len(stub.requests)


def test_tls_where_there_is_none(stub: Stub) -> None:
    """A URL of https where only http is spoken is trouble like any other."""
    told = trouble(client_of(stub.url.replace("http", "https")), QUESTIONS["find"])
    assert told.startswith("cannot be reached: ")


@pytest.mark.parametrize("name", ["ca", "cert"])
def test_certificates_that_cannot_be_used(tmp_path: Path, name: str) -> None:
    """Said when the client is made, with the key and the file, never its content."""
    file, key = tmp_path / "file.pem", tmp_path / "file.key"
    file.write_text(PASSWORD)
    key.write_text(PASSWORD)
    tls = TLSSettings(ca=file) if name == "ca" else TLSSettings(cert=file, key=key)
    with pytest.raises(ClientSettingsError, match=rf"^schema_registry: tls\.{name} .*{file} holds no") as raised:
        client_of("http://127.0.0.1:1", tls=tls)
    assert 2 == raised.value.exit_code
    assert PASSWORD not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://bob:s3cret@127.0.0.1",
        "http://bob:s3cret@127.0.0.1?key=t0ken",
        "http://bob:s3cret@127.0.0.1/#t0ken",
        "bob:s3cret@127.0.0.1",
        "http://bob:s3cret@[::1",
        "http://bob:s3cret@two words/",
        "",
    ],
)
def test_urls_that_are_no_root(url: str) -> None:
    """Settings that are made in Python, past the configuration's checks, are refused by the key and without secrets."""
    with pytest.raises(ClientSettingsError, match=r"^schema_registry: url ") as raised:
        client_of(url)
    shown = "".join(traceback.format_exception(raised.value))
    assert [] == [secret for secret in SECRETS if secret in str(raised.value)], shown
    assert 1 == len(str(raised.value).splitlines())


def test_proxies_of_the_environment_are_ignored(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry is asked where it is configured to be, whatever the environment says."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        for spelt in (name, name.lower()):
            monkeypatch.setenv(spelt, f"http://127.0.0.1:{free_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert 1 == client_of(stub.url).register(SUBJECT, SCHEMA)


def test_a_self_signed_certificate(tmp_path: Path) -> None:
    """One that `openssl req -x509` makes is trusted if `tls.ca` names it, also from a thread that runs a loop."""
    cert, context = self_signed(tmp_path)
    with Stub(tls=context) as stub:
        url = stub.url.replace("127.0.0.1", "localhost")
        client = client_of(url, tls=TLSSettings(ca=cert))

        async def asked() -> int:
            return client.register(SUBJECT, SCHEMA)

        assert 1 == client.register(SUBJECT, SCHEMA)
        assert 1 == asyncio.run(asked())
        told = trouble(client_of(url), QUESTIONS["find"])

    assert "self-signed and not trusted: name its file in tls.ca" in told


def test_a_self_signed_certificate_for_another_name(tmp_path: Path) -> None:
    """It is none for this server."""
    cert, context = self_signed(tmp_path, name="other.example.com")
    with Stub(tls=context) as stub:
        told = trouble(client_of(stub.url, tls=TLSSettings(ca=cert)), QUESTIONS["find"])

    assert told == "cannot be reached: the server's certificate is not valid for the name 127.0.0.1"
