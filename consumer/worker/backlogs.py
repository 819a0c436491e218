"""The backlogs of all endpoints of a configuration: also in partitions that this worker does not have.

Other workers have these, or nobody: an alert on what waits must not fall silent with whoever serves an endpoint. The
groups are asked from outside, all of them now and then, on a thread of its own. A group whose partitions are all here
is not asked, unless something waits in them whose age this worker does not know: it reads nothing of a partition while
it has more than enough of the others to deliver, for as long as the endpoint is down.
"""

import threading
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Final, Protocol

import structlog

from consumer.endpoint.inspection import waiting_in
from consumer.log.positions import GroupOffsets, LogEnds, positions_of
from consumer.offsets.backlog import Waiting, backlog
from consumer.offsets.cursor import Cursor
from consumer.offsets.unread import RangeSource, unfinished_in
from consumer.places import TopicMissingError, beginnings_of
from consumer.worker.page.history import LogGrowth
from consumer.worker.served import Served
from consumer.worker.standstills import Standstills
from runtime.clock import Clock
from runtime.errors import BridgeError
from runtime.kafka.pulse import Pulse

_log: Final = structlog.get_logger(__name__)

_EVERY_S: Final = 10.0
_AGAIN_S: Final = 1.0
_VALID_S: Final = 45.0
"""How long a look counts when the next ones fail."""


class RangeSources(Protocol):
    """Opens clients that read ranges: there is one only while it is needed."""

    def open_ranges(self) -> AbstractContextManager[RangeSource]:
        """Open one, closed with its context."""
        ...


class Backlogs:
    """Looks at the groups; start it, and stop it."""

    def __init__(
        self,
        topic: str,
        groups: Mapping[str, str],
        served: Served,
        *,
        log: LogEnds,
        offsets: GroupOffsets,
        sources: RangeSources,
        pulse: Pulse,
        clock: Clock,
    ) -> None:
        """Nothing was looked at yet.

        Args:
            topic: the events topic.
            groups: by endpoint, of all that are enabled.
            served: which of them this process serves.
            log: who knows the log's offsets.
            offsets: who knows the groups' commits.
            sources: for the age of what waits elsewhere, or was not read here.
            pulse: whether Kafka answers: without it nothing is known.
            clock: for how long a look counts.
        """
        self._topic = topic
        self._groups = groups
        self._served = served
        self._source = log
        self._offsets = offsets
        self._sources = sources
        self._pulse = pulse
        self._clock = clock
        self._partitions = 0
        self.growth: Final = LogGrowth()
        """Of the log."""
        self._seen: dict[str, tuple[float, Mapping[int, Waiting]]] = {}
        self._ageless: dict[str, frozenset[int]] = {}
        """By endpoint, the partitions that are here and whose age was not known when it was last asked for."""
        self._standstills: dict[str, Standstills] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="backlogs", daemon=True)

    @property
    def endpoints(self) -> Iterable[str]:
        """Those that can be asked for."""
        return self._groups

    def follow(self, groups: Mapping[str, str]) -> None:
        """Look at these from now on, by endpoint."""
        self._groups = groups

    @property
    def partitions(self) -> int | None:
        """Of the events topic, when it was last looked at; None if Kafka does not answer or has no such topic."""
        return self._partitions or None if self._pulse.is_up is True else None

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; does not wait for the look under way."""
        self._stopping.set()

    def lag(self, endpoint: str) -> float | None:
        """Records that are not finished, in all partitions; None if that is not known."""
        found = self.waiting(endpoint)
        return None if found is None else found.lag

    def oldest_age_s(self, endpoint: str) -> float | None:
        """Age of the oldest event that waits, in seconds: 0 if nothing does; None if that is not known."""
        found = self.waiting(endpoint)
        if found is None or (found.lag and found.oldest_ms is None):
            return None
        return 0.0 if found.oldest_ms is None else max(0.0, self._clock.wall() - found.oldest_ms / 1000)

    def waiting(self, endpoint: str) -> Waiting | None:
        """What waits for it in all partitions; None if that is not known."""
        if self._pulse.is_up is not True:
            return None
        served = self._served.named(endpoint)
        own = {} if served is None else {number: waiting_in(served, number) for number in list(served.partitions)}
        self._ageless[endpoint] = frozenset(number for number, part in own.items() if part.is_ageless)
        looked_at, elsewhere = self._seen.get(endpoint, (float("-inf"), {}))
        is_valid = self._clock.monotonic() - looked_at <= _VALID_S
        return backlog(own, elsewhere if is_valid else None, self._partitions)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._stopping.wait(_EVERY_S if self._has_looked() else _AGAIN_S)

    def _has_looked(self) -> bool:
        try:
            self._look()
        except TopicMissingError:
            self._partitions = 0  # of a log that is not there nothing is known; health says so
            return False
        except BridgeError as error:
            _log.debug("backlogs.unknown", error=str(error))  # health says that Kafka does not answer
            return False
        return True

    def _look(self) -> None:
        every = beginnings_of(self._source, self._topic)
        self._partitions = len(every)
        self.growth.saw(sum(self._source.end(self._topic, every).values()), self._clock.wall())
        groups = self._groups
        self._forget_all_but(groups)
        asked = {name: group for name, group in groups.items() if self._ageless.get(name) or not self._has_all(name)}
        for name in groups.keys() - asked.keys():
            self._tell_standstills(name, {})
        if not asked:
            return
        found = positions_of(self._source, self._offsets, self._topic, list(asked.values()))
        for name, group in asked.items():
            if cursors := found[group].cursors:
                own = self._own(name)
                waiting = self._waiting(cursors, own - self._ageless.get(name, frozenset()))
                self._seen[name] = (self._clock.monotonic(), waiting)
                late = (number for number, part in waiting.items() if part.lag and number not in own)
                self._tell_standstills(name, {number: cursors[number] for number in late})

    def _forget_all_but(self, groups: Mapping[str, str]) -> None:
        """An endpoint that comes back by a later reload begins anew."""
        for known in (self._seen, self._standstills):
            for name in known.keys() - groups.keys():
                del known[name]

    def _tell_standstills(self, name: str, elsewhere: Mapping[int, Cursor]) -> None:
        """Where events wait elsewhere."""
        now, standstills = self._clock.monotonic(), self._standstills.setdefault(name, Standstills())
        standstills.look(elsewhere, now)
        served = self._served.named(name)
        if found := standstills.untold(now, 0.0 if served is None else served.settings.delay_s):
            _log.warning(
                "endpoint.stands_still_elsewhere",
                endpoint=name,
                partitions=list(found),
                events=sum(elsewhere[number].lag for number in found),
                seconds=round(max(found.values())),
                hint="see the worker that has them; if there is none, the broker has kept a member that is gone",
            )

    def _has_all(self, name: str) -> bool:
        return len(self._own(name)) == self._partitions

    def _own(self, name: str) -> frozenset[int]:
        served = self._served.named(name)
        return frozenset() if served is None else frozenset(served.partitions)

    def _waiting(self, cursors: Mapping[int, Cursor], known: frozenset[int]) -> dict[int, Waiting]:
        """The records that wait there; but in `known` partitions, two are read that no commit covers, at most."""
        late = {number: at for number, at in cursors.items() if at.lag and number not in known}
        calm = {number: Waiting(at.lag) for number, at in cursors.items() if number not in late}
        if not late:
            return calm
        with self._sources.open_ranges() as source:
            return calm | unfinished_in(source, self._topic, late).waiting
