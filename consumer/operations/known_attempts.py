"""The attempts of one event at one endpoint, as far as they are known, in words. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from consumer.attempts.event_attempt import EventAttempt
from consumer.attempts.repeat import Repeat
from consumer.attempts.text import result_of, shown_seconds, shown_time


@dataclass(frozen=True, slots=True)
class KnownAttempts:
    """Whatever is still known."""

    attempts: Sequence[EventAttempt] = ()
    """The newest first."""
    kept_since: datetime | None = None
    """All that ended later are known; None: nobody knows any."""
    unknown_because: Sequence[str] = ()
    """Why there may be others."""
    repeats: Sequence[Repeat] = ()
    """Whether it was not sent, as it repeats another event: the newest first."""

    def of_finished(self, *, dedupes: bool = False) -> str:
        """What became of an event that is owed no more, and no dead letter; `dedupes` if it may have been left out."""
        delivered = next((one for one in self.attempts if not one.failed), None)
        if delivered is None:
            others = ", a duplicate," if dedupes else ","
            return f"delivered{others} or before the endpoint's start; {self._unknown()}"
        took = f"{result_of(delivered)} in {shown_seconds(delivered.seconds)}"
        answer = f": {delivered.answer}" if delivered.answer else ""
        return f"delivered at {shown_time(delivered.time)}, at try {delivered.number}, {took}{answer}"

    def of_waiting(self) -> list[str]:
        """The last try of an event that waits, if it is known."""
        last = next(iter(self.attempts), None)
        if last is None:
            return []
        answer = f": {last.answer}" if last.answer else ""
        what = f"{result_of(last)} in {shown_seconds(last.seconds)}"
        return [f"try {last.number} at {shown_time(last.time)} failed with {what}{answer}"]

    def _unknown(self) -> str:
        """Why nothing is known of its delivery."""
        if self.unknown_because:
            return f"when is not known: {'; '.join(self.unknown_because)}"
        if self.kept_since is None:
            return "when is not known: no worker keeps attempts of it"
        return f"when is not known: attempts before {shown_time(self.kept_since)} are not kept"
