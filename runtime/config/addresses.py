"""`HOST:PORT` of something that listens, and whether two spellings of a host mean this machine; resolves no name."""

import ipaddress
import re
import socket
from dataclasses import dataclass

_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._-]+)):(?P<port>0|[1-9][0-9]{0,4})")

ADDRESS_EXAMPLES = "write HOST:PORT, e.g. 127.0.0.1:5050, [::1]:5050 or 0.0.0.0:5050 (port 0 takes a free one)"
"""The advice behind every refused address."""


@dataclass(frozen=True, slots=True)
class Address:
    """A host (name, IPv4 or IPv6 without brackets) and a port; port 0 is any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it; a name other than localhost is taken for one that others reach."""
        return is_loopback(self.host)

    def is_reached_at(self, host: str, port: int) -> bool:
        """Whether a request to host and port from this machine certainly ends here."""
        if port != self.port or port == 0:
            return False
        aliases = self.is_loopback or is_any(self.host)
        return canonical(host) == canonical(self.host) or (aliases and (is_loopback(host) or is_any(host)))


def parse_address(text: str) -> Address:
    """Read `HOST:PORT` or `[V6]:PORT`.

    Raises:
        ValueError: it is no such address; the text says what is one and does not repeat the value.
    """
    found = _ADDRESS.fullmatch(text)
    if found is None or int(found["port"]) > 65535 or not _is_host(found):
        raise ValueError(f"is not an address; {ADDRESS_EXAMPLES}")
    return Address(found["v6"] or found["host"], int(found["port"]))


def is_loopback(host: str) -> bool:
    """Whether a host is one of this machine's names for itself (localhost, 127/8 in any spelling, ::1)."""
    address = _ip(host)
    if address is None:
        return canonical(host) == "localhost"
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def is_any(host: str) -> bool:
    """Whether a host means every interface; a client that connects to it reaches this machine."""
    address = _ip(host)
    return address is not None and address.is_unspecified


def canonical(host: str) -> str:
    """Write a host in the one way in which equal hosts are equal texts."""
    address = _ip(host)
    return str(address) if address is not None else host.lower().removesuffix(".")


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    if not re.fullmatch(r"[0-9A-Fa-fx.]+", host):
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))  # 127.1 and 0x7f000001 connect to loopback too
    except OSError:
        return None


def _is_host(found: re.Match[str]) -> bool:
    if found["v6"] is None:
        return True
    try:
        ipaddress.IPv6Address(found["v6"])
    except ValueError:
        return False
    return True
