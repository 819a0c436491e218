"""How long a consumer waits for a Kafka that does not answer, and for a group that does not admit it.

A client may forget all brokers for good (see `AdminClients`), so silence has an end.
"""

from typing import Final

LIMIT_S: Final = 60.0
"""Longer than a broker takes to start again."""


class ReaderLimits:
    """Of one consumer; times are monotonic seconds."""

    def __init__(self, now: float) -> None:
        """It has just begun to join."""
        self._answered_at = self._admitted_at = now

    def answered(self, now: float) -> None:
        """Kafka has answered a question."""
        self._answered_at = now

    def admitted(self, now: float) -> None:
        """It is a member of the group."""
        self._admitted_at = now

    def fault(self, now: float) -> str:
        """Why another consumer should take its place; empty if it need not."""
        if now - self._answered_at > LIMIT_S:
            return f"Kafka has not answered for {LIMIT_S:g} s"
        if now - self._admitted_at > LIMIT_S:
            return f"the group has not admitted the consumer for {LIMIT_S:g} s"
        return ""
