"""What an intake says of its spool: the JSON that it answers, and a line for a person. Pure."""

from typing import Any, Final

import msgspec

from runtime.counts import counted
from runtime.units import format_duration, rounded_size

PATH: Final = "/spool"
"""Where an intake answers it."""


class SpoolStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One spool, now. Times are in seconds, sizes in bytes."""

    events: int | None = None
    """How many it holds; None while that is not known."""
    used_bytes: int | None = None
    """What the events take in it."""
    disk_bytes: int | None = None
    """The size of its files; room in them that is free is used again."""
    max_bytes: int = 0
    """What the events may take in it: it is full when a POST has no room in the rest."""
    oldest_age_s: float | None = None
    """Since the oldest event was accepted; None if there is none, or it is not known."""
    obstacle: str = ""
    """Why it takes no events now; empty if it takes them."""
    waits_because: str = ""
    """Why the events that it holds do not go to Kafka now; empty if they do, or there are none."""

    @property
    def text(self) -> str:
        """One line."""
        if self.events is None:
            return f"spool: {self.obstacle or 'its events are not known yet'}"
        parts = [f"spool: {counted(self.events, 'event')}"]
        if self.events:
            age = "?" if self.oldest_age_s is None else format_duration(float(round(self.oldest_age_s)))
            parts.append(f"the oldest accepted {age} ago")
        parts.append(f"{_shown(self.used_bytes)} of {_shown(self.max_bytes)} ({_shown(self.disk_bytes)} on disk)")
        if self.waits_because:
            parts.append(f"waits because {self.waits_because}")
        if self.obstacle:
            parts.append(f"takes no events: {self.obstacle}")
        return "; ".join(parts)


def spool_status_of(answer: Any) -> SpoolStatus | None:
    """Read an intake's answer; None if it is none."""
    try:
        return msgspec.convert(answer, SpoolStatus)
    except msgspec.ValidationError:
        return None


def _shown(size: int | None) -> str:
    return "?" if size is None else rounded_size(size)
