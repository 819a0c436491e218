"""One endpoint, alive: what its log reads goes into its lanes, out to its address, and its commits back to the log.

Everything here runs on the event loop. `make_pass` is the heart: whatever happens, one pass does what can be done now,
in the order admit, send, commit, read on.
"""

import asyncio
import contextlib
import math
from collections.abc import Mapping
from typing import Final

from consumer.delivery.dispatcher import Dispatcher
from consumer.delivery.event_sender import lanes_of
from consumer.delivery.policy.attempts import AttemptPolicy
from consumer.delivery.policy.gate import Gate
from consumer.delivery.settlement import Settlement
from consumer.endpoint.acts import Acts
from consumer.endpoint.assignment import Assignment
from consumer.endpoint.awaited_schemas import AwaitedSchemas
from consumer.endpoint.courier import Courier
from consumer.endpoint.large_records import LargeRecords
from consumer.endpoint.monitor import Monitor
from consumer.endpoint.new_topic import NewTopic
from consumer.endpoint.undecodable import Undecodable
from consumer.endpoint.wakeup import Wakeup
from consumer.lanes.admission import Admission
from consumer.lanes.allowed import Allowed
from consumer.lanes.read_ahead import ReadAhead
from consumer.lanes.screening import Screening
from consumer.log.event_log import EventLog
from consumer.log.listener import NOT_YET
from consumer.offsets.commit_policy import ANSWER_LIMIT_S
from consumer.offsets.commits import Assigned, Commit, Commits
from consumer.offsets.partition import Partition
from consumer.record import Record
from runtime.clock import Clock
from runtime.config import EndpointSettings
from runtime.deadline import Deadline


