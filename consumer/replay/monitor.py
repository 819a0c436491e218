"""The monitor of a replay: log lines while it runs, and counts for its report."""

from collections import Counter
from typing import Final

from prometheus_client import CollectorRegistry

from consumer.attempts.recent import AttemptRoom
from consumer.delivery.policy.attempts import Cause
from consumer.endpoint.metrics import EndpointMetrics, WorkerMetrics
from consumer.endpoint.monitor import Monitor
from consumer.lanes.delivery import Delivery
from consumer.offsets.commits import Assigned
from runtime.clock import Clock


class ReplayMonitor(Monitor):
    """The log lines of live delivery; metrics and attempts that nobody is shown, as a one-shot run opens no port."""

    def __init__(self, endpoint: str, clock: Clock) -> None:
        super().__init__(
            endpoint,
            EndpointMetrics(WorkerMetrics(CollectorRegistry()), endpoint),
            AttemptRoom().of(endpoint, clock.wall()),
            clock,
        )
        self.filtered_by: Final[Counter[str]] = Counter()
        """Events that were not delivered, by the rule against them."""
        self.lost_from: Final[dict[tuple[int, int], int]] = {}
        """How many offsets retention took before they were come to, by partition and the first of them."""

    def assigned(self, partitions: list[int]) -> None:
        """A replay has the partitions of its range, which nobody shares with it."""

    def out_of_range(self, at: Assigned, expired: int) -> None:
        """The log begins behind where the run stood."""
        super().out_of_range(at, expired)
        self.lost_from[at.partition, at.committed or 0] = expired

    def expired(self, partition: int, lost: range) -> None:
        """Retention was faster than the run."""
        super().expired(partition, lost)
        self.lost_from[partition, lost.start] = len(lost)

    def filtered(self, rule: str, events: int) -> None:
        """The run does not deliver these events."""
        super().filtered(rule, events)
        self.filtered_by[rule] += events

    def buried(self, delivery: Delivery, cause: Cause) -> None:
        """A failure of a replay is logged where it is kept."""
