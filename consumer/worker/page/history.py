"""A count that only grows, over the last hour: looked at every ten seconds, asked for by the minute. Pure.

What was not kept is unknown, and never 0: before the process began, or while it stood still.
"""

from array import array
from typing import Final

SLOT_S: Final = 10
"""Between two looks, in seconds since the epoch: the processes of a worker look at the same moments."""
MINUTES: Final = 60
_PER_MINUTE: Final = 60 // SLOT_S
_SLOTS: Final = 2 * _PER_MINUTE
"""Of which the count is kept: those of a minute that has just ended are among them."""
_UNKNOWN: Final = -1
_APART_S: Final = 45.0
"""Between two looks of which something is known in between."""

Rates = list[float | None]
"""Per second, by the minute, oldest first; None where it is not known."""


def slot_of(now: float) -> int:
    """The slot of a moment; `now` in seconds since the epoch."""
    return int(now // SLOT_S)


class CountHistory:
    """One count: as it was at the last few slots, and its rates of the last hour."""

    __slots__ = ("_counts", "_newest", "_rates", "_shown")

    def __init__(self) -> None:
        """Nothing is known."""
        self._counts: Final = array("q", [_UNKNOWN]) * _SLOTS
        self._rates: Final = array("d", [_UNKNOWN]) * MINUTES
        self._newest = -1
        self._shown: Rates | None = None

    def keep(self, slot: int, count: int) -> None:
        """The count at the beginning of this slot: of several looks at a slot, the first one counts."""
        if slot == self._newest:
            return
        if slot < self._newest:  # the clock was set back: nothing of before is comparable
            self._newest = -1
        self._forget(slot)
        self._counts[slot % _SLOTS] = count
        self._newest = slot
        minute = slot // _PER_MINUTE
        for changed in (minute - 1, minute) if slot % _PER_MINUTE == 0 else (minute,):
            self._rates[changed % MINUTES] = self._of_minute(changed)
        self._shown = None

    def rate(self, count: int, now: float) -> float | None:
        """Per second in the last 10 to 20 seconds, with the count as it is now; `now` since the epoch."""
        for slot in (slot_of(now) - 1, slot_of(now)):
            before = self._at(slot)
            if before is not None and now - slot * SLOT_S >= 1.0:
                return _per_second(count - before, now - slot * SLOT_S)
        return None

    def rates(self) -> Rates:
        """Of the last 60 minutes, the last of which has mostly not ended."""
        if self._shown is None:
            last = self._newest // _PER_MINUTE
            found = (self._rates[minute % MINUTES] for minute in range(last - MINUTES + 1, last + 1))
            self._shown = [None if rate == _UNKNOWN else rate for rate in found]
        return self._shown

    def _forget(self, slot: int) -> None:
        """What was missed between the newest slot and this one, and what is an hour old."""
        for missed in range(max(self._newest + 1, slot - _SLOTS + 1), slot):
            self._counts[missed % _SLOTS] = _UNKNOWN
        minute = slot // _PER_MINUTE
        for begun in range(max(self._newest // _PER_MINUTE + 1, minute - MINUTES + 1), minute + 1):
            self._rates[begun % MINUTES] = _UNKNOWN

    def _of_minute(self, minute: int) -> float:
        """Between the first and the last slot that are known of it, the beginning of the next minute included."""
        slots = range(minute * _PER_MINUTE, (minute + 1) * _PER_MINUTE + 1)
        known = [(slot, count) for slot in slots if (count := self._at(slot)) is not None]
        if len(known) < 2:
            return _UNKNOWN
        (first, before), (last, after) = known[0], known[-1]
        rate = _per_second(after - before, (last - first) * SLOT_S)
        return _UNKNOWN if rate is None else rate

    def _at(self, slot: int) -> int | None:
        if not self._newest - _SLOTS < slot <= self._newest:
            return None
        count = self._counts[slot % _SLOTS]
        return None if count == _UNKNOWN else count


class LogGrowth:
    """How the log grows, from its end as it is seen now and then."""

    def __init__(self) -> None:
        """Nothing was seen."""
        self._history: Final = CountHistory()
        self._seen_at = float("-inf")
        self._end: int | None = None
        self._rate: float | None = None

    @property
    def end(self) -> int | None:
        """The sum of the ends of all partitions, as it was seen last; None if it was not."""
        return self._end

    @property
    def rates(self) -> Rates:
        """Events that came in per second, see `CountHistory.rates`."""
        return self._history.rates()

    def rate(self, now: float) -> float | None:
        """The same, between the last two looks; None if they are long ago."""
        return self._rate if now - self._seen_at <= _APART_S else None

    def saw(self, end: int, now: float) -> None:
        """The end was there at this moment; at the beginnings of the slots before, it was in between."""
        before, since = self._end, now - self._seen_at
        self._rate = None
        if before is not None and 0 < since <= _APART_S:
            self._rate = _per_second(end - before, since)
            for slot in range(slot_of(self._seen_at) + 1, slot_of(now) + 1):
                self._history.keep(slot, before + round((end - before) * (slot * SLOT_S - self._seen_at) / since))
        self._end, self._seen_at = end, now


def _per_second(count: int, seconds: float) -> float | None:
    """None if the count fell: then it is another one, of a topic that was made anew say."""
    return None if count < 0 else round(count / seconds, 2)
