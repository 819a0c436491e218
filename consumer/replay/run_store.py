"""The runs of a cluster: begun, found again, and where they stand. Blocks; no group of an endpoint is touched."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, Protocol

from consumer.offsets.cursor import Cursor, cursor_of, snapshot_of
from consumer.places import Bounds
from consumer.replay.plan import ReplayPlan, plan_of
from runtime.kafka.cluster_state import Committed

RUN: Final = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)
"""The names that a run can have."""


def new_run(now: float, tail: str) -> str:
    """A name for a run, by the time and a few characters that make it unique; `now` in seconds since the epoch."""
    return f"{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}-{tail}"


def group_of_run(prefix: str, run: str) -> str:
    """The group that holds the progress of a run."""
    return f"{prefix}-replay.{run}"


class RunGroups(Protocol):
    """Offsets of groups without members; see `Groups`."""

    def committed(self, group: str, topic: str, partitions: Iterable[int]) -> dict[int, Committed]:
        """Those that there are."""
        ...

    def commit(self, group: str, topic: str, offsets: Mapping[int, Committed]) -> None:
        """Set them."""
        ...


class Runs:
    """The runs that deliver one topic."""

    def __init__(self, groups: RunGroups, *, prefix: str, topic: str) -> None:
        """`prefix` is that of all groups."""
        self._groups: Final = groups
        self._prefix: Final = prefix
        self._topic: Final = topic

    def begin(self, plan: ReplayPlan) -> None:
        """Keep the plan, then the progress: nothing yet.

        Raises:
            PlanError: its options are too long to be kept.
            KafkaUnavailableError, KafkaRefusedError: it could not be kept.
        """
        self.save(plan.run, plan.commits())
        self._begin_progress(plan, plan.ranges)

    def find(self, run: str, bounds: Bounds) -> ReplayPlan:
        """The plan of a run that was begun.

        Raises:
            PlanError: there is no such run, or this version cannot read it.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        return plan_of(run, self._groups.committed(self._plan_group(run), self._topic, bounds.end))

    def progress(self, plan: ReplayPlan, bounds: Bounds) -> dict[int, Cursor]:
        """How much of each range is finished; what was killed before it had any progress gets it now.

        A failure that is not finished is dropped from the plan, here and in Kafka, for it is tried again.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        group = group_of_run(self._prefix, plan.run)
        committed = self._groups.committed(group, self._topic, plan.ranges)
        missing = plan.ranges.keys() - committed.keys()
        self._begin_progress(plan, missing)
        committed |= {number: Committed(plan.ranges[number].start) for number in missing}
        found = {
            number: cursor_of(
                snapshot_of(at, group=group, topic=self._topic, partition=number),
                first=min(bounds.first[number], plan.ranges[number].stop),
                end=max(at.offset, plan.ranges[number].stop),
            )
            for number, at in sorted(committed.items())
        }
        if dropped := plan.drop_unfinished(found):
            self.save(plan.run, {number: plan.commit_of(number) for number in dropped})
        return found

    def save(self, run: str, commits: Mapping[int, Committed]) -> None:
        """Keep these partitions of the plan, as `ReplayPlan.commit_of` makes them.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: it could not be kept.
        """
        self._groups.commit(self._plan_group(run), self._topic, commits)

    def _begin_progress(self, plan: ReplayPlan, partitions: Collection[int]) -> None:
        if partitions:
            begun = {number: Committed(plan.ranges[number].start) for number in partitions}
            self._groups.commit(group_of_run(self._prefix, plan.run), self._topic, begun)

    def _plan_group(self, run: str) -> str:
        return f"{group_of_run(self._prefix, run)}.plan"
