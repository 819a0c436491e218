"""What is reloaded, and where its new settings come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from prometheus_client import CollectorRegistry

from runtime.config import Settings


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What a reload did."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    """For the log; without a secret."""
    needs_restart: Sequence[str] = ()
    """Keys whose values in the file are others than those in force, and wait for a restart."""


class Reloadable(Protocol):
    """Takes new settings while it runs."""

    async def reload(self, settings: Settings) -> Reloaded:
        """Let these settings be in force, as far as that needs no restart. All of it happens, or nothing.

        Raises:
            BridgeError: they cannot be; those of before stay in force.
        """
        ...


class ReloadSource(Protocol):
    """Where new settings come from."""

    async def feed(self, target: Reloadable, registry: CollectorRegistry) -> None:
        """Reload `target` whenever there are any, until cancelled; `registry` is that of the process's metrics."""
        ...


class NeverReloaded:
    """No source: of a process whose settings stay."""

    async def feed(self, target: Reloadable, registry: CollectorRegistry) -> None:
        """Do nothing."""
