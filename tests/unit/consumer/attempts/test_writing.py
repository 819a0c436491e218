"""Writing attempts to their topic: nothing waits for it, and what is lost is counted."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace
from structlog.testing import capture_logs

from consumer.attempts.writing import MOST_WAITING, AttemptTopic
from consumer.delivery.policy.outcome import Outcome
from runtime.config.settings import AttemptSettings
from runtime.kafka.errors import KafkaRefusedError, KafkaUnavailableError
from runtime.kafka.records import OutgoingRecord
from tests.unit.consumer.attempts.test_event_attempt import EXPECTED


class Kafka:
    """Takes records as long as it is up; it can be slow."""

    def __init__(self) -> None:
        self.records: list[OutgoingRecord] = []
        self.error: Exception | None = None
        self.answers = asyncio.Event()
        self.answers.set()
        self.is_closed = False

    async def write_soon(self, records: Sequence[OutgoingRecord]) -> None:
        """Take them, or not."""
        await self.answers.wait()
        if self.error is not None:
            raise self.error
        self.records += records

    def close(self, _: float) -> None:
        """Note it."""
        self.is_closed = True


class Losses(Counter[str]):
    """Counts by endpoint."""

    def attempt_not_written(self, endpoint: str) -> None:
        """One more."""
        self[endpoint] += 1


def topic(kafka: Kafka, losses: Losses, **keys: object) -> AttemptTopic:
    """One that is written to this Kafka."""
    return AttemptTopic(AttemptSettings(**keys), kafka, losses)  # type: ignore[arg-type]


def test_which_are_wanted() -> None:
    """Failures, or all."""
    failures, everything = (topic(Kafka(), Losses(), keep=keep) for keep in ("failures", "all"))
    assert [outcome for outcome in Outcome if failures.wants(outcome)] == list(Outcome)[1:]
    assert all(map(everything.wants, Outcome))


def test_all_are_written_in_order() -> None:
    """Also those that wait at the end."""

    async def scenario() -> None:
        kafka, losses = Kafka(), Losses()
        written = topic(kafka, losses)
        written.start()
        for offset in range(500):
            written.add(replace(EXPECTED, event_id=str(offset)))
        await written.close(60.0)
        assert [record.key for record in kafka.records] == [str(offset).encode() for offset in range(500)]
        assert {record.topic for record in kafka.records} == {"registry.attempts"}
        assert kafka.is_closed
        assert not losses

    asyncio.run(scenario())


def test_what_kafka_does_not_take_is_counted_and_told_once() -> None:
    """And then the writing goes on."""

    async def scenario() -> None:
        kafka, losses = Kafka(), Losses()
        written = topic(kafka, losses)
        written.start()
        kafka.error = KafkaUnavailableError("Kafka does not answer")
        with capture_logs() as lines:
            for _ in range(3):
                written.add(EXPECTED)
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            kafka.error = KafkaRefusedError("no right to write")
            written.add(EXPECTED)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert losses == {"ci": 4}
        assert ["Kafka does not answer", "no right to write"] == [line["reason"] for line in lines]
        kafka.error = None
        written.add(EXPECTED)
        await written.close(60.0)
        assert len(kafka.records) == 1
        assert losses == {"ci": 4}

    asyncio.run(scenario())


def test_memory_is_bounded_while_kafka_is_slow() -> None:
    """What has no room is lost at once, and nothing waits."""

    async def scenario() -> None:
        kafka, losses = Kafka(), Losses()
        written = topic(kafka, losses)
        written.start()
        kafka.answers.clear()
        for _ in range(MOST_WAITING + 300):
            written.add(EXPECTED)
        assert losses == {"ci": 300}
        kafka.answers.set()
        await written.close(60.0)
        assert len(kafka.records) == MOST_WAITING

    asyncio.run(scenario())


def test_a_close_does_not_wait_for_ever() -> None:
    """What is not written by then, and what Kafka has not acknowledged, is counted."""

    async def scenario() -> None:
        kafka, losses = Kafka(), Losses()
        written = topic(kafka, losses)
        written.start()
        kafka.answers.clear()
        for _ in range(300):
            written.add(EXPECTED)
        await asyncio.sleep(0)
        await written.close(0.01)
        assert losses == {"ci": 300}
        assert kafka.is_closed

    asyncio.run(scenario())


def test_a_close_before_the_start() -> None:
    """A worker that is stopped while it waits for Kafka has written none."""

    async def scenario() -> None:
        kafka, losses = Kafka(), Losses()
        await topic(kafka, losses).close(60.0)
        assert kafka.is_closed
        assert not losses

    asyncio.run(scenario())
