"""One endpoint, alive: its log thread, its partitions' ledgers, its lanes and dispatcher, and its commits.

Everything here runs on the event loop. `_look` is the heart: whatever happens, it looks once at what can be done now,
in the order admit, send, commit, read on.
"""

import asyncio
import math
import random
from collections.abc import Callable
from typing import Final

from consumer.dead_letters.record import Cause
from consumer.dead_letters.writing import Buries
from consumer.delivery.dispatcher import Dispatcher
from consumer.delivery.owner import Attempt
from consumer.delivery.policy.breaker import Breaker, BreakerState
from consumer.delivery.webhook.sender import Sending, lanes_of
from consumer.endpoint.monitor import Telling
from consumer.endpoint.new_log import NewLogs
from consumer.endpoint.schema_lookup import SchemaLookup
from consumer.endpoint.undecodable import Undecodable
from consumer.endpoint.wakeup import Turns
from consumer.filters.endpoint_filter import Filter
from consumer.lanes.admission import Admission
from consumer.lanes.delivery import Delivery
from consumer.lanes.read_ahead import ReadAhead
from consumer.log import NOT_YET, Assigned, Commit, Log, SettingsOf
from consumer.log.schema_ids import SchemaIds
from consumer.offsets.commits import Commits
from consumer.offsets.partition import Partition
from consumer.record import Record
from runtime.clock import Clock
from runtime.config import EndpointSettings


