"""The log: a thread that alone owns one Kafka consumer, and tells the event loop what it reads.

No other thread ever calls the consumer. Records cross to the loop in batches, as much as was asked for; commands
come back by a queue. Revocation is answered in its callback: the loop drains, the last offsets are committed there
synchronously, and only then does another worker get the partition.
"""

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from consumer.log.committing import Committing
from consumer.log.credit import READ_AHEAD, cost_of, total_cost
from consumer.log.listener import LogListener, SettingsOf
from consumer.log.membership import Membership
from consumer.log.messages import NOT_RETRIABLE, explained, reraising
from consumer.log.recreated_topic import begin_anew
from consumer.log.taken import ReadPositions, Taken, lost_of, taken_from
from consumer.log.watermarks import ASK_LIMIT_S, beginning_of, ends_of, place_of
from consumer.offsets.commits import Commit
from runtime.kafka.connection_faults import ConnectionFaults

_logger: Final = structlog.get_logger(__name__)

_BATCH: Final = 500
_BUSY_POLL_S: Final = 0.01
"""While records are out: how long a command waits at most."""
_QUIET_POLL_S: Final = 0.1
_IDLE_WAIT_S: Final = 0.05
_PAUSE_AFTER_S: Final = 1.0
"""Pausing throws away what was fetched ahead, so it is for lasting pressure alone."""
_ENDS_EVERY_S: Final = 2.0
_AGAIN_S: Final = 2.0
_GRACE_S: Final = 5.0


