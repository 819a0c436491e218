"""Offsets of partitions, asked through a group's own consumer, on its thread. All calls block."""

from collections.abc import Iterable
from typing import Final, Protocol

from confluent_kafka import OFFSET_END, Consumer, KafkaException, TopicPartition

from consumer.offsets.commits import Assigned

ASK_LIMIT_S: Final = 10.0
_ENDS_LIMIT_S: Final = 1.0


class WholeLog(Protocol):
    """Knows what a consumer of committed records cannot: where the log ends, open transactions included."""

    def written(self, topic: str, partition: int) -> int:
        """The offset behind everything in a partition; blocks.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: no answer, or none that is ours to have.
        """
        ...


def place_of(consumer: Consumer, at: TopicPartition, epoch: int, log: WholeLog) -> Assigned:
    """Where to begin: the group's commit; the oldest record where it has none or the log no longer has it.

    A commit behind all that the consumer gets is one of this log all the same if an open transaction reaches so far:
    another tool sets it there when it resets the group to the latest offset.

    Raises:
        KafkaException, KafkaUnavailableError, KafkaRefusedError: no answer.
    """
    if at.error is not None:
        raise KafkaException(at.error)
    low, high = consumer.get_watermark_offsets(at, timeout=ASK_LIMIT_S)
    committed = at.offset if at.offset >= 0 else None
    end = high if committed is None or committed <= high else log.written(at.topic, at.partition)
    known = committed is not None and low <= committed <= end
    start = committed if known and committed is not None else low
    return Assigned(at.partition, epoch, start, committed, at.metadata or "", high)


def beginning_of(consumer: Consumer, topic: str, partition: int) -> int:
    """The first offset that the log still has.

    Raises:
        KafkaException: no answer.
    """
    low, _ = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=ASK_LIMIT_S)
    return low


def ends_of(consumer: Consumer, topic: str, partitions: Iterable[int]) -> dict[int, int]:
    """Where the log ends for consumers, in one request a broker; of partitions that answered.

    Without partitions it asks for the topic alone, to see whether Kafka answers.

    What the client keeps of its last fetch is no substitute: it counts the records of open transactions too.

    Raises:
        KafkaException: no answer within a second.
    """
    asked = [TopicPartition(topic, number, OFFSET_END) for number in partitions]
    if not asked:
        consumer.list_topics(topic, timeout=_ENDS_LIMIT_S)
        return {}
    found = consumer.offsets_for_times(asked, timeout=_ENDS_LIMIT_S)
    if all(at.error is not None for at in found):
        raise KafkaException(found[0].error)
    return {at.partition: at.offset for at in found if at.error is None and at.offset >= 0}
