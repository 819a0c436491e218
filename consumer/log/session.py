"""A session: one consumer, and the state that begins and ends with it. Lives on the consumer's thread."""

from collections.abc import Iterator
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError
from structlog.typing import FilteringBoundLogger

from consumer.log.committing import Committing
from consumer.log.consumer_settings import ConsumerSettings
from consumer.log.credit import Credit
from consumer.log.held_partitions import HeldPartitions
from consumer.log.loop_listener import LoopListener
from consumer.log.membership import MembershipWatch
from consumer.log.rebalancing import Rebalancing
from runtime.clock import Clock
from runtime.kafka.connection_faults import ConnectionFaults


@dataclass(frozen=True, slots=True)
class Session:
    """The parts of one session; none of them outlives its consumer."""

    consumer: Consumer
    topic: str
    held: HeldPartitions
    credit: Credit
    committing: Committing
    rebalancing: Rebalancing
    membership: MembershipWatch
    listener: LoopListener
    log: FilteringBoundLogger


def open_session(
    settings: ConsumerSettings,
    topic: str,
    listener: LoopListener,
    *,
    epochs: Iterator[int],
    faults: ConnectionFaults,
    log: FilteringBoundLogger,
    clock: Clock,
) -> Session:
    """Make a consumer, which holds no partition and is a member of no group yet. Blocks.

    Args:
        settings: of the consumer.
        topic: the events topic.
        listener: notified of everything.
        epochs: numbers of assignments.
        faults: notes why there is no connection, for all consumers of the thread.
        log: of the endpoint.
        clock: for durations.

    Raises:
        KafkaUnavailableError, ProtocolMissingError: see `ConsumerSettings.resolved`.
    """
    committing = Committing(topic, listener)

    def on_error(error: KafkaError) -> None:
        faults.note(error)
        log.debug("log.client_error", error=error.str(), code=error.name())

    own = {"enable.partition.eof": True, "on_commit": committing.answered, "error_cb": on_error}
    consumer = Consumer({**settings.resolved(), **own})
    held = HeldPartitions(consumer, topic, epochs, settings, clock)
    return Session(
        consumer=consumer,
        topic=topic,
        held=held,
        credit=Credit(),
        committing=committing,
        rebalancing=Rebalancing(consumer, held, committing, listener, log),
        membership=MembershipWatch(consumer, listener, faults, clock),
        listener=listener,
        log=log,
    )
