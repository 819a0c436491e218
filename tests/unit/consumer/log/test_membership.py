"""Membership: why a consumer is none, by the group's last word, and what of it is news."""

import asyncio
from typing import Any, cast

from confluent_kafka import Consumer, KafkaError

from consumer.log.listener import NOT_YET, LogListener
from consumer.log.loop_listener import LoopListener
from consumer.log.membership import MembershipWatch
from runtime.kafka.connection_faults import ConnectionFaults
from tests.kit.still_clock import StillClock

REFUSED = KafkaError(KafkaError.GROUP_MAX_SIZE_REACHED)
REBALANCING = KafkaError(KafkaError.REBALANCE_IN_PROGRESS)
AWAY = KafkaError(KafkaError._TRANSPORT, "kafka-1:9092/bootstrap: Connect to ipv4#10.0.0.1:9092 failed")


class Watched:
    """A consumer without brokers, which therefore never joins, and what is told of it."""

    def __init__(self) -> None:
        self.clock = StillClock()
        self.obstacles: list[str] = []
        self.faults = ConnectionFaults(self.clock)
        listener = LoopListener(cast("LogListener", self), asyncio.get_running_loop(), drain_limit_s=0.0)
        self.consumer = Consumer({"group.id": "g"})
        self.watch = MembershipWatch(self.consumer, listener, self.faults, self.clock)

    def membership(self, obstacle: str) -> None:
        """Keep what is told."""
        self.obstacles.append(obstacle)

    async def look(self) -> list[str]:
        """All that was told when it has been looked at once more."""
        self.watch.look()
        await asyncio.sleep(0)
        return self.obstacles


def run(scenario: Any) -> None:
    """On a loop; the consumer is closed."""

    async def running() -> None:
        watched = Watched()
        try:
            await scenario(watched)
        finally:
            watched.consumer.close()

    asyncio.run(running())


def test_not_joined_yet_is_known_and_not_told() -> None:
    """The listener begins with it."""

    async def scenario(watched: Watched) -> None:
        assert [] == await watched.look()

    run(scenario)


def test_the_groups_refusal_is_told_once_and_again_when_it_changes() -> None:
    """With the code by which it can be looked up."""

    async def scenario(watched: Watched) -> None:
        watched.watch.refused(REFUSED)
        (told,) = await watched.look()
        assert told.startswith(f"{NOT_YET}: ")
        assert "GROUP_MAX_SIZE_REACHED" in told
        assert [told] == await watched.look()
        watched.watch.refused(REBALANCING)
        assert "REBALANCE_IN_PROGRESS" in (await watched.look())[1]

    run(scenario)


def test_without_a_connection_the_cause_is_that() -> None:
    """In the client's words."""

    async def scenario(watched: Watched) -> None:
        watched.faults.note(AWAY)
        (told,) = await watched.look()
        assert told.startswith(f"{NOT_YET}: ")
        assert "Connect to ipv4#10.0.0.1:9092 failed" in told

    run(scenario)


def test_an_error_that_goes_on_is_news_once() -> None:
    """Another one is news, and so is one that was not met for a minute."""

    async def scenario(watched: Watched) -> None:
        assert watched.watch.refused(REFUSED)
        watched.clock.now += 50
        assert not watched.watch.refused(REFUSED)
        watched.clock.now += 50
        assert not watched.watch.refused(REFUSED)
        assert watched.watch.refused(REBALANCING)
        watched.clock.now += 61
        assert watched.watch.refused(REBALANCING)

    run(scenario)
