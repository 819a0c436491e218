"""Which addresses the worker may connect to: `worker.allow_networks` and `worker.deny_networks`. Pure; asks no name.

The rule is that of cloud policies: deny wins, and where something is allowed by name, all else is not. An IPv6 address
that stands for an IPv4 one (mapped, translated, tunnelled) is judged as both, so that no notation leads around a rule.
Addresses of cloud metadata services are denied without a word; nothing that receives webhooks has one.
"""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

NETWORK_EXAMPLES: Final = "write a network such as 10.0.0.0/8 or fd00::/8, or a single address"
METADATA: Final = tuple(
    ipaddress.ip_network(address)
    for address in (
        "169.254.169.254",  # AWS, Azure, Google Cloud, OpenStack, DigitalOcean, Oracle Cloud, ...
        "169.254.170.2",  # AWS ECS: credentials of a task
        "169.254.170.23",  # AWS EKS: credentials of a pod
        "168.63.129.16",  # Azure: the host of a virtual machine
        "192.0.0.192",  # Oracle Cloud Classic
        "fd00:ec2::254",  # AWS
        "fd00:ec2::23",  # AWS EKS
        "fd20:ce::254",  # Google Cloud
    )
)
"""Link-local, reserved or of the cloud's own machines. Alibaba's 100.100.100.200 is not among them: it is an ordinary
address of the shared range that carriers and overlay networks use."""
NETWORK_PATTERN: Final = r"([0-9]+(\.[0-9]+){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)(/[0-9]{1,3})?"

_CIDR: Final = re.compile(NETWORK_PATTERN)
_MAPPED: Final = ipaddress.IPv6Network("::ffff:0:0/96")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_LAST_32_BITS: Final = (
    _MAPPED,
    _NAT64,
    ipaddress.IPv6Network("::/96"),  # IPv4-compatible, RFC 4291 section 2.5.5.1
    ipaddress.IPv6Network("::ffff:0:0:0/96"),  # IPv4-translated, RFC 2765 section 2.1
    ipaddress.IPv6Network("64:ff9b:1::/48"),  # NAT64 within a network, RFC 8215, with a prefix of 96 bits
)
_LOCAL_NAT64: Final = ipaddress.IPv6Network("64:ff9b:1::/48")
_6TO4: Final = ipaddress.IPv6Network("2002::/16")
_TEREDO: Final = ipaddress.IPv6Network("2001::/32")
_ISATAP: Final = frozenset({0x00005EFE, 0x02005EFE})
"""Of an interface identifier, its first half (RFC 5214 section 6.1)."""
_32_BITS: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Networks:
    """What may be connected to."""

    allow: tuple[IPNetwork, ...] = ()
    """Empty: everything that is not denied."""
    deny: tuple[IPNetwork, ...] = ()

    def refusal(self, address: str) -> str:
        """Why this address may not be connected to, in words; empty if it may.

        Raises:
            ValueError: it is no address.
        """
        judged = ipaddress.ip_address(address)
        forms = (judged, *stands_for(judged))
        for network in self.deny:
            if any(form in network for form in forms):
                return f"{judged} is in {network}, which worker.deny_networks refuses"
        if any(form in network for network in METADATA for form in forms) and not self._names(forms):
            return f"{judged} is an address of a cloud's metadata service; only worker.allow_networks can allow it"
        if self.allow and not any(form in network for network in self.allow for form in _same_host(judged)):
            return f"{judged} is in no network of worker.allow_networks"
        return ""

    def _names(self, forms: tuple[IPAddress, ...]) -> bool:
        """Whether one of these is allowed by itself; a network of many addresses does not mean this one."""
        return any(network.num_addresses == 1 and form in network for network in self.allow for form in forms)


ANY_NETWORK: Final = Networks()
"""Without the keys: everything but metadata services."""


def parse_network(text: str) -> IPNetwork:
    """Read a network in CIDR notation, or an address as the network of it alone; an IPv4-mapped one as IPv4.

    Raises:
        ValueError: it is none; the text says what is one and does not repeat the value.
    """
    if not _CIDR.fullmatch(text):
        raise ValueError(f"is not a network; {NETWORK_EXAMPLES}")
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"is not a network; {NETWORK_EXAMPLES}") from None
    if "/" in text and network.network_address != ipaddress.ip_address(text.partition("/")[0]):
        raise ValueError(f"has bits set behind its prefix; write {network}")
    return _unmapped(network)


def stands_for(address: IPAddress) -> Iterator[IPAddress]:
    """The other addresses that a connection to this one may end at."""
    if address.is_unspecified:  # a client that connects to "any" reaches its own machine
        yield ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")
    if isinstance(address, ipaddress.IPv4Address) or address.is_loopback or address.is_unspecified:
        return
    bits = int(address)
    if any(address in network for network in _LAST_32_BITS) or bits >> 32 & _32_BITS in _ISATAP:
        yield ipaddress.IPv4Address(bits & _32_BITS)
    if address in _LOCAL_NAT64:  # RFC 6052 section 2.2: a prefix of 48 bits, and 8 bits of zero in the middle
        yield ipaddress.IPv4Address((bits >> 64 & 0xFFFF) << 16 | bits >> 40 & 0xFFFF)
    if address in _6TO4:
        yield ipaddress.IPv4Address(bits >> 80 & _32_BITS)
    if address in _TEREDO:  # the server, and the client with all bits turned
        yield ipaddress.IPv4Address(bits >> 64 & _32_BITS)
        yield ipaddress.IPv4Address(~bits & _32_BITS)


def _same_host(address: IPAddress) -> Iterator[IPAddress]:
    """The address, and the one that certainly is the same host's."""
    yield address
    if address in _MAPPED or address in _NAT64:
        yield ipaddress.IPv4Address(int(address) & _32_BITS)


def _unmapped(network: IPNetwork) -> IPNetwork:
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        address = ipaddress.IPv4Address(int(network.network_address) & _32_BITS)
        return ipaddress.IPv4Network((address, network.prefixlen - _MAPPED.prefixlen))
    return network
