"""A replay, put together: the live engine on a bounded log, until its range is finished or it is asked to stop.

Retries, breaker, rate, ceiling, batches, signatures and order are those of live delivery, counted for this run alone.
"""

import asyncio
import contextlib
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from consumer.delivery.event_sender import event_sender_of
from consumer.delivery.policy.gate import Gate
from consumer.endpoint.courier import Courier
from consumer.endpoint.endpoint import Endpoint
from consumer.filters.selection import NOT_SELECTED
from consumer.lanes.screening import Screening
from consumer.log.assigned_range import AssignedRange
from consumer.log.consumer_settings import ConsumerSettings
from consumer.log.reader_thread import ReaderThreads
from consumer.log.schema_ids import schema_ids_of
from consumer.log.shared_records import SharedRecords
from consumer.log.succession import Succession
from consumer.offsets.commits import commits_of
from consumer.offsets.cursor import Cursor
from consumer.offsets.partition import Partition
from consumer.replay.cut_short import CutShort
from consumer.replay.failures import Failures
from consumer.replay.monitor import ReplayMonitor
from consumer.replay.plan import ReplayPlan
from consumer.replay.report import ReplayReport
from consumer.replay.run_store import Runs, group_of_run
from consumer.replay.target import ReplayFilter
from runtime.clock import Clock
from runtime.config import EndpointSettings, Settings
from runtime.deadline import CLOSE_GRACE_S, Deadline
from runtime.kafka.topics import max_event_bytes
from runtime.progress import Progress

_CLIENT_ID: Final = "registry-worker-replay"
_LOOK_EVERY_S: Final = 0.1
_GONE_AFTER_S: Final = 2.0
"""When the range is read and nothing is under way, what a map of holes still expects is in the log no more."""
_KAFKA_PATIENCE_S: Final = 60.0
_SILENT_AFTER_S: Final = 15.0
"""The consumer asks every two seconds."""
_REGISTRY_PATIENCE_S: Final = 10.0
"""Not a deployment of it, but a hiccup: a run can be resumed."""


@dataclass(frozen=True, slots=True)
class Job:
    """The part of a run that is left for one process."""

    plan: ReplayPlan
    target: EndpointSettings
    progress: Mapping[int, Cursor]
    """How much of each range is finished."""

    @property
    def asked(self) -> int:
        """Offsets that are not finished, those among them that the log has lost since the run began."""
        return sum(cursor.lag + cursor.lost for cursor in self.progress.values())


