"""The URL of a worker on a command line."""

import click
import pytest

from consumer.commands.worker_option import WorkerType
from runtime.cli.worker_url import WorkerAddress, WorkerURLType, worker_address
from runtime.config.addresses import Address


@pytest.mark.parametrize(
    ("url", "address", "is_encrypted"),
    [
        ("http://10.0.0.7:5051", Address("10.0.0.7", 5051), False),
        ("HTTPS://worker.example.com/", Address("worker.example.com", 443), True),
        ("http://[::1]", Address("::1", 80), False),
    ],
)
def test_a_url_is_an_address(url: str, address: Address, *, is_encrypted: bool) -> None:
    """Without a port it is the scheme's."""
    assert WorkerAddress(address, is_encrypted) == worker_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "10.0.0.7:5051",
        "ftp://a:1",
        "http://",
        "http://a:0",
        "http://a:70000",
        "http://a:x",
        "http://u:p@a:1",
        "http://a:1/status",
        "http://a:1?x=1",
        "http://a:1#x",
        "http://[::1",
        "http://a b:1",
    ],
)
def test_others_are_none(url: str) -> None:
    """Nothing of a URL is passed over."""
    with pytest.raises(ValueError, match=r"^is not the address of a worker; write e\.g\. http://127\.0\.0\.1:5051$"):
        worker_address(url)


@pytest.mark.parametrize("option", [WorkerURLType(), WorkerType()])
@pytest.mark.parametrize("text", ["http://me:hunter2@10.0.0.7:5051", "http://me:hunt/er2@a:1", "me:hunter2@a:1"])
def test_a_password_is_not_shown(option: click.ParamType[object], text: str) -> None:
    """A worker's address has none; whoever writes one is told so without it."""
    with pytest.raises(
        click.BadParameter, match=r"'(http://)?\*\*\*@[a0-9.:]+' is not the address of a worker"
    ) as refused:
        option.convert(text, None, None)
    assert "hunt" not in str(refused.value)
