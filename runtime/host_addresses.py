"""The addresses that a host's name has, and which of them may be connected to."""

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from runtime.config.networks import Networks
from runtime.errors import BridgeError
from runtime.side_threads import beside


class NoAddressError(BridgeError):
    """The name has no address, or nobody who knows it answers; the text says why, without the name."""


class Resolver(Protocol):
    """Knows the addresses of names."""

    async def addresses(self, host: str) -> Sequence[str]:
        """All addresses of the name, the one to be tried first in front; of an address, itself.

        Raises:
            NoAddressError: there is none.
        """
        ...


class SystemResolver:
    """Asks as the system does (`getaddrinfo`): files, DNS and what else it is told; RFC 6724 orders the answers."""

    async def addresses(self, host: str) -> Sequence[str]:
        """See `Resolver`; on a thread of its own, so that a name server that is silent holds up no other name."""
        return await beside(addresses_of, host)


@dataclass(frozen=True, slots=True)
class Permitted:
    """What may be connected to of a host."""

    addresses: Sequence[str]
    refusal: str
    """Why the first that may not be connected to may not; empty if all may."""


def addresses_of(host: str) -> Sequence[str]:
    """The addresses of a host, each once; blocks.

    Raises:
        NoAddressError: there is none.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise NoAddressError(f"failed to lookup address information: {error.strerror or error}") from None
    except UnicodeError:  # a label that no name server could know
        raise NoAddressError("the host's name cannot be looked up") from None
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def permitted(addresses: Sequence[str], networks: Networks) -> Permitted:
    """Those of these addresses that may be connected to."""
    refusals = {address: _refusal_of_zone(address) or networks.refusal(address) for address in addresses}
    allowed = [address for address, refusal in refusals.items() if not refusal]
    return Permitted(allowed, next(filter(None, refusals.values()), ""))


def _refusal_of_zone(address: str) -> str:
    """The HTTP client takes no zone, in a URL or elsewhere (RFC 4007 section 11)."""
    return (
        f"{address} is reached by a zone of this machine only; give the name another address" if "%" in address else ""
    )


def is_address(host: str) -> bool:
    """Whether a host is an IP address in its usual notation, and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