class Replay:
    """One process of one run."""

    def __init__(self, job: Job, settings: Settings, runs: Runs, clock: Clock) -> None:
        """Not started; made on the running loop."""
        self._job = job
        self._clock = clock
        plan, target = job.plan, job.target
        self._failed_before = tuple(plan.failures)
        self._unnamed_before = sum(plan.unnamed.values())
        self._failures = Failures(plan, runs, jitter=random.random)
        self._monitor = ReplayMonitor(target.name, clock)
        group = group_of_run(settings.worker.group_prefix, plan.run)
        self._endpoint = Endpoint(
            target,
            commits_of(group, settings.topics.events, target),
            _log_of(job, settings, group, clock),
            screening=Screening(
                ReplayFilter(target, plan.selection),
                schema_ids_of(settings, clock, program=_CLIENT_ID),
                unknown_schema=settings.worker.unknown_schema,
            ),
            gate=Gate(target, random.random),
            courier=Courier(event_sender_of(target, clock), self._failures, self._monitor),
            monitor=self._monitor,
            clock=clock,
        )
        self._unfinished = {number: cursor.lag + cursor.lost for number, cursor in job.progress.items()}
        """By partition: offsets that are not finished, as far as is known."""
        self._cut_short = CutShort(plan.ranges, patience_s=_KAFKA_PATIENCE_S)
        self._quiet_since: float | None = None
        self._failing_since: float | None = None
        self._shown = 0

    async def run(self, stop: asyncio.Event, progress: Progress) -> ReplayReport:
        """Deliver until the range is finished or `stop` is set; then let what is in flight end, and commit.

        Args:
            stop: ends the run, which can be resumed.
            progress: shows how many of the `asked` offsets are finished.
        """
        stopped = ""
        self._endpoint.start()
        try:
            while not (stopped or self._is_finished()):
                self._show(progress, self._left(self._endpoint.partitions))
                stopped = "the run was stopped" if await _is_set(stop, _LOOK_EVERY_S) else self._hopeless_because()
            stopped = stopped or self._not_read_because()
        finally:
            held = dict(self._endpoint.partitions)
            await self._endpoint.close(Deadline.after(self._endpoint.log.drain_s + CLOSE_GRACE_S, self._clock))
        left = self._left(held)
        self._show(progress, left)
        return self._report(stopped, left)

    def _show(self, progress: Progress, left: int) -> None:
        finished = self._job.asked - left
        progress.advance(finished - self._shown)
        self._shown = finished

    def _left(self, held: Mapping[int, Partition]) -> int:
        """Offsets that are not finished; of those that were not read nobody knows whether they hold records."""
        for number in self._job.plan.ranges.keys() & held.keys():
            ledger, span = held[number].ledger, self._job.plan.ranges[number]
            self._unfinished[number] = ledger.unfinished + max(0, span.stop - max(span.start, ledger.unknown_from))
        return sum(self._unfinished.values())

    @property
    def _lost(self) -> int:
        """Offsets of the ranges that retention took, be it before the run was begun again or under way."""
        ranges = self._job.plan.ranges
        found = self._monitor.lost_from.items()
        return sum(min(count, max(0, ranges[number].stop - first)) for (number, first), count in found)

    @property
    def _filtered(self) -> dict[str, int]:
        found = dict(self._monitor.filtered_by)
        if self._failures.not_selected:
            found[NOT_SELECTED] = found.get(NOT_SELECTED, 0) + self._failures.not_selected
        return found

    def _is_finished(self) -> bool:
        """Whether all ranges are read as far as they can be, and nothing of that is left to do."""
        self._cut_short.look(self._ends_reached(), self._clock.monotonic())
        if not all(map(self._is_read, self._job.plan.ranges)):
            self._quiet_since = None
            return False
        if not any(self._endpoint.partitions[number].ledger.unfinished for number in self._job.plan.ranges):
            return True
        if self._endpoint.lanes.held or not self._failures.are_kept:
            self._quiet_since = None
            return False
        now = self._clock.monotonic()
        self._quiet_since = now if self._quiet_since is None else self._quiet_since
        return now - self._quiet_since >= _GONE_AFTER_S

    def _is_read(self, number: int) -> bool:
        partition = self._endpoint.partitions.get(number)
        if partition is None:
            return False
        has_ended = partition.range_ended or number in self._cut_short.ends
        return (has_ended and not partition.backlog) or bool(partition.upgrade_needed)

    def _ends_reached(self) -> dict[int, int]:
        """Where those partitions end that are read to their end, and not to that of their range."""
        partitions, ends = self._endpoint.partitions, self._endpoint.assignment.ends
        unread = [number for number in self._job.plan.ranges.keys() & partitions if not partitions[number].range_ended]
        return {number: ends[number] for number in unread if partitions[number].ledger.unknown_from >= ends[number]}

    def _hopeless_because(self) -> str:
        """Why it makes no sense to wait any longer; empty while it does."""
        now = self._clock.monotonic()
        is_silent = now - self._endpoint.log.answered_at >= _SILENT_AFTER_S
        kafka = self._endpoint.consumer_fault or ("it does not answer the consumer" if is_silent else "")
        patience_s = _KAFKA_PATIENCE_S if kafka else _REGISTRY_PATIENCE_S
        texts = [f"Kafka: {kafka}"] if kafka else self._endpoint.schema_troubles
        if not texts:
            self._failing_since = None
            return ""
        self._failing_since = now if self._failing_since is None else self._failing_since
        return texts[0] if now - self._failing_since >= patience_s else ""

    def _not_read_because(self) -> str:
        """Why something of the ranges cannot be read; empty if all is."""
        needed = [
            f"partition {number} needs a newer version: {partition.upgrade_needed}"
            for number, partition in sorted(self._endpoint.partitions.items())
            if partition.upgrade_needed
        ]
        return "; ".join([*needed, *self._cut_short.reasons])

    def _report(self, stopped: str, left: int) -> ReplayReport:
        return ReplayReport(
            run=self._job.plan.run,
            endpoint=self._job.target.name,
            delivered=self._endpoint.settlement.deliveries,
            filtered=self._filtered,
            failed=self._failures.named,
            failed_before=self._failed_before,
            unnamed_before=self._unnamed_before,
            lost=self._lost,
            stopped=stopped,
            left=left,
        )


def _log_of(job: Job, settings: Settings, group: str, clock: Clock) -> Succession:
    consumer = ConsumerSettings(
        settings.kafka.revealed(), client_id=_CLIENT_ID, group=group, max_record_bytes=max_event_bytes(settings)
    )
    name, drain_s = job.target.name, settings.worker.drain_of(job.target)
    records = SharedRecords(settings.topics.events)
    readers = ReaderThreads(AssignedRange(job.plan.ranges), consumer, records, name, clock)
    return Succession(readers, name=name, drain_s=drain_s, clock=clock)


async def _is_set(event: asyncio.Event, within_s: float) -> bool:
    """Whether the event is set within this time."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), within_s)
    return event.is_set()
