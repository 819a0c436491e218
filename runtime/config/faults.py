"""What is wrong with a configuration: all of it, one line a fault; it knows nothing of keys or files."""

from collections.abc import Sequence
from typing import ClassVar

from runtime.cli.terminal import printable
from runtime.errors import BridgeError

_LONGEST_SHOWN = 120
"""Characters of a value that a fault repeats: enough to find it, not enough to flood a terminal."""


class ConfigurationError(BridgeError):
    """The configuration cannot be used; `faults` holds every reason, one line each, none with a secret in it."""

    exit_code: ClassVar[int] = 2

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class RefusedValue(Exception):  # noqa: N818  (it is the sign that a fault is already written down, not an error of its own)
    """Reading one value stopped; its fault is recorded. Never leaves `runtime.config`."""


def one_line(text: str) -> str:
    """Escape what would break a line or hide on a terminal, and cut what is too long."""
    shown = text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
    return printable(shown)


def quoted(text: str) -> str:
    """Show a text value in a fault."""
    return f'"{one_line(text)}"'
