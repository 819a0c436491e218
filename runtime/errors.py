"""The root of every error that this project raises on purpose: what a command turns into one line and an exit code."""

from typing import ClassVar


class BridgeError(Exception):
    """Something a user or operator can act on; its text is one clear line without secrets."""

    exit_code: ClassVar[int] = 1
    """1: it failed. Subclasses for wrong use or configuration say 2."""
