"""`deliver --until-caught-up`: when every record that the log had at the start is finished and committed."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

import structlog

from consumer.log.positions import GroupOffsets, LogEnds, positions_of
from consumer.offsets.group_position import GroupPosition
from consumer.places import Bounds, bounds_of
from runtime.errors import BridgeError
from runtime.news import News
from runtime.side_threads import beside

_log: Final = structlog.get_logger(__name__)

_LOOK_EVERY_S: Final = 0.25
_LAST_LOOK_S: Final = 2.0


class CaughtUp:
    """Groups that must reach the ends that a topic has when it is waited for."""

    def __init__(self, log: LogEnds, offsets: GroupOffsets, topic: str, groups: Sequence[str]) -> None:
        """Nothing is asked yet."""
        self._log = log
        self._offsets = offsets
        self._topic = topic
        self._news = News()
        self._ends: Bounds | None = None
        self.owed: dict[str, int | None] = dict.fromkeys(groups)
        """The groups that are not there yet, and how many records they still owe; None where that is not known."""

    async def wait(self) -> None:
        """Return when all groups have committed everything below the ends of this moment, by whichever worker."""
        while self.owed:
            await beside(self._look)
            if self.owed:
                await asyncio.sleep(_LOOK_EVERY_S)

    async def look_once_more(self) -> None:
        """Count what was committed since the last look; takes 2 s at most."""
        with suppress(TimeoutError):
            await asyncio.wait_for(beside(self._look), _LAST_LOOK_S)

    def _look(self) -> None:
        """Find out which groups are there; blocks."""
        try:
            self._ends = self._ends or bounds_of(self._log, self._topic)
            found = positions_of(self._log, self._offsets, self._topic, list(self.owed))
        except BridgeError as error:
            self._unknown(str(error))
            return
        self.owed = {group: owed for group, at in found.items() if (owed := owed_by(at, self._ends))}
        for group in found.keys() - self.owed.keys():
            _log.debug("deliver.group_caught_up", group=group)
        self._news.settled(self._topic)

    def _unknown(self, reason: str) -> None:
        self.owed = dict.fromkeys(self.owed)
        if self._news.is_news(self._topic, reason):
            _log.warning("deliver.progress_unknown", reason=reason)


def owed_by(position: GroupPosition, bounds: Bounds) -> int:
    """How many records below these ends a group has not finished. Pure.

    A group without a commit owes all of them; so does one whose commit is of a log that was, and lies beyond this one.
    """
    ends: Mapping[int, int] = bounds.end
    if not position.cursors:
        return sum(end - bounds.first[number] for number, end in ends.items())
    return sum(position.cursors[number].before(end) for number, end in ends.items() if number in position.cursors)
