"""The end of all attempts, and what comes in after it, the oldest first."""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from consumer.attempts.event_attempt import EventAttempt
from consumer.attempts.found import FoundAttempts
from consumer.attempts.question import AttemptQuestion
from consumer.attempts.text import shown_time
from consumer.operations.attempts import AttemptSource

_LATE_S: Final = 5.0
"""How much later than its end an attempt may be found: the clocks of workers differ."""
_MOST: Final = 5_000


class AttemptTail:
    """A place in time that moves on as attempts are found."""

    def __init__(self, source: AttemptSource, question: AttemptQuestion) -> None:
        """Begins with the last ones that are asked for."""
        self._source: Final = source
        self._question = question
        self._seen: dict[object, float] = {}
        """When each of those ended that may be found again."""
        self._begins_after: float | None = None
        """When the last one ended before those that it begins with; None if there are none, or it has not begun."""

    def unseen(self) -> FoundAttempts:
        """Those that were not there before, the oldest first."""
        found = self._source.found(self._question)
        fresh = [one for one in reversed(found.attempts) if one.key not in self._seen]
        missed = list(self._missed(found))
        if found.attempts or not found.unknown_because:
            self._move_on(found.attempts)
        return replace(found, attempts=fresh, unknown_because=[*found.unknown_because, *missed])

    def _missed(self, found: FoundAttempts) -> Iterator[str]:
        """Why some may be gone that ended after those that were seen."""
        latest = max(self._seen.values(), default=float("inf"))
        for endpoint, since in found.kept_since.items():
            if since.timestamp() > latest:
                yield f"attempts at {endpoint} that ended before {shown_time(since)} are not kept"

    def _move_on(self, found: Sequence[EventAttempt]) -> None:
        if not self._seen and len(found) == self._question.limit:
            self._begins_after = found[-1].ended
        self._seen |= {one.key: one.ended for one in found}
        after = self._begins_after
        if self._seen:
            latest = max(self._seen.values()) - _LATE_S
            after = latest if after is None else max(latest, after)
            self._seen = {key: ended for key, ended in self._seen.items() if ended >= after}
        self._question = replace(self._question, after=after, limit=_MOST)
