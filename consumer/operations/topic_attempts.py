"""The attempts that workers have written to their topic, read without a group. Never fails: what cannot be is named.

Since when all attempts are kept is not known of a topic: it may hold failures alone.
"""

import re
from collections import deque
from collections.abc import Iterable
from typing import Final

from consumer.attempts.event_attempt import EventAttempt
from consumer.attempts.found import FoundAttempts
from consumer.attempts.question import AttemptQuestion
from consumer.attempts.record import UnreadableAttemptError, attempt_in
from consumer.operations.tail import Tail, TailedLog
from consumer.record import Record
from runtime.config import At
from runtime.errors import BridgeError

_PLACE: Final = re.compile(r"[0-9]+:[0-9]+", re.ASCII)


class TopicAttempts:
    """Answers each question from the topic as it is then."""

    def __init__(self, log: TailedLog, topic: str) -> None:
        """Nothing is read yet."""
        self._log: Final = log
        self._topic: Final = topic

    def found(self, question: AttemptQuestion) -> FoundAttempts:
        """The last ones; if those are asked for that ended `after` a time, the topic is read from there on."""
        tail, wanted = Tail(self._log, self._topic), WantedAttempts(question)
        try:
            if question.after is None:
                return wanted.found_in(tail.last(question.limit, wanted))
            tail.start(At(question.after))
            return wanted.found_in(tail.unread())
        except BridgeError as error:
            return FoundAttempts(unknown_because=[str(error)])


class FollowedTopicAttempts:
    """Answers the first question with the last attempts, and each later one with what came in since."""

    def __init__(self, log: TailedLog, topic: str) -> None:
        """Nothing is read yet."""
        self._tail: Final = Tail(log, topic)
        self._has_begun = False

    def found(self, question: AttemptQuestion) -> FoundAttempts:
        """Those of them that are asked for."""
        wanted = WantedAttempts(question)
        try:
            found = wanted.found_in(self._tail.unread() if self._has_begun else self._tail.last(question.limit, wanted))
        except BridgeError as error:
            return FoundAttempts(unknown_because=[str(error)])
        self._has_begun = True
        return found


class WantedAttempts:
    """Finds the attempts in records that are asked for."""

    def __init__(self, question: AttemptQuestion) -> None:
        """`question` says which."""
        self._question: Final = question
        named = question.id is not None and not _PLACE.fullmatch(question.id)
        self._key: Final = question.id.encode() if named and question.id is not None else None
        """Of all records that may hold one; None: any may."""
        self._faults: dict[str, None] = {}
        """Why records could not be read, each reason once."""

    def matches(self, record: Record) -> bool:
        """Whether the record holds one."""
        return self._attempt_in(record) is not None

    def found_in(self, records: Iterable[Record]) -> FoundAttempts:
        """The last ones in these records, which are in order."""
        found = (attempt for record in records if (attempt := self._attempt_in(record)) is not None)
        return FoundAttempts(list(deque(found, self._question.limit))[::-1], unknown_because=list(self._faults))

    def _attempt_in(self, record: Record) -> EventAttempt | None:
        if self._key is not None and record.key != self._key:
            return None
        try:
            attempt = attempt_in(record)
        except UnreadableAttemptError as error:
            self._faults[str(error)] = None
            return None
        return attempt if self._question.matches(attempt) else None
