"""A worker's address in the client id of its consumers: whoever reads it there finds the worker."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.log.advertised import pages_of, with_pages
from runtime.config.addresses import Address


@pytest.mark.parametrize(
    ("listen", "client_id", "found"),
    [
        (Address("0.0.0.0", 5051), "registry-worker-ci@*:5051", Address("10.0.0.7", 5051)),
        (Address("::", 5051), "registry-worker-ci@*:5051", Address("10.0.0.7", 5051)),
        (Address("10.9.9.9", 81), "registry-worker-ci@10.9.9.9:81", Address("10.9.9.9", 81)),
        (Address("fe80::1", 81), "registry-worker-ci@[fe80::1]:81", Address("fe80::1", 81)),
        (Address("127.0.0.1", 5051), "registry-worker-ci@127.0.0.1:5051", Address("127.0.0.1", 5051)),
        (Address("127.0.0.1", 0), "registry-worker-ci", None),
        (None, "registry-worker-ci", None),
    ],
)
def test_the_address_is_found_again(listen: Address | None, client_id: str, found: Address | None) -> None:
    """One that listens everywhere is found at the host from which Kafka sees it come."""
    assert client_id == with_pages("registry-worker-ci", listen)
    assert found == pages_of(client_id, "10.0.0.7")


def test_a_host_of_ipv6() -> None:
    """It stands in brackets in an address."""
    assert Address("fd00::7", 5051) == pages_of("registry-worker-ci@*:5051", "fd00::7")


@given(st.text(), st.text())
def test_whatever_a_member_calls_itself(client_id: str, host: str) -> None:
    """Anybody may join a group; what is no address is none."""
    found = pages_of(client_id, host)
    assert found is None or found.port <= 65535


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.integers(1, 65535))
def test_any_name_of_an_endpoint(name: str, port: int) -> None:
    """Also one with an @ in it."""
    assert Address("127.0.0.1", port) == pages_of(
        with_pages(f"registry-worker-{name}", Address("127.0.0.1", port)), "x"
    )