class Endpoint:
    """Serves one endpoint until closed: the listener of its log, and the owner of its assignment and dispatcher.

    Args:
        settings: of the endpoint.
        commits: of its consumer group.
        log: what is read; not started.
        screening: reads records, and knows the endpoint's filters.
        gate: when requests may start.
        courier: carries requests and dead letters.
        monitor: metrics and log lines.
        clock: for waits and stamps.
    """

    def __init__(
        self,
        settings: EndpointSettings,
        commits: Commits,
        log: EventLog,
        *,
        screening: Screening,
        gate: Gate,
        courier: Courier,
        monitor: Monitor,
        clock: Clock,
    ) -> None:
        """Not started yet."""
        self.settings = settings
        self.log: Final = log
        self.gate: Final = gate
        self.courier: Final = courier
        self.monitor: Final = monitor
        self._clock = clock
        self._wakeup = Wakeup(self, clock, endpoint=settings.name)
        self.lanes: Final = lanes_of(settings, courier.sender)
        self.acts: Final = Acts(gate, self.lanes, monitor, self._wakeup, clock)
        self.assignment: Final = Assignment(commits, self.lanes)
        self.settlement: Final = Settlement(
            settings.reject_statuses,
            self.lanes,
            gate,
            self.assignment,
            AttemptPolicy(settings.attempts),
            monitor=monitor,
            clock=clock,
        )
        self.dispatcher: Final = Dispatcher(
            settings.name,
            self.lanes,
            gate,
            self.assignment,
            self.settlement,
            courier=courier,
            wakeup=self._wakeup,
            clock=clock,
        )
        self._undecodable = Undecodable(courier, self.assignment, self._wakeup)
        screens = LargeRecords(screening, courier.sender.large_events, self._wakeup)
        self._admission = Admission(settings, self.lanes, screens, self._undecodable, monitor)
        self._ahead = ReadAhead(log, self.lanes, backoff_s=settings.backoff_s)
        self._schemas = AwaitedSchemas(screening, self._wakeup, endpoint=settings.name, jitter=gate.backoff.jitter)
        self._topic = NewTopic()
        self.consumer_fault = NOT_YET
        """Why it reads nothing: its consumer was given up, or is not a member of its group; empty if it is."""

    @property
    def group(self) -> str:
        """Its consumer group."""
        return self.assignment.commits.group

    @property
    def partitions(self) -> Mapping[int, Partition]:
        """Those that this worker has."""
        return self.assignment.partitions

    @property
    def schema_troubles(self) -> list[str]:
        """Why the schema registry has not answered what partitions wait for."""
        return self._schemas.troubles

    @property
    def repeats_possible(self) -> int:
        """Events that would be delivered twice if the worker died now."""
        return self.assignment.commits.policy.uncommitted + self.dispatcher.in_flight.events

    def start(self) -> None:
        """Join the group and begin."""
        self.log.start(self)

    async def close(self, deadline: Deadline) -> None:
        """Let what is in flight end, commit, leave the group; what takes longer is broken off.

        In this order: a member that is leaving sends no heartbeats, so what ends after its session could not be
        committed any more.
        """
        self.courier.hurry()
        await self._drain(set(self.partitions), min(self.log.drain_s, deadline.left_s))
        if not await self.log.close(deadline):
            self.monitor.left_open(self.assignment.uncommitted)
        self.stop_passes()
        await self._schemas.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.courier.close(), deadline.left_s)

    async def abort(self) -> None:
        """Break off everything at once, and commit nothing: what a kill leaves. The log must be dead already."""
        self.stop_passes()
        await self.dispatcher.in_flight.break_off()
        await self._undecodable.break_off()
        await self._schemas.close()

    def stop_passes(self) -> None:
        """Start nothing any more."""
        self._wakeup.stop()

    # What the log says.

    def assigned(self, partitions: list[Assigned]) -> None:
        """Begin with these partitions where their group stands."""
        for at in partitions:
            partition, foreign = self.assignment.begin(at)
            if foreign:
                self.monitor.foreign_metadata(at.partition, foreign)
            if at.committed is not None and at.start != at.committed:
                self.monitor.out_of_range(at, partition.ledger.expired)
        self.monitor.assigned(self.assignment.numbers)
        if self._topic.is_settling(self._clock.monotonic()):
            self._read_all({at.partition for at in partitions if at.start})
        self._wakeup.wake()

    def received(self, records: list[Record]) -> None:
        """Keep these until they can be admitted."""
        self._ahead.came(records)
        for record in records:
            partition = self.partitions.get(record.partition)
            if partition is not None and record.offset < partition.read_next:
                self._offsets_fell(record, read_before=partition.read_next)
                partition = self.assignment.begin_anew(record.partition, record.offset)
            if partition is not None and not partition.upgrade_needed:
                partition.backlog.append(record)
        self._wakeup.wake()

    def begin_anew(self) -> None:
        """The topic was deleted and made anew: deliver all of it."""
        self._topic.made_anew(self._clock.monotonic())
        self._read_all(set(self.partitions))

    def read_up_to(self, offsets: dict[int, int]) -> None:
        """Note how far the log was read: what lies behind the last record is owed to nobody."""
        for number, offset in offsets.items():
            if (partition := self.partitions.get(number)) is not None:
                partition.read_up_to(offset)
        self._wakeup.wake()

    def range_ended(self, partition: int, epoch: int) -> None:
        """The range of this partition was read to its end."""
        at = self.partitions.get(partition)
        if at is not None and at.epoch == epoch:
            at.range_ended = True

    def expired(self, partition: int, lost: range) -> None:
        """Retention was faster than delivery."""
        self.monitor.expired(partition, lost)

    async def drain(self, partitions: set[int]) -> list[Commit]:
        """Start nothing more for these, let what is in flight end; what is to be committed last."""
        await self._drain(partitions, self.log.drain_s)
        return self.assignment.drained(partitions)

    def revoked(self, partitions: set[int]) -> None:
        """Forget these; nothing that still comes of them counts."""
        if self.assignment.is_owed_a_commit(partitions):
            self.monitor.not_committed(partitions, self.repeats_possible)
        self.dispatcher.abandon(partitions)
        self._undecodable.abandon(partitions)
        self.assignment.revoke(partitions)
        self._schemas.ask_for(self.partitions.values())
        self.monitor.assigned(self.assignment.numbers)
        self._wakeup.wake()

    def disowned(self, partitions: set[int]) -> None:
        """Forget these; what was committed last may not have come to be."""
        self.assignment.doubt_last_commits()
        self.revoked(partitions)

    def committed(self, commits: list[Commit], error: str) -> None:
        """A commit ended; a failed one is tried again at the next tick."""
        self.assignment.commits.ended(self.partitions, commits, error, self._clock.monotonic())
        self.monitor.committed(error)
        self._wakeup.wake()

    def log_ends(self, ends: dict[int, int]) -> None:
        """Note where the log ends, for the lag."""
        self.assignment.log_ends(ends)

    def gave_up(self, error: str) -> None:
        """The consumer was given up; what was asked of it before is never answered."""
        self._ahead.forget()
        self.consumer_fault = error
        self.monitor.given_up(error)
        self.assignment.commits.unanswered(self._clock.monotonic())
        self._wakeup.wake()

    def membership(self, obstacle: str) -> None:
        """Note whether the group has its consumer among its members."""
        self.consumer_fault = obstacle

    # What is done.

    def make_pass(self, now: float) -> float:
        """Admit, send, commit, read on; when the next pass is due (both monotonic)."""
        partitions, allowed = self.partitions.values(), self.gate.allowed
        self._schemas.resume(partitions)
        if not self._admission.admit(partitions, now, self._clock.wall(), allowed):
            self._wakeup.wake()
        self._schemas.ask_for(self.partitions.values())
        self.dispatcher.start_due()
        self._commit(now)
        allowed = self.gate.allowed
        wanted = self._admission.wants_more(allowed)
        self._ahead.read_on(partitions, now, wanted=wanted, breaker_open=allowed is not Allowed.ALL)
        dues = [self.assignment.commits.policy.next_tick, self.dispatcher.next_wake()]
        dues.append(self._admission.next_due(partitions, now))
        return min((at for at in dues if at is not None and at > now), default=math.inf)

    def _commit(self, now: float) -> None:
        """Commit what is due; a consumer that does not answer a commit is given up, as it would stop all attempts."""
        commits = self.assignment.commits
        if commits.policy.is_overdue(now):
            commits.unanswered(now)
            self.log.give_up(f"Kafka did not answer a commit for {ANSWER_LIMIT_S:g} s")
        if due := commits.due(self.partitions.values(), now):
            self.log.commit(due)

    async def _drain(self, partitions: set[int], limit_s: float) -> None:
        self.assignment.drain(partitions)
        unburied = self.courier.unburied
        requests, _ = await asyncio.gather(
            self.dispatcher.drain(partitions, limit_s), self._undecodable.drain(partitions, limit_s)
        )
        if requests or self.courier.unburied > unburied:
            self.monitor.broken_off(requests, letters=self.courier.unburied - unburied)

    def _offsets_fell(self, record: Record, *, read_before: int) -> None:
        """The topic was deleted and made anew, or an election took the end of the log."""
        if not self._topic.is_settling(self._clock.monotonic()):
            self.monitor.log_begins_anew(record.partition, record.offset, read_before=read_before)

    def _read_all(self, numbers: set[int]) -> None:
        """Of these partitions everything is to be read, whatever was committed."""
        for number in numbers:
            self.assignment.begin_anew(number, 0)
        self.log.begin_anew(numbers)
