"""What an event says of the request that caused it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from producer import actor_from_asgi, actor_from_wsgi, request_from_asgi, request_from_wsgi
from schemas import ActorRecord, RequestRecord

Headers = list[tuple[bytes, bytes]]


def asgi(*headers: tuple[str, bytes], client: tuple[str, int] | None = ("192.0.2.7", 4711)) -> dict[str, Any]:
    """An ASGI scope of a PUT."""
    fields = [(name.lower().encode(), value) for name, value in headers]
    return {"type": "http", "method": "PUT", "scheme": "http", "path": "/v2/", "headers": fields, "client": client}


def wsgi(*headers: tuple[str, bytes], addr: str = "192.0.2.7", port: str = "4711") -> dict[str, Any]:
    """A WSGI environ of the same."""
    fields = {f"HTTP_{name.upper().replace('-', '_')}": value.decode("latin-1") for name, value in headers}
    return {"REQUEST_METHOD": "PUT", "PATH_INFO": "/v2/", "REMOTE_ADDR": addr, "REMOTE_PORT": port, **fields}


def both(*headers: tuple[str, bytes]) -> RequestRecord:
    """The record of a request, which is the same from ASGI and WSGI."""
    record = request_from_asgi(asgi(*headers), ids=lambda: "id")
    assert record == request_from_wsgi(wsgi(*headers), ids=lambda: "id")
    return record


def test_a_request_is_recorded_as_received() -> None:
    """Host as the client wrote it, whatever a proxy calls it; method, user agent, and the peer with its port."""
    headers = [("Host", b"registry.example.com:5000"), ("User-Agent", b"skopeo/1.9.3"), ("X-Forwarded-Host", b"other")]
    expected = RequestRecord(
        id="id", addr="192.0.2.7:4711", host="registry.example.com:5000", method="PUT", useragent="skopeo/1.9.3"
    )
    assert expected == both(*headers)


def test_the_id_is_the_server_s() -> None:
    """Each request gets a fresh UUID; what a client calls it does not count."""
    scope = asgi(("X-Request-Id", b"mine"))
    one, two = request_from_asgi(scope).id, request_from_asgi(scope).id
    assert (len(one), len(two)) == (36, 36)
    assert one < two
    assert request_from_wsgi(wsgi()).id > two


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([("X-Forwarded-For", b"203.0.113.9")], "203.0.113.9"),
        ([("X-Forwarded-For", b"  203.0.113.9 , 10.0.0.1, 10.0.0.2")], "203.0.113.9"),
        ([("X-Forwarded-For", b"2001:db8::1")], "2001:db8::1"),
        ([("X-Real-Ip", b"203.0.113.9")], "203.0.113.9"),
        ([("X-Forwarded-For", b"203.0.113.9"), ("X-Real-Ip", b"203.0.113.10")], "203.0.113.9"),
        ([("X-Forwarded-For", b"unknown"), ("X-Real-Ip", b"203.0.113.10")], "203.0.113.10"),
        ([("X-Forwarded-For", b"203.0.113.9:80")], "192.0.2.7:4711"),
        ([("X-Forwarded-For", b"[2001:db8::1]")], "192.0.2.7:4711"),
        ([("X-Forwarded-For", b"fe80::1%eth0")], "192.0.2.7:4711"),
        ([("X-Forwarded-For", b"010.0.0.1")], "192.0.2.7:4711"),
        ([("X-Forwarded-For", b"1"), ("X-Real-Ip", b" 203.0.113.10\t")], "203.0.113.10"),
        ([("X-Forwarded-For", b", 203.0.113.9")], "192.0.2.7:4711"),
        ([("X-Forwarded-For", b"")], "192.0.2.7:4711"),
    ],
)
def test_the_client_address_follows_the_registry_s_rules(headers: list[tuple[str, bytes]], expected: str) -> None:
    """The first of X-Forwarded-For, then X-Real-Ip, each only if it is a bare IP address; else the peer."""
    assert expected == both(*headers).addr


def test_an_invalid_address_is_logged() -> None:
    """Who set up a proxy wrongly can read it, and a long value stays short."""
    with capture_logs() as logs:
        request_from_asgi(asgi(("X-Forwarded-For", b"x" * 5000)))
    assert [(line["event"], line["header"], len(line["value"])) for line in logs] == [
        ("request.address_invalid", "x-forwarded-for", 100)
    ]


def test_the_peer_is_written_as_go_does() -> None:
    """IPv6 in brackets; without a port the address alone; nothing where the server knows nothing."""
    assert request_from_asgi(asgi(client=("::1", 1234))).addr == "[::1]:1234"
    assert request_from_asgi(asgi(client=None)).addr == ""
    assert request_from_wsgi(wsgi(addr="::1", port="1234")).addr == "[::1]:1234"
    assert request_from_wsgi(wsgi(addr="192.0.2.7", port="")).addr == "192.0.2.7"
    assert request_from_wsgi({"REQUEST_METHOD": "GET"}).addr == ""


@pytest.mark.parametrize(
    ("raw", "text"),
    [("żółć 😀".encode(), "żółć 😀"), (b"caf\xe9", "café"), (b"\xff\xfe\x00", "ÿþ\x00"), (b"", "")],
)
def test_header_bytes_become_text(raw: bytes, text: str) -> None:
    """UTF-8 where it is that, else Latin-1: every byte stays recognisable and no event fails for it."""
    assert text == both(("User-Agent", raw)).useragent


def test_the_first_of_several_headers_counts() -> None:
    """As in Go; ASGI hands over each line."""
    record = request_from_asgi(asgi(("User-Agent", b"one"), ("User-Agent", b"two")))
    assert record.useragent == "one"


def test_a_wsgi_environ_that_breaks_its_own_rule_is_read() -> None:
    """Some servers and tests put text there that is not bytes in disguise; it is taken, and can always be encoded."""
    record = request_from_wsgi({"REQUEST_METHOD": "GET", "HTTP_USER_AGENT": "漢\udc80"})
    assert record.useragent == "漢?"


@pytest.mark.parametrize(
    ("authorization", "name"),
    [
        (b"Basic Ym9iOnNlY3JldA==", "bob"),
        (b"basic Ym9iOg==", "bob"),
        (b"Basic OnNlY3JldA==", ""),
        (b"Basic Ym9i", ""),
        (b"Basic ???", ""),
        (b"Basic \xff", ""),
        (b"Basic xbzDs8WCxIc6eA==", "żółć"),
        (b"Basic 6To=", "é"),
        (b"Bearer Ym9iOnNlY3JldA==", ""),
        (b"", ""),
    ],
)
def test_the_actor_is_the_basic_user_nobody_verified(authorization: bytes, name: str) -> None:
    """As in the registry, even with no authentication at all; the password goes nowhere."""
    header = ("Authorization", authorization)
    assert ActorRecord(name=name) == actor_from_asgi(asgi(header)) == actor_from_wsgi(wsgi(header))


def test_an_authenticated_user_goes_first() -> None:
    """Whom the registry has authenticated is the actor, whatever the header claims."""
    header = ("Authorization", b"Basic Ym9iOnNlY3JldA==")
    assert ActorRecord(name="ann") == actor_from_asgi(asgi(header), user="ann")
    assert ActorRecord(name="ann") == actor_from_wsgi(wsgi(header), user="ann")


NAMES = st.sampled_from(["Host", "User-Agent", "X-Forwarded-For", "X-Real-Ip", "Authorization"])


@given(st.dictionaries(NAMES, st.binary(max_size=30)))
def test_any_headers_make_a_record(headers: dict[str, bytes]) -> None:
    """Reading a request is total, agrees between ASGI and WSGI, and gives text that JSON can carry."""
    record = both(*headers.items())
    assert all(getattr(record, name).encode() is not None for name in ("addr", "host", "useragent"))
    assert actor_from_asgi(asgi(*headers.items())) == actor_from_wsgi(wsgi(*headers.items()))


def test_method_and_address_of_a_wsgi_server_are_text() -> None:
    """As its headers are: bytes in disguise are read as UTF-8, and lone surrogates replaced."""
    record = request_from_wsgi({"REQUEST_METHOD": "G\u00c3\u0089T", "REMOTE_ADDR": "h\udc80"})
    assert ("G\u00c9T", "h?") == (record.method, record.addr)
