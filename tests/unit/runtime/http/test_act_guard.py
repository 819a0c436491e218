"""Who may act by a request: not a page in a browser of somebody who may, and nobody from elsewhere without a secret."""

from collections.abc import Mapping
from typing import Any

import pytest

from runtime.config.addresses import Address
from runtime.config.secrets import Secret
from runtime.http.act_guard import ActGuard
from runtime.http.asgi import Message, Request

LOCAL, EVERYWHERE = Address("127.0.0.1", 5051), Address("0.0.0.0", 5051)
JSON = {"content-type": "application/json", "host": "127.0.0.1:5051"}


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def asked(**headers: str | None) -> Request:
    """A POST with these headers, beside those that every client of ours sends; None leaves one out."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    found: Mapping[str, Any] = {**JSON, **named}
    lines = [(name.encode(), value.encode("latin-1")) for name, value in found.items() if value is not None]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": lines}, _nothing)


def refused(listen: Address, *tokens: str, **headers: str | None) -> int | None:
    """The status of the refusal, None if there is none."""
    guard = ActGuard(listen, [Secret(token) for token in tokens], is_open=False, key="worker.authorization")
    refusal = guard.refusal(asked(**headers))
    return None if refusal is None else refusal.status


@pytest.mark.parametrize("host", ["127.0.0.1:5051", "localhost:5051", "LOCALHOST", "[::1]:5051", "127.1:80"])
def test_this_machine_may_act_without_a_secret(host: str) -> None:
    """By any of its own names."""
    assert None is refused(LOCAL, host=host)


@pytest.mark.parametrize(
    "host", ["evil.example:5051", "127.0.0.1.evil.example", "", "10.0.0.7", "localhost.evil", None]
)
def test_a_name_that_is_made_to_point_here_may_not(host: str | None) -> None:
    """DNS rebinding: the page is of `evil.example`, whose address has become 127.0.0.1."""
    assert 403 == refused(LOCAL, host=host)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content_type": "text/plain"}, 415),
        ({"content_type": "application/x-www-form-urlencoded"}, 415),
        ({"content_type": "multipart/form-data; boundary=application/json"}, 415),
        ({"content_type": None}, 415),
        ({"content_type": "application/json; charset=utf-8"}, None),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:5051"}, None),
        ({"origin": "http://127.0.0.1:5050"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "same-origin"}, None),
    ],
)
@pytest.mark.parametrize("tokens", [(), ("Bearer secret",)])
def test_a_page_of_somebody_else_may_not(
    headers: dict[str, str | None], status: int | None, tokens: tuple[str, ...]
) -> None:
    """A form cannot send JSON, a script not without a word of ours, and a browser says where it comes from."""
    assert status == refused(LOCAL, *tokens, authorization="Bearer secret", **headers)


def test_from_elsewhere_a_secret_is_needed() -> None:
    """Off loopback nobody acts without one, unless the file says outright that everybody may; the key is named."""
    assert 403 == refused(EVERYWHERE)
    assert None is ActGuard(EVERYWHERE, [], is_open=True, key="worker.authorization").refusal(asked())
    refusal = ActGuard(EVERYWHERE, [], is_open=False, key="worker.authorization").refusal(asked())
    assert refusal is not None
    assert b"0.0.0.0:5051 can be reached from other machines: set worker.authorization" in refusal.body


@pytest.mark.parametrize("listen", [LOCAL, EVERYWHERE])
def test_the_secret_is_asked_for_wherever_it_is_set(listen: Address) -> None:
    """Any of several while rotating; then the host may be that of a proxy."""
    for given in ("Bearer old", "Bearer new"):
        assert None is refused(listen, "Bearer old", "Bearer new", authorization=given, host="ops.example")
    for wrong in (None, "", "Bearer", "Bearer olx", "bearer old", "Bearer old Bearer new", "Bearer \xe9"):
        assert 401 == refused(listen, "Bearer old", "Bearer new", authorization=wrong)
