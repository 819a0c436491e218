"""`deliver --until-caught-up`: when every record that the log had at the start is finished and committed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from runtime.errors import BridgeError
from runtime.kafka.admin import Admin
from runtime.kafka.groups import Groups

_log: Final = structlog.get_logger(__name__)

_LOOK_EVERY_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Target:
    """Groups that must reach the end that a topic has now."""

    admin: Admin
    groups: Groups
    topic: str
    names: Sequence[str]

    def ends(self) -> dict[int, int]:
        """The end of each partition."""
        topic = self.admin.topic(self.topic)
        return self.admin.end(self.topic, range(topic.partitions)) if topic else {}

    def reached_by(self, group: str, ends: dict[int, int]) -> bool:
        """Whether the group has committed all of it; other workers of the group count as well.

        An offset beyond the log is of a log that was, and says nothing of this one.
        """
        found = {number: at.offset for number, at in self.groups.committed(group, self.topic, ends).items()}
        if any(end and found.get(number, -1) < end for number, end in ends.items()):
            return False
        return all(found[number] <= end for number, end in self.ends().items() if ends.get(number))


async def until_caught_up(target: Target) -> None:
    """Return when every group has committed everything below the ends of this moment."""
    ends = await asyncio.to_thread(target.ends)
    waiting = list(target.names)
    while waiting:
        try:
            reached = [await asyncio.to_thread(target.reached_by, group, ends) for group in waiting]
            waiting = [group for group, done in zip(waiting, reached, strict=True) if not done]
        except BridgeError as error:
            _log.warning("deliver.progress_unknown", reason=str(error))
        if waiting:
            await asyncio.sleep(_LOOK_EVERY_S)
