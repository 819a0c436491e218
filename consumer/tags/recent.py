"""What the last events of a partition say about the next one: whether it repeats one, and whether a pull counts. Pure.

All of it follows from the `reach` offsets before an event, or from three times as many where one rule rests on another.
So whoever begins in the middle of the log, and reads so many records before, judges as one who has read all of it:

- a repeat is judged by the events before it, repeats as well;
- a child of an index, by pulls of indexes that are no repeats;
- a pull of the same minute, by pulls that are neither repeats nor children.
"""

from collections import deque
from collections.abc import Hashable
from enum import Enum
from typing import Final, Generic, NamedTuple, TypeVar

from consumer.tags.tag_event import TagEvent

REACH: Final = 10_000
"""Offsets of a partition over which events are compared."""
RULES: Final = 3
"""Rules that rest on one another."""
_MINUTE_US: Final = 60_000_000
_SAME_ID_US: Final = 5 * _MINUTE_US
"""For how long two events without time and with an id made of the body are one."""
_MOST_INDEXES: Final = 20
"""Pulls of indexes that are remembered of one client and repository."""
_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class TagVerdict(Enum):
    """What an event is, in the light of those before it."""

    REPEAT = "repeat"
    """It is in the log already: it changes nothing."""
    COUNTED = "counted"
    """A pull of an image."""
    OTHER = "other"
    """Anything else, or a pull that belongs to one that was counted."""


class _LastValues(Generic[_Key, _Value]):
    """The last value of each key, for as many offsets as it is remembered."""

    def __init__(self, reach: int) -> None:
        self._reach: Final = reach
        self._values: Final[dict[_Key, tuple[int, _Value]]] = {}
        self._order: Final[deque[tuple[int, _Key]]] = deque()

    def get(self, key: _Key, offset: int) -> _Value | None:
        """The value as it is known at an offset."""
        found = self._values.get(key)
        return found[1] if found is not None and found[0] >= offset - self._reach else None

    def put(self, key: _Key, offset: int, value: _Value) -> None:
        """From this offset on, it is this value."""
        self._values[key] = offset, value
        self._order.append((offset, key))
        while self._order[0][0] < offset - self._reach:
            past, gone = self._order.popleft()
            if self._values.get(gone, (past + 1,))[0] == past:
                del self._values[gone]


class _LatestTimes:
    """The latest of all times of each key, over so many offsets."""

    def __init__(self, reach: int) -> None:
        self._reach: Final = reach
        self._times: Final[_LastValues[Hashable, deque[tuple[int, int]]]] = _LastValues(reach)
        """Offsets and times of a key: each time is later than all that came after it."""

    def get(self, key: Hashable, offset: int) -> int | None:
        """The latest time as it is known at an offset."""
        return next((us for at, us in self._times.get(key, offset) or () if at >= offset - self._reach), None)

    def put(self, key: Hashable, offset: int, us: int) -> None:
        """At this offset comes this time."""
        times = self._times.get(key, offset) or deque()
        while times and times[0][0] < offset - self._reach:
            times.popleft()
        while times and times[-1][1] <= us:
            times.pop()
        times.append((offset, us))
        self._times.put(key, offset, times)


class _IndexPull(NamedTuple):
    offset: int
    happened_us: int
    children: frozenset[str]


class Recent:
    """Judges the events of one partition, in the order of the log."""

    def __init__(self, reach: int = REACH) -> None:
        """Nothing was read; events are compared over `reach` offsets."""
        self._reach: Final = reach
        self._ids: Final[_LastValues[Hashable, int]] = _LastValues(reach)
        """By event: when the last record of it was accepted."""
        self._minutes: Final[_LastValues[Hashable, bool]] = _LastValues(reach)
        self._indexes: Final[_LastValues[Hashable, tuple[_IndexPull, ...]]] = _LastValues(reach)
        self._deletes: Final = _LatestTimes(reach)
        """By what was deleted: when."""

    def judge(self, event: TagEvent) -> TagVerdict:
        """The verdict on an event that comes after all that were judged."""
        if self._is_repeat(event):
            return TagVerdict.REPEAT
        if event.action == "delete":
            self._deletes.put(_deleted_by(event), event.offset, event.happened_us)
        elif event.action == "pull" and event.method == "GET":
            return self._judge_pull(event)
        return TagVerdict.OTHER

    def is_deleted(self, event: TagEvent, tag: str) -> bool:
        """Whether what the event names was deleted later than it happened, by an event before it in the log.

        Of a delete and an event at one moment, which are many where times are whole seconds, the log has the order.
        """
        place = event.registry, event.repository
        named = [(*place, "", ""), (*place, tag, ""), (*place, "", event.digest)]
        times = (self._deletes.get(key, event.offset) for key in named)
        return any(time is not None and time > event.happened_us for time in times)

    def _is_repeat(self, event: TagEvent) -> bool:
        key = event.key, None if event.is_unique else event.registry
        last = self._ids.get(key, event.offset)
        self._ids.put(key, event.offset, event.accepted_us)
        return last is not None and (event.is_unique or event.accepted_us <= last + _SAME_ID_US)

    def _judge_pull(self, event: TagEvent) -> TagVerdict:
        caller = event.registry, event.repository, event.caller
        indexes = [
            pull for pull in self._indexes.get(caller, event.offset) or () if pull.offset >= event.offset - self._reach
        ]
        if event.is_index:
            pulled = _IndexPull(event.offset, event.happened_us, event.children)
            self._indexes.put(caller, event.offset, (*indexes[1 - _MOST_INDEXES :], pulled))
        elif not event.tag and _is_child(event, indexes):
            return TagVerdict.OTHER
        if event.says_no_method:
            return TagVerdict.COUNTED
        minute = *caller, event.digest, event.happened_us // _MINUTE_US
        is_known = self._minutes.get(minute, event.offset)
        self._minutes.put(minute, event.offset, value=True)
        return TagVerdict.OTHER if is_known else TagVerdict.COUNTED


def _deleted_by(event: TagEvent) -> Hashable:
    """What a delete deletes: a tag; without one, a digest; without either, the repository."""
    return event.registry, event.repository, event.tag, "" if event.tag else event.digest


def _is_child(event: TagEvent, indexes: list[_IndexPull]) -> bool:
    """Whether a manifest pulled by digest belongs to an index that the same client pulled up to a minute before.

    If the children of the index are known, only these do.
    """
    before = [pull for pull in indexes if 0 <= event.happened_us - pull.happened_us <= _MINUTE_US]
    if any(event.digest in pull.children for pull in before):
        return True
    last = max(before, key=lambda pull: (pull.happened_us, pull.offset), default=None)
    return last is not None and not last.children
