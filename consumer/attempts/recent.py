"""The last attempts of an endpoint, in memory that is bounded: by their number, and by the size of their answers. Pure.

Most endpoints answer the same each time, so each answer is kept once. Where they differ, and are long, the oldest
answers go first; their attempts stay.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Final
from weakref import WeakValueDictionary

from consumer.attempts.event_attempt import EventAttempt
from consumer.attempts.kept_attempt import KeptAttempt, kept_attempts_of
from consumer.attempts.question import AttemptQuestion
from consumer.attempts.repeat import MOST_KEPT, Repeat, repeat_of
from consumer.delivery.owner import Attempt
from consumer.record import Record

MOST_OF_AN_ENDPOINT: Final = 1000
_MOST_OF_ALL: Final = 50_000
"""Of all endpoints of a process: some 20 MiB."""
_FEWEST: Final = 20
_ANSWERS_OF_ALL: Final = 8 * 1024 * 1024
"""Characters of the answers of all endpoints of a process."""


@dataclass(slots=True)
class AttemptBounds:
    """What one endpoint may keep now."""

    most: int = MOST_OF_AN_ENDPOINT
    """Attempts."""
    answers: int = _ANSWERS_OF_ALL
    """Characters of different answers."""


class RecentAttempts:
    """The last attempts of one endpoint."""

    def __init__(self, endpoint: str, bounds: AttemptBounds, now: float) -> None:
        """Nothing was attempted; `endpoint` is its name, `now` in seconds since the epoch."""
        self._endpoint: Final = endpoint
        self._bounds: Final = bounds
        self._since = now
        self._kept: Final[deque[KeptAttempt]] = deque()
        self._answered: Final[deque[KeptAttempt]] = deque()
        """Those of them whose answer is kept, as far as it has a body."""
        self._texts: Final[dict[str, int]] = {}
        """The different answers, and how many attempts have each."""
        self._size = 0
        self._repeats: Final[deque[Repeat]] = deque(maxlen=MOST_KEPT)

    def add(self, attempt: Attempt) -> None:
        """Keep an attempt that has ended, for each of its events; the oldest ones go if there are too many."""
        for one in kept_attempts_of(attempt):
            while len(self._kept) >= self._bounds.most:
                self._forget_oldest()
            self._kept.append(one)
            if one.answer:
                self._keep_answer(one, one.answer)

    def add_repeat(self, record: Record, repeats: str, now: float) -> None:
        """Keep that an event was left out `now` (seconds since the epoch); `repeats` is the place of the one before."""
        self._repeats.append(repeat_of(self._endpoint, record, repeats, now))

    def repeats(self, question: AttemptQuestion) -> list[Repeat]:
        """Those of the event that is asked for, the newest first; none if the question names no event."""
        return [one for one in reversed(self._repeats) if question.id is not None and one.is_of(question.id)]

    @property
    def kept_since(self) -> datetime:
        """All attempts that ended later are kept."""
        return datetime.fromtimestamp(self._since, UTC)

    def last(self, count: int) -> list[EventAttempt]:
        """The last ones, the newest first."""
        return [one.shown(self._endpoint) for one in islice(reversed(self._kept), count)]

    def found(self, question: AttemptQuestion) -> list[EventAttempt]:
        """Those that were asked for, the newest first."""
        return list(islice(self._matching(question), question.limit))

    def _matching(self, question: AttemptQuestion) -> Iterator[EventAttempt]:
        event_id = None if question.id is None else question.id.encode()
        for kept in reversed(self._kept):
            if event_id is None or kept.is_of(event_id, question.id or ""):
                shown = kept.shown(self._endpoint)
                if question.matches(shown):
                    yield shown

    def _forget_oldest(self) -> None:
        oldest = self._kept.popleft()
        self._since = max(self._since, oldest.began + oldest.seconds)
        if self._answered and self._answered[0] is oldest:
            self._forget_answer()

    def _keep_answer(self, attempt: KeptAttempt, text: str) -> None:
        known = self._texts.get(text, 0)
        if not known:
            self._size += len(text)
        self._texts[text] = known + 1
        self._answered.append(attempt)
        while self._size > self._bounds.answers:
            self._forget_answer()

    def _forget_answer(self) -> None:
        """Of the attempt that has had one for the longest time."""
        attempt = self._answered.popleft()
        text = attempt.answer or ""
        attempt.answer = None
        self._texts[text] -= 1
        if not self._texts[text]:
            del self._texts[text]
            self._size -= len(text)


class AttemptRoom:
    """The room for the last attempts of all endpoints of a process, which share it evenly."""

    def __init__(self) -> None:
        """No endpoint has any."""
        self._bounds: Final = AttemptBounds()
        self._of: Final[WeakValueDictionary[str, RecentAttempts]] = WeakValueDictionary()

    def of(self, endpoint: str, now: float) -> RecentAttempts:
        """The last attempts of this endpoint: those that are kept already, if it is made anew with other settings.

        `now` is in seconds since the epoch.
        """
        found = self._of.setdefault(endpoint, RecentAttempts(endpoint, self._bounds, now))
        self._bounds.most = max(_FEWEST, min(MOST_OF_AN_ENDPOINT, _MOST_OF_ALL // len(self._of)))
        self._bounds.answers = _ANSWERS_OF_ALL // len(self._of)
        return found
