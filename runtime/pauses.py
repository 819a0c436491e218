"""Pauses of endpoints, and the records of the control topic that keep them. Pure.

A record's key is the consumer group of an endpoint, its value JSON: `{"paused": true, "since": "...", ...}`. The last
record of a key counts, so compaction may take all others; a resumed endpoint has a record too.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from runtime.rfc3339 import shown_ms

MOST_REASON: Final = 200
"""Characters of a reason: it stands in a table and in a log line."""
_MISSING_AFTER: Final = 2
"""Looks in a row."""
_LATEST_MS: Final = 253_402_300_799_999
"""The last millisecond that can be written as a time: of the year 9999."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause of one endpoint, which lasts until somebody ends it."""

    since_ms: int
    """When it began, in milliseconds since the epoch."""
    reason: str = ""
    """What the operator wrote; may be empty."""

    def __str__(self) -> str:
        """For a person: `paused by an operator since 2026-01-31T12:00:00.250Z (their release)`."""
        reason = " ".join(self.reason.split())[:MOST_REASON]  # one line, whoever wrote it
        because = f" ({reason})" if reason else ""
        return f"paused by an operator since {shown_ms(self.since_ms)}{because}"

    def as_json(self) -> dict[str, Any]:
        """For the worker's `/status`, and for `--json`."""
        return {"since": shown_ms(self.since_ms), "since_ms": self.since_ms, "reason": self.reason}


def pause_of(value: object) -> Pause | None:
    """The pause that `as_json` gave; None if this is none."""
    match value:
        case {"since_ms": int(since_ms), "reason": str(reason)} if 0 <= since_ms <= _LATEST_MS:
            return Pause(since_ms, _text(reason))
        case {"since_ms": int(since_ms)} if 0 <= since_ms <= _LATEST_MS:
            return Pause(since_ms)
    return None


def _text(reason: str) -> str:
    """A reason that can be sent on and shown, whoever wrote it: JSON may hold half of a surrogate pair, UTF-8 not."""
    return reason[:MOST_REASON].encode("utf-8", "replace").decode()


def written(pause: Pause | None) -> bytes:
    """The value of a record: a pause, or that there is none."""
    return json.dumps({"paused": pause is not None, **(pause.as_json() if pause else {})}).encode()


class PauseReading:
    """How far the control topic was read, and the pauses that it amounts to."""

    def __init__(self) -> None:
        """Nothing was read."""
        self._fold = PauseFold()
        self._missed = 0
        self.next = 0
        """The offset to read on from."""

    @property
    def pauses(self) -> Mapping[str, Pause]:
        """By consumer group, of the endpoints that are paused."""
        return self._fold.pauses

    def trusts(self, end: int | None) -> bool:
        """Note where the topic ends now, None without a topic; False if what was read may still hold nevertheless.

        One look does not tell that a topic is gone: a broker that has just started does not know all topics yet.
        """
        self._missed = self._missed + 1 if end is None else 0
        if self.next and 0 < self._missed < _MISSING_AFTER:
            return False
        if (end or 0) < self.next:  # it was deleted, and perhaps made anew
            self._fold, self.next = PauseFold(), 0
        return True

    def add(self, records: Iterable[tuple[bytes | None, bytes | None]], end: int) -> None:
        """Keys and values of all records from `next` up to `end`."""
        self._fold.add(records)
        self.next = end


class PauseFold:
    """The pauses that records amount to, one record after the other."""

    def __init__(self) -> None:
        """Nothing was read."""
        self._pauses: dict[str, Pause] = {}

    @property
    def pauses(self) -> Mapping[str, Pause]:
        """By consumer group, of the endpoints that are paused."""
        return self._pauses

    def add(self, records: Iterable[tuple[bytes | None, bytes | None]]) -> None:
        """Keys and values, in the order of the log. A record that is none of ours changes nothing."""
        for key, value in records:
            self._add(key, value)

    def _add(self, key: bytes | None, value: bytes | None) -> None:
        try:
            group, content = (key or b"").decode(), json.loads(value or b"null")
        except (ValueError, RecursionError):  # the latter of JSON that is too deep
            return
        if not isinstance(content, dict) or not isinstance(content.get("paused"), bool):
            return
        self._pauses.pop(group, None)
        if content["paused"]:
            self._pauses[group] = pause_of(content) or Pause(0)
