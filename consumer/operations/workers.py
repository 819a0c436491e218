"""The workers of an installation, found and asked: at `worker.listen`, and wherever Kafka sees members of the groups.

A member's client id says where its worker's pages are. One that listens on its own machine only can be asked there and
nowhere else, and one that does not answer is named, with the reason.
"""

import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from consumer.log.advertised import pages_of
from runtime.config.addresses import Address, is_any, is_loopback
from runtime.kafka.cluster_state import GroupMembers, Member
from runtime.side_threads import SideThreads

_AT_ONCE: Final = 32
_NO_PAGES: Final = "it has no pages"

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class WorkerPlaces:
    """Where the workers of some groups can be asked."""

    addresses: Sequence[Address]
    """Each once: first those of the configuration or the command line."""
    members: Mapping[str, Address] = field(default_factory=dict)
    """Which of them belongs to a member, by the member's id."""
    unreachable: Mapping[str, str] = field(default_factory=dict)
    """Why a member's worker cannot be asked from here, by the member's id."""


def places_of(first: Iterable[Address], memberships: Iterable[GroupMembers], *, discovers: bool = True) -> WorkerPlaces:
    """Where to ask.

    Args:
        first: addresses to ask in any case.
        memberships: of the groups whose workers are meant.
        discovers: whether members are asked that are at other addresses.
    """
    addresses = dict.fromkeys(first)
    local = {one.port: one for one in addresses if one.is_loopback or is_any(one.host)}
    members: dict[str, Address] = {}
    unreachable: dict[str, str] = {}
    for member in (one for group in memberships for one in group.members) if discovers else ():
        found = _place_of(member)
        if isinstance(found, str):
            unreachable[member.id] = found
            continue
        if found.port in local and _is_here(found.host):  # one that listens everywhere is asked at one address
            found = local[found.port]
        addresses[found] = None
        members[member.id] = found
    return WorkerPlaces(tuple(addresses), members, unreachable)


def ask_all(addresses: Sequence[Address], question: Callable[[Address], _Found]) -> dict[Address, _Found]:
    """Put a question to all of them at once; each has limits of its own."""
    threads = SideThreads(_AT_ONCE, "workers")
    asked = {address: threads.submit(question, address) for address in addresses}
    return {address: answer.result() for address, answer in asked.items()}


def _place_of(member: Member) -> Address | str:
    """Where it is asked, or why it cannot be."""
    found = pages_of(member.client_id, member.host)
    if found is None:
        return _NO_PAGES
    if found.is_loopback and not _is_here(member.host):
        return f"it listens on {found} of its own machine only: run the command there, or set worker.listen"
    return found


def _is_here(host: str) -> bool:
    """Whether an address is this machine's: only then something can be bound to it."""
    if is_loopback(host):
        return True
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.bind((host, 0))
    except OSError:
        return False
    return True