class Endpoint:
    """Serves one endpoint until closed: the loop's side of its log, and the owner of its dispatcher.

    Args:
        settings: of the endpoint.
        group: its consumer group.
        topic: the events topic.
        consumer_settings: gives those of its consumer, each time that one is made.
        drain_s: how long requests in flight may take when partitions go.
        sending: POSTs deliveries.
        burial: writes dead letters.
        telling: metrics and log lines.
        clock: for waits and stamps.
        jitter: in [0, 1).
        open_log: how the log comes about.
        make_breaker: how the breaker comes about.
        filter_: instead of the endpoint's own rules.
        schema_ids: of the schema registry, if there is one.
    """

    def __init__(
        self,
        settings: EndpointSettings,
        *,
        group: str,
        topic: str,
        consumer_settings: SettingsOf,
        drain_s: float,
        sending: Sending,
        burial: Buries,
        telling: Telling,
        clock: Clock,
        jitter: Callable[[], float] = random.random,
        open_log: Callable[..., Log] = Log,
        make_breaker: type[Breaker] = Breaker,
        filter_: Filter | None = None,
        schema_ids: SchemaIds | None = None,
    ) -> None:
        """Not started yet."""
        self.settings: Final = settings
        self.group: Final = group
        self._drain_s = drain_s
        self._sending = sending
        self.burial: Final = burial
        self.telling: Final = telling
        self._clock = clock
        self.lanes: Final = lanes_of(settings, sending)
        self.dispatcher: Final = Dispatcher(
            settings,
            self.lanes,
            self,
            send=sending.send,
            bury=self._bury,
            clock=clock,
            jitter=jitter,
            make_breaker=make_breaker,
        )
        self.schemas: Final = SchemaLookup(
            schema_ids, endpoint=settings.name, answered=self._schema_learned, jitter=jitter
        )
        self._undecodable = Undecodable(self._bury, written=self.finished, ended=self.turn)
        self._admission = Admission(
            filter_ or Filter(settings),
            self.lanes,
            concurrency=settings.concurrency,
            max_events=settings.batch.max_events,
            filtered=telling.filtered,
            admitted=telling.admitted,
            undecodable=self._undecodable,
            obstructed=telling.obstructed,
            learn=self.schemas.learn,
        )
        self.commits: Final = Commits(group, topic, width=settings.concurrency * settings.batch.max_events)
        self.partitions: Final[dict[int, Partition]] = {}
        self._new_logs = NewLogs(self.partitions, self.lanes, telling, clock)
        self.ends: Final[dict[int, int]] = {}
        self.trouble_text = NOT_YET
        """Why it reads nothing: its consumer was given up, or is not a member of its group; empty if it is."""
        self._turns = Turns(self._look, clock, endpoint=settings.name)
        self.log: Final = open_log(consumer_settings, topic=topic, name=settings.name, listener=self, drain_s=drain_s)
        self._ahead = ReadAhead(self.log, self.lanes, backoff_s=settings.backoff_s)

    @property
    def repeats_possible(self) -> int:
        """Events that would be delivered again if the worker died now."""
        return self.commits.cadence.uncommitted + self.dispatcher.events_in_flight

    def start(self) -> None:
        """Join the group and begin."""
        self.log.start()

    async def close(self) -> None:
        """Let what is in flight end, commit, leave the group.

        In this order: a member that is leaving sends no heartbeats, so what ends after its session could not be
        committed any more.
        """
        await self.drain(set(self.partitions))
        await asyncio.to_thread(self.log.close)
        self._turns.stop()
        await self.schemas.close()
        await self._sending.close()

    # What the log tells.

    def assigned(self, partitions: list[Assigned]) -> None:
        """Begin with these partitions where their group stands."""
        for at in partitions:
            partition, foreign = self.commits.begin(at, life=self._new_logs.next_life())
            if foreign:
                self.telling.foreign_metadata(at.partition, foreign)
            self.partitions[at.partition] = partition
            self.ends[at.partition] = at.end
            if at.committed is not None and at.start != at.committed:
                self.telling.out_of_range(at, partition.ledger.expired)
        self.telling.assigned(sorted(self.partitions))
        if self._new_logs.settling:
            self._read_all({at.partition for at in partitions if at.start})
        self.turn()

    def received(self, records: list[Record]) -> None:
        """Keep these until they can be admitted."""
        self._ahead.came(records)
        for record in records:
            partition = self.partitions.get(record.partition)
            if partition is not None and record.offset < partition.read_next:
                partition = self._new_logs.begin(partition, record.offset)
            if partition is not None and not partition.obstacle:
                partition.backlog.append(record)
        self.turn()

    def begin_anew(self) -> None:
        """The topic was deleted and made anew: deliver all of it."""
        self._new_logs.made_anew()
        self._read_all(set(self.partitions))

    def _read_all(self, partitions: set[int]) -> None:
        self._new_logs.begin_all(partitions)
        self.log.begin_anew(partitions)

    def read_up_to(self, offsets: dict[int, int]) -> None:
        """Note how far the log was read: what lies behind the last record is owed to nobody."""
        for number, offset in offsets.items():
            if number in self.partitions:
                self.partitions[number].read_up_to(offset)
        self.turn()

    def expired(self, partition: int, lost: range) -> None:
        """Tell that retention was faster than delivery."""
        self.telling.expired(partition, lost)

    async def drain(self, partitions: set[int]) -> list[Commit]:
        """Start nothing more for these, let what is in flight end; what is to be committed last."""
        mine = [partition for number, partition in self.partitions.items() if number in partitions]
        for partition in mine:
            partition.draining = True
            partition.forget_backlog()
            self.lanes.remove(partition.number)
        await asyncio.gather(
            self.dispatcher.drain(partitions, self._drain_s), self._undecodable.drain(partitions, self._drain_s)
        )
        for partition in mine:
            self.lanes.remove(partition.number)
        return self.commits.of(mine)

    def revoked(self, partitions: set[int]) -> None:
        """Forget these; nothing that still comes of them counts."""
        self.dispatcher.abandon(partitions)
        self._undecodable.abandon(partitions)
        for number in partitions:
            self.lanes.remove(number)
            self.partitions.pop(number, None)
            self.ends.pop(number, None)
        self.schemas.keep({at.awaits for at in self.partitions.values() if at.awaits is not None})
        self.telling.assigned(sorted(self.partitions))
        self.turn()

    def committed(self, commits: list[Commit], error: str) -> None:
        """A commit ended; a failed one is tried again at the next tick."""
        self.commits.ended(self.partitions, commits, error, self._clock.monotonic())
        self.telling.committed(error)
        self.turn()

    def log_ends(self, ends: dict[int, int]) -> None:
        """Note where the log ends, for the lag."""
        self.ends.update((number, end) for number, end in ends.items() if number in self.partitions)

    def trouble(self, error: str) -> None:
        """The consumer was given up; what was asked of it before is never answered."""
        self._ahead.forget()
        self.trouble_text = error
        self.commits.unanswered(self._clock.monotonic())
        self.turn()

    def membership(self, obstacle: str) -> None:
        """Note whether the group has its consumer among its members."""
        self.trouble_text = obstacle

    # What the dispatcher asks and tells.

    def holds(self, delivery: Delivery) -> bool:
        """Whether the delivery's partition is still ours, by the same assignment."""
        return (partition := self._of(delivery)) is not None and not partition.draining

    def finished(self, delivery: Delivery) -> None:
        """Delivered, or its dead letter is written: nothing is owed for it any more."""
        if (partition := self._of(delivery)) is not None:
            partition.ledger.finish(delivery.record.offset)
            partition.bytes -= delivery.record.size
            self.commits.finished()

    def window_full(self, delivery: Delivery) -> bool:
        """Whether the window of the delivery's partition is full."""
        return (partition := self._of(delivery)) is not None and partition.is_full

    def pins(self, delivery: Delivery) -> bool:
        """Whether the delivery is what keeps its partition's window from moving on."""
        return (partition := self._of(delivery)) is not None and partition.ledger.base == delivery.record.offset

    def _of(self, delivery: Delivery) -> Partition | None:
        partition = self.partitions.get(delivery.record.partition)
        return partition if partition is not None and partition.life == delivery.life else None

    def may_attempt(self, in_flight: int) -> bool:
        """Whether another attempt keeps the promise about repeats."""
        return self.commits.cadence.may_attempt(in_flight)

    def attempted(self, attempt: Attempt) -> None:
        """Count and tell it."""
        self.telling.attempted(attempt)

    def breaker_moved(self, state: BreakerState, *, reason: str) -> None:
        """Tell it."""
        self.telling.breaker_moved(state, reason=reason)

    def turn(self) -> None:
        """Look once, soon, at what can be done."""
        self._turns.turn()

    def _look(self, now: float) -> float:
        """Admit, send, commit, read on; when to look again."""
        breaker = self.dispatcher.breaker
        self._admission.admit(self.partitions.values(), now, breaker=breaker.state)
        for partition in self.partitions.values():
            partition.pass_over()
        self.dispatcher.start_due()
        if commits := self.commits.due(self.partitions.values(), now):
            self.log.commit(commits)
        wanted = self._admission.wants_more(breaker.state)
        self._ahead.read_on(self.partitions.values(), now, wanted=wanted, breaker_open=breaker.is_open)
        wakes = [self.commits.cadence.next_tick, self.dispatcher.next_wake()]
        return min((wake for wake in wakes if wake is not None and wake > now), default=math.inf)

    def _schema_learned(self, schema_id: int) -> None:
        for partition in self.partitions.values():
            if partition.awaits == schema_id:
                partition.awaits = None
        self.turn()

    async def _bury(self, delivery: Delivery, cause: Cause) -> None:
        with self.telling.burying_one():
            await self.burial.bury(delivery, cause)
        self.telling.buried(delivery, cause)
