"""What a cluster has: a topic, the commits of a group, its members. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it is."""

    name: str
    partitions: int
    replication_factor: int
    settings: Mapping[str, str]


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


@dataclass(frozen=True, slots=True)
class GroupMembers:
    """A group and its members."""

    members: tuple[Member, ...] = ()
    protocol: str = ""
    """`consumer` or `classic`; empty for a group that Kafka does not know."""
    obstacle: str = ""
    """Why nothing is known of it; empty if it is."""
