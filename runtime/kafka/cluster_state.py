"""What a cluster has: a topic, its offsets, the commits of a group, its members. Pure."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it is."""

    name: str
    partitions: int
    replication_factor: int
    settings: Mapping[str, str]


class LogPlaces(Protocol):
    """Offsets of a topic by place and time."""

    def beginning(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """The first offset that each partition still has."""
        ...

    def end(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """The offset behind all that consumers of committed records get; before the first of an open transaction."""
        ...

    def at(self, topic: str, partitions: Iterable[int], timestamp_ms: int) -> dict[int, int]:
        """Each partition's first offset with a record not before that time; its end if there is none."""
        ...


def first_ms(moment: float) -> int:
    """The first whole millisecond not before the moment; records carry no finer times, and floats carry less."""
    return max(0, math.ceil(round(moment * 1000, 3)))


@dataclass(frozen=True, slots=True)
class Committed:
    """A group's committed position in one partition."""

    offset: int
    metadata: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """One consumer of a group; a killed worker counts until its session ends."""

    host: str
    """From where it connects, as the broker sees it."""
    partitions: tuple[int, ...]
    """Those that the group has given it, ascending."""
    id: str = field(default="", compare=False)
    """By which the group knows it."""
    client_id: str = field(default="", compare=False)
    """What it calls itself; a worker says there where its pages are."""


@dataclass(frozen=True, slots=True)
class GroupMembers:
    """A group and its members."""

    members: tuple[Member, ...] = ()
    protocol: str = ""
    """`consumer` or `classic`; empty for a group that Kafka does not know."""
    obstacle: str = ""
    """Why nothing is known of it; empty if it is."""
    is_rebalancing: bool = False
    """Whether all its members join anew just now, as `classic` has it: who gets what is not known then."""
    has_commits_alone: bool = False
    """Whether it never had a member, as far as Kafka knows: its offsets were committed from outside."""

    def unowned(self, partitions: Collection[int], *, besides: str = "") -> list[int] | None:
        """Those of these partitions that no member has, ascending; None where that is not known.

        `besides` is the id of a member that knows for itself that it does not have them, whatever the group says.
        """
        if self.obstacle or self.is_rebalancing:
            return None
        others = (member.partitions for member in self.members if not besides or member.id != besides)
        return sorted(set(partitions).difference(*others))
