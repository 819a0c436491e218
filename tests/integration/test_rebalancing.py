"""Rebalances of one consumer on a real Kafka."""

import asyncio
import itertools

import pytest
import structlog

from broker import LocalKafka
from consumer.log.consumer_settings import ConsumerSettings
from consumer.log.loop_listener import LoopListener
from consumer.log.session import open_session
from consumer.log.subscription import Subscription
from runtime.clock import SystemClock
from runtime.kafka.connection_faults import ConnectionFaults
from tests.kit import eventually
from tests.kit.log_listener import Listener
from tests.kit.topics import make_topic

pytestmark = pytest.mark.kafka


def test_what_is_assigned_amid_closing_is_not_begun(kafka: LocalKafka, topic: str) -> None:
    """A client that is closing answers no question where to begin: none is asked, and nothing is held."""
    make_topic(kafka, topic, 2)
    clock, loop, listener = SystemClock(), asyncio.new_event_loop(), Listener()
    session = open_session(
        ConsumerSettings({"bootstrap.servers": kafka.bootstrap}, client_id="test", group=topic, max_record_bytes=2**20),
        topic,
        LoopListener(listener, loop, drain_limit_s=1.0),
        epochs=itertools.count(1),
        faults=ConnectionFaults(clock),
        log=structlog.get_logger(),
        clock=clock,
    )
    Subscription().begin(session)
    session.rebalancing.settle()
    try:
        eventually(lambda: session.consumer.poll(0.1) is None and session.consumer.assignment())
        assert not session.held.numbers
    finally:
        session.consumer.close()
        loop.close()
