"""How another configuration differs from that of a running process: what is asked, and what is answered. Pure.

Values are compared by digests under a salt of whoever asks: no secret goes over the wire, and what is answered shows
none. Who asks must be known to the process, as an answer tells whether a guess is right.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from runtime.config.comparison import KeyValues, digests, endpoint_values, process_values
from runtime.config.settings import Settings

SHORTEST_SALT: Final = 16
"""Bytes."""


class ComparedEndpoint(msgspec.Struct, frozen=True):
    """One endpoint of the other configuration."""

    is_enabled: bool
    keys: dict[str, str]
    """By key: the digest of its value."""


class ComparedConfiguration(msgspec.Struct, frozen=True):
    """The other configuration."""

    salt: str
    """In hexadecimal digits; another one for each question."""
    keys: dict[str, str]
    """Of all sections but `endpoints`."""
    endpoints: dict[str, ComparedEndpoint]
    """By name."""


class ChangedEndpoint(msgspec.Struct, frozen=True):
    """An endpoint that both have, with other settings."""

    keys: dict[str, str | None]
    """Those that differ, with the value in force as it may be shown; null where there is none."""
    begins_anew: bool
    """Whether it drains and begins anew from its cursor; else its next requests are sent otherwise."""


class ConfigurationDifference(msgspec.Struct, frozen=True):
    """What a reload of the other configuration would do."""

    added: list[str]
    changed: dict[str, ChangedEndpoint]
    removed: list[str]
    taken: dict[str, str | None]
    """Other keys that it would take, with the value in force."""
    needs_restart: dict[str, str | None]
    """Keys that would keep their values until a restart."""


def compared(settings: Settings, salt: bytes) -> ComparedConfiguration:
    """A configuration as it is asked about."""
    ends = {
        one.name: ComparedEndpoint(not one.disabled, digests(endpoint_values(one), salt)) for one in settings.endpoints
    }
    return ComparedConfiguration(salt.hex(), digests(process_values(settings), salt), ends)


def differing(values: KeyValues, other: Mapping[str, str], salt: bytes) -> dict[str, str | None]:
    """The keys whose values have other digests, with the values as they may be shown."""
    own = digests(values, salt)
    every = sorted({*own, *other})
    return {key: values[key].shown if key in values else None for key in every if own.get(key) != other.get(key)}
