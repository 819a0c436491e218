"""An endpoint that is the intake itself, and `--listen` over the file's address."""

import pytest

from runtime.config import Address, ConfigurationError, Settings, parse_address
from runtime.config.load import settings_from
from runtime.config.overrides import with_intake_listen, with_worker_listen
from runtime.config.sections import UNGUARDED

KAFKA = {"bootstrap.servers": "127.0.0.1:9092"}


def settings(url: str, listen: str = "127.0.0.1:5050", path: str = "/events") -> Settings:
    """Validate one endpoint against one intake."""
    intake = {"listen": listen, "path": path, "authorization": "none"}
    return settings_from({"kafka": KAFKA, "intake": intake, "endpoints": [{"name": "a", "url": url}]})


@pytest.mark.parametrize(
    ("url", "listen"),
    [
        ("http://127.0.0.1:5050/events", "127.0.0.1:5050"),
        ("http://localhost:5050/events", "127.0.0.1:5050"),
        ("http://LOCALHOST.:5050/events/eu", "127.0.0.1:5050"),
        ("http://[::1]:5050/events", "127.0.0.1:5050"),
        ("http://127.1:5050/events", "127.0.0.1:5050"),
        ("http://127.0.0.1:5050/events/eu", "0.0.0.0:5050"),
        ("http://0.0.0.0:5050/events", "127.0.0.1:5050"),
        ("https://u:p@[::ffff:127.0.0.1]:5050/x/../%65vents/?a=b", "[::]:5050"),
        ("http://bridge.example.com/events", "bridge.example.com:80"),
        ("https://bridge.example.com/events", "Bridge.example.com:443"),
        ("http://10.0.0.7:5050/events", "10.0.0.7:5050"),
    ],
)
def test_an_endpoint_that_is_this_intake_is_refused(url: str, listen: str) -> None:
    """Events that come round for ever are stopped at start, however the address is spelt."""
    with pytest.raises(ConfigurationError, match="is the address of this intake: each event would come back for ever"):
        settings(url, listen)


@pytest.mark.parametrize(
    ("url", "listen"),
    [
        ("http://127.0.0.1:5051/events", "127.0.0.1:5050"),
        ("http://127.0.0.1:5050/eventsource", "127.0.0.1:5050"),
        ("http://127.0.0.1:5050/", "127.0.0.1:5050"),
        ("http://10.0.0.7:5050/events", "127.0.0.1:5050"),
        ("http://ci.example.com:5050/events", "0.0.0.0:5050"),
        ("http://127.0.0.1:5050/events", "10.0.0.7:5050"),
        ("http://127.0.0.1/events", "127.0.0.1:0"),
    ],
)
def test_other_endpoints_are_no_intake(url: str, listen: str) -> None:
    """Another port, path or host is another program."""
    assert url == settings(url, listen).endpoints[0].url


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:5050", Address("127.0.0.1", 5050)),
        ("[::1]:5050", Address("::1", 5050)),
        ("localhost:0", Address("localhost", 0)),
        ("bridge.example.com:65535", Address("bridge.example.com", 65535)),
    ],
)
def test_an_address_is_written_as_it_is_read(text: str, address: Address) -> None:
    """HOST:PORT, an IPv6 host in brackets."""
    assert address == parse_address(text)
    assert text == str(address)


@pytest.mark.parametrize(
    "text",
    ["", "5050", ":5050", "a:", "a:65536", "a:-1", "::1:5050", "[::1]", "[x]:1", "[1.2]:1", "a b:1", "a:01", "a:1\n"],
)
def test_nothing_else_is_an_address(text: str) -> None:
    """A host and a port are both needed, and a port is a number up to 65535."""
    with pytest.raises(ValueError, match=r"^is not an address; write HOST:PORT"):
        parse_address(text)


def test_listen_is_judged_as_the_files_own() -> None:
    """`--listen` cannot open an intake that asks for nothing, nor move it under an endpoint."""
    closed = settings_from({"kafka": KAFKA, "endpoints": [{"name": "a", "url": "http://localhost:6060/events"}]})

    with pytest.raises(ConfigurationError) as exposed:
        with_intake_listen(closed, Address("0.0.0.0", 6060))

    assert exposed.value.faults == (
        f"--listen: 0.0.0.0:6060 {UNGUARDED}",
        "--listen: 0.0.0.0:6060 is the address of endpoint a: each of its events would come back for ever",
    )
    assert with_intake_listen(closed, Address("127.0.0.1", 0)).intake.listen == Address("127.0.0.1", 0)


def test_the_workers_page_can_listen_anywhere() -> None:
    """The worker's page takes no events, so its address is the operator's choice."""
    moved = with_worker_listen(settings("http://a"), Address("0.0.0.0", 0))

    assert (Address("0.0.0.0", 0), Address("127.0.0.1", 5050)) == (moved.worker.listen, moved.intake.listen)