class Log:
    """One consumer group member, on its own thread."""

    def __init__(
        self,
        settings: SettingsOf,
        *,
        topic: str,
        name: str,
        drain_s: float,
    ) -> None:
        """Not started yet; made on the running loop.

        Args:
            settings: gives those of a consumer, as `runtime.kafka.settings.consumer_settings` makes them; asked on the
                log's thread, where it may block, each time that a consumer is made.
            topic: the events topic.
            name: of the endpoint, for the thread and the log lines.
            drain_s: how long the listener's `drain` may take, in seconds.
        """
        self._settings_of = settings
        self._topic = topic
        self._listener: LogListener
        self.drain_s: Final = drain_s
        self._loop = asyncio.get_running_loop()
        self._commands: queue.SimpleQueue[Callable[[Consumer], None]] = queue.SimpleQueue()
        self._command: Final = self._commands.put
        self._thread = threading.Thread(target=self._run, name=f"log-{name}", daemon=True)
        self._log = _logger.bind(endpoint=name)
        self._closing = threading.Event()
        self._epoch = 0
        self._epochs: dict[int, int] = {}
        self._positions = ReadPositions()
        self._credit = 0  # what may still be read, by its cost; below 0 when more came
        self._paused: set[int] = set()
        self._all_paused = False
        self._quiet_since = 0.0
        self.turned_at = time.monotonic()
        """When the thread was last seen at work."""
        self._next_ends = 0.0
        self._committing = Committing(
            topic, lambda commits, error: self._tell(self._listener.committed, commits, error)
        )
        self._faults = ConnectionFaults()
        self._membership = Membership(lambda obstacle: self._tell(self._listener.membership, obstacle), self._faults)

    def start(self, listener: LogListener) -> None:
        """Join the group and begin; `listener` is told of everything, on the running loop."""
        self._listener = listener
        self._thread.start()

    def ask(self, cost: int) -> None:
        """Read on until the records that came since cost so much more; the last one may cost more than is left."""
        self._command(lambda _: self._add_credit(cost))

    def pause(self, partition: int) -> None:
        """Read nothing of this partition until `resume`; what is under way may still come."""
        self._command(lambda consumer: self._set_paused(consumer, partition, paused=True))

    def resume(self, partition: int) -> None:
        """Read this partition again."""
        self._command(lambda consumer: self._set_paused(consumer, partition, paused=False))

    def commit(self, commits: list[Commit]) -> None:
        """Commit asynchronously; `listener.committed` tells how it ended. One at a time."""
        self._command(lambda consumer: self._commit(consumer, commits))

    def begin_anew(self, partitions: set[int]) -> None:
        """The topic was deleted and made anew: read all of these, whatever was committed."""
        self._command(lambda consumer: begin_anew(consumer, self._topic, partitions & self._epochs.keys()))

    def close(self) -> None:
        """Leave the group, which drains and commits all partitions; returns when the thread has ended.

        Or when it should have: without a coordinator the client waits 45 s for a commit that cannot succeed any more.
        """
        self._closing.set()
        self._command(lambda _: None)
        if self._thread.is_alive():
            self._thread.join(self.drain_s + _GRACE_S)
            if self._thread.is_alive():
                self._log.warning("log.not_closed", reason="Kafka does not answer", consequence="events repeat")

    def _tell(self, what: Callable[..., None], *arguments: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what, *arguments)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._live()
            except Exception as error:  # noqa: BLE001 - whatever it was, the endpoint must not stop for good
                self.turned_at = time.monotonic()
                self._give_up(explained(error))
                self._closing.wait(_AGAIN_S)

    def _live(self) -> None:
        consumer = self._consumer()
        self._membership.begin()
        try:
            consumer.subscribe(
                [self._topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
            )
            while not self._closing.is_set():
                self._turn(consumer)
                self._membership.look(consumer)
        finally:
            consumer.close()

    def _consumer(self) -> Consumer:
        own = {"enable.partition.eof": True, "on_commit": self._committing.answered, "error_cb": self._on_error}
        return Consumer({**self._settings_of(), **own})

    def _give_up(self, reason: str) -> None:
        self._log.debug("log.failed", error=reason, again_in_s=_AGAIN_S)  # the listener says it, once and not each time
        gone, self._epochs = set(self._epochs), {}
        self._credit = 0
        self._committing.forget()
        self._tell(self._listener.revoked, gone)
        self._tell(self._listener.trouble, reason)

    def _turn(self, consumer: Consumer) -> None:
        self.turned_at = time.monotonic()
        self._obey(consumer)
        if self._credit > 0:
            self._unpause(consumer)
            self._read(consumer)
        else:
            self._idle(consumer)
        if time.monotonic() >= self._next_ends:
            self._next_ends = time.monotonic() + _ENDS_EVERY_S
            self._tell_ends(consumer)

    def _obey(self, consumer: Consumer) -> None:
        while not self._commands.empty():  # nobody else takes from it
            self._commands.get_nowait()(consumer)

    def _read(self, consumer: Consumer) -> None:
        first = consumer.poll(_BUSY_POLL_S if self._committing.under_way else _QUIET_POLL_S)
        if first is None:
            return
        more = min(self._credit // cost_of(len(first)), _BATCH) - 1  # if they are as large as the first
        self._pass_on(consumer, [first, *(consumer.consume(more, timeout=0) if more > 0 else ())])

    def _idle(self, consumer: Consumer) -> None:
        """Nothing was asked for: obey, keep the group's callbacks served, and pause if it lasts."""
        with contextlib.suppress(queue.Empty):
            self._commands.get(timeout=_BUSY_POLL_S if self._committing.under_way else _IDLE_WAIT_S)(consumer)
        if self._credit > 0:
            return
        lasts = time.monotonic() - self._quiet_since > _PAUSE_AFTER_S
        if self._epochs and not self._all_paused and (lasts or self._credit < -READ_AHEAD):
            self._all_paused = True
            consumer.pause(self._places(self._epochs))
        if self._all_paused or self._committing.under_way or not self._epochs:
            message = consumer.poll(0)
            if message is not None:  # it was fetched before the pause took hold
                self._pass_on(consumer, [message])

    def _unpause(self, consumer: Consumer) -> None:
        if self._all_paused:
            self._all_paused = False
            consumer.resume(self._places(set(self._epochs) - self._paused))

    def _pass_on(self, consumer: Consumer, messages: list[Message]) -> None:
        taken = taken_from(messages, self._topic)
        for error in taken.errors:
            self._judge(error)
        self._tell_lost(consumer, self._positions.advance(taken))
        taken = self._wanted(taken)
        self._credit -= total_cost(taken.records)
        if taken.records:
            self._quiet_since = time.monotonic()
            self._tell(self._listener.received, taken.records)
        if taken.ends:
            self._tell(self._listener.read_up_to, taken.ends)

    def _wanted(self, taken: Taken) -> Taken:
        return taken

    def _judge(self, error: KafkaError) -> None:
        if error.fatal() or error.code() in NOT_RETRIABLE:
            raise KafkaException(error)
        if self._membership.refused(error):
            self._log.warning("log.error", error=error.str(), code=error.name())

    def _tell_lost(self, consumer: Consumer, passed: Mapping[int, list[range]]) -> None:
        """Of offsets that hold no record, those that retention took; a log of transactions has others all the time."""
        for number, spans in passed.items():
            for lost in lost_of(spans, beginning_of(consumer, self._topic, number)):
                self._tell(self._listener.expired, number, lost)

    def _add_credit(self, cost: int) -> None:
        self._credit += cost

    def _set_paused(self, consumer: Consumer, partition: int, *, paused: bool) -> None:
        if partition not in self._epochs:
            return
        (self._paused.add if paused else self._paused.discard)(partition)
        if not self._all_paused:
            (consumer.pause if paused else consumer.resume)(self._places([partition]))

    def _commit(self, consumer: Consumer, commits: list[Commit]) -> None:
        current = [commit for commit in commits if self._epochs.get(commit.partition) == commit.epoch]
        if not current:
            self._tell(self._listener.committed, commits, "the partitions are gone")
            return
        self._committing.start(consumer, current)

    @reraising()
    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._epoch += 1
        self._quiet_since = time.monotonic()
        found = [place_of(consumer, at, self._epoch) for at in consumer.committed(partitions, timeout=ASK_LIMIT_S)]
        consumer.incremental_assign([TopicPartition(self._topic, at.partition, at.start) for at in found])
        self._epochs.update((at.partition, at.epoch) for at in found)
        self._positions.begin({at.partition: at.start for at in found})
        self._paused -= {at.partition for at in found}
        places = self._places(at.partition for at in found)
        (consumer.pause if self._all_paused else consumer.resume)(places)  # a pause survives revoke and assign
        self._tell(self._listener.assigned, found)

    @reraising()
    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        gone = {at.partition for at in partitions}
        draining = asyncio.run_coroutine_threadsafe(self._listener.drain(gone), self._loop)
        commits = draining.result(self.drain_s + _GRACE_S)
        if commits:
            try:
                consumer.commit(offsets=self._committing.offsets(commits), asynchronous=False)
            except KafkaException as error:
                self._log.warning("log.last_commit_failed", error=explained(error), consequence="events repeat")
        self._forget(consumer, partitions)

    @reraising()
    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._log.warning("log.partitions_lost", partitions=sorted(at.partition for at in partitions))
        self._forget(consumer, partitions)

    def _forget(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        gone = {at.partition for at in partitions}
        self._epochs = {number: epoch for number, epoch in self._epochs.items() if number not in gone}
        self._paused -= gone
        consumer.incremental_unassign(partitions)
        self._tell(self._listener.revoked, gone)

    def _tell_ends(self, consumer: Consumer) -> None:
        with contextlib.suppress(KafkaException):  # then they are as they were; that Kafka is away is told elsewhere
            self._tell(self._listener.log_ends, ends_of(consumer, self._topic, self._epochs))

    def _on_error(self, error: KafkaError) -> None:
        self._faults.note(error)
        self._log.debug("log.client_error", error=error.str(), code=error.name())

    def _places(self, partitions: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(self._topic, number) for number in partitions]
