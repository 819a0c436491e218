"""The beginning of a topic that was deleted and made anew. Lives on the consumer's thread, and blocks."""

from collections.abc import Collection

from confluent_kafka import Consumer, TopicPartition

from consumer.log.watermarks import beginning_of


def begin_anew(consumer: Consumer, topic: str, partitions: Collection[int]) -> None:
    """Commit the beginning of these partitions and read on from there.

    Kafka forgets a group's offsets with the topic, but what was committed since then may speak of the old one.

    Raises:
        KafkaException: no answer, or the group is being rebalanced; the commit may have been made or not.
    """
    places = [TopicPartition(topic, number, beginning_of(consumer, topic, number)) for number in partitions]
    if places:
        consumer.commit(offsets=places, asynchronous=False)
    for place in places:
        consumer.seek(place)
