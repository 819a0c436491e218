"""Which addresses may be connected to: in every form of an address, whatever a rule is written for."""

import ipaddress
from collections.abc import Callable, Mapping
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.config.faults import ConfigurationError
from runtime.config.load import settings_from
from runtime.config.networks import METADATA, Networks, parse_network
from runtime.config.settings import Settings

FORMS: Final[Mapping[str, Callable[[ipaddress.IPv4Address], str]]] = {
    "itself": str,
    "mapped": lambda v4: f"::ffff:{v4}",
    "compatible": lambda v4: str(ipaddress.IPv6Address(int(v4))),
    "translated": lambda v4: f"::ffff:0:{v4}",
    "NAT64": lambda v4: f"64:ff9b::{v4}",
    "local NAT64, 96 bits": lambda v4: f"64:ff9b:1::{v4}",
    "local NAT64, 48 bits": lambda v4: str(
        ipaddress.IPv6Address(0x64FF9B0001 << 80 | (int(v4) >> 16) << 64 | (int(v4) & 0xFFFF) << 40)
    ),
    "6to4": lambda v4: str(ipaddress.IPv6Address(0x2002 << 112 | int(v4) << 80 | 1)),
    "Teredo server": lambda v4: str(ipaddress.IPv6Address(0x20010000 << 96 | int(v4) << 64)),
    "Teredo client": lambda v4: str(ipaddress.IPv6Address(0x20010000 << 96 | (~int(v4) & 0xFFFFFFFF))),
    "ISATAP": lambda v4: f"2001:db8::5efe:{v4}",
    "ISATAP, global": lambda v4: f"2001:db8::200:5efe:{v4}",
}
"""The ways to write an IPv4 address as one that is not it and leads to it."""
HOSTS: Final = st.integers(2**25, 2**32 - 2).map(ipaddress.IPv4Address)
"""From 2.0.0.0 on: what is compatible with a smaller one can be another thing, as `::1` is."""


def networks(allow: str = "", deny: str = "") -> Networks:
    """Networks, written with spaces between."""
    return Networks(allow=tuple(map(parse_network, allow.split())), deny=tuple(map(parse_network, deny.split())))


@pytest.mark.parametrize("form", FORMS)
def test_no_notation_leads_around_a_denial(form: str) -> None:
    """An address in a denied network is refused in every form, and one outside of it in none."""

    @given(HOSTS, st.integers(8, 32))
    def holds(host: ipaddress.IPv4Address, prefix: int) -> None:
        network = ipaddress.IPv4Network((int(host), prefix), strict=False)
        outside = ipaddress.IPv4Address(int(host) ^ 1 << (32 - prefix))
        rule = Networks(deny=(network,))
        assert str(network) in rule.refusal(FORMS[form](host))
        assert str(network) not in rule.refusal(FORMS[form](outside))

    holds()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("address", [network.network_address for network in METADATA if network.version == 4])
def test_metadata_services_are_refused_in_every_form(form: str, address: ipaddress.IPv4Address) -> None:
    """Also where everything is allowed; only an entry of its own allows one."""
    written = FORMS[form](address)
    for rule in (networks(), networks(allow="0.0.0.0/0 ::/0"), networks(allow="169.254.0.0/16 ::/0")):
        assert "metadata service" in rule.refusal(written)
    assert networks(allow=f"{address} ::/0").refusal(written) == ""
    assert "deny_networks" in networks(allow=f"{address} ::/0", deny=f"{address}").refusal(written)


@given(HOSTS, st.lists(HOSTS), st.lists(HOSTS))
def test_deny_wins_and_what_is_allowed_is_all(
    host: ipaddress.IPv4Address, allow: list[ipaddress.IPv4Address], deny: list[ipaddress.IPv4Address]
) -> None:
    """An address is allowed exactly if it is not denied, and allowed where anything is."""
    rule = Networks(
        allow=tuple(ipaddress.IPv4Network((int(one), 12), strict=False) for one in allow),
        deny=tuple(ipaddress.IPv4Network((int(one), 16), strict=False) for one in deny),
    )
    denied, allowed = any(host in one for one in rule.deny), any(host in one for one in rule.allow)
    if any(host in network for network in METADATA):
        return
    assert (rule.refusal(str(host)) == "") is (not denied and (allowed or not allow))


def test_what_is_the_same_host_is_allowed_with_it() -> None:
    """The mapped form and that of NAT64 reach the host itself; a tunnel's form reaches another one."""
    rule = networks(allow="203.0.113.0/24")
    for form in ("itself", "mapped", "NAT64"):
        assert rule.refusal(FORMS[form](ipaddress.IPv4Address("203.0.113.7"))) == ""
    for form in ("6to4", "Teredo client", "ISATAP", "compatible"):
        told = rule.refusal(FORMS[form](ipaddress.IPv4Address("203.0.113.7")))
        assert told.endswith("is in no network of worker.allow_networks")


def test_the_unspecified_address_is_this_machine() -> None:
    """A connection to it ends at loopback, so it is denied with it; loopback itself is no IPv4 address in disguise."""
    assert "127.0.0.0/8" in networks(deny="127.0.0.0/8").refusal("0.0.0.0")
    assert "::1/128" in networks(deny="::1").refusal("::")
    assert networks(deny="0.0.0.0/8").refusal("::1") == ""
    assert "fe80::/10" in networks(deny="fe80::/10").refusal("fe80::1%eth0")


def settings(**worker: object) -> Settings:
    """Settings with these keys of the worker."""
    endpoint = {"name": "ci", "url": "https://ci.example.com/"}
    return settings_from({"kafka": {"bootstrap.servers": "x:1"}, "worker": worker, "endpoints": [endpoint]})


def test_networks_are_read_and_are_every_endpoints() -> None:
    """A single address is a network; an IPv4-mapped one is IPv4's. Without the keys only metadata is refused."""
    read = settings(allow_networks=["10.0.0.0/8", "2001:db8::7"], deny_networks=["::ffff:10.1.0.0/112"])
    found = read.endpoints[0].networks
    assert found == read.worker.networks == networks("10.0.0.0/8 2001:db8::7/128", "10.1.0.0/16")
    assert settings().endpoints[0].networks == Networks()
    assert settings(deny_networks=[]).worker.networks == Networks()


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("10.0.0.0/33", "is not a network; write a network such as 10.0.0.0/8 or fd00::/8, or a single address"),
        ("010.0.0.0/8", "is not a network"),
        ("0x0a000000/8", "is not a network"),
        ("10/8", "is not a network"),
        ("10.0.0.0/255.0.0.0", "is not a network"),
        ("fe80::1%eth0/64", "is not a network"),
        ("metadata", "is not a network"),
        ("10.1.2.3/8", "has bits set behind its prefix; write 10.0.0.0/8"),
    ],
)
def test_what_is_no_network_is_refused(written: str, says: str) -> None:
    """One line with the place, the value, and what to write."""
    with pytest.raises(ConfigurationError) as error:
        settings(deny_networks=["10.0.0.0/8", written])
    assert f'worker.deny_networks[1]: "{written}" {says}' in str(error.value)


def test_nothing_allowed_is_refused() -> None:
    """An empty list would read as nothing or as everything."""
    with pytest.raises(ConfigurationError, match=r"worker\.allow_networks: is an empty list; leave it out to allow"):
        settings(allow_networks=[])
