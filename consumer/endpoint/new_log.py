"""What becomes of an endpoint's partitions when their log begins anew: nothing of the old one is owed any more."""

import itertools
from collections.abc import Iterable, MutableMapping
from typing import Final

from consumer.endpoint.monitor import Telling
from consumer.lanes.lanes import Lanes
from consumer.offsets.partition import Partition
from runtime.clock import Clock

_SETTLES_S: Final = 60.0
"""After a topic was made anew: partitions that are assigned so soon may have commits of the old one."""


class NewLogs:
    """The lives of one endpoint's partitions."""

    def __init__(
        self, partitions: MutableMapping[int, Partition], lanes: Lanes, telling: Telling, clock: Clock
    ) -> None:
        """No partition has lived yet."""
        self._partitions = partitions
        self._lanes = lanes
        self._telling = telling
        self._clock = clock
        self._lives = itertools.count()
        self._settled_at = float("-inf")

    @property
    def settling(self) -> bool:
        """Whether the topic was made anew a short time ago."""
        return self._clock.monotonic() < self._settled_at

    def next_life(self) -> int:
        """For a partition that is assigned."""
        return next(self._lives)

    def begin(self, partition: Partition, offset: int) -> Partition:
        """Offsets fall: the topic was deleted and made anew, or an election took the end of the log."""
        if not self.settling:
            self._telling.log_begins_anew(partition.number, offset, read_before=partition.read_next)
        return self._replace(partition, offset)

    def made_anew(self) -> None:
        """The topic is another one, as its id says, though its offsets may go on."""
        self._settled_at = self._clock.monotonic() + _SETTLES_S

    def begin_all(self, numbers: Iterable[int]) -> None:
        """Of these partitions everything is to be read."""
        for number in numbers:
            self._replace(self._partitions[number], 0)

    def _replace(self, partition: Partition, offset: int) -> Partition:
        self._lanes.remove(partition.number)  # what is under way ends, and changes nothing any more
        anew = self._partitions[partition.number] = partition.in_new_log(offset, life=self.next_life())
        return anew
