"""What is done to the topics of a run while other faults are at work."""

import pytest

from broker import LocalKafka
from tests.chaos.topics import Topics

pytestmark = pytest.mark.kafka


def test_a_topic_that_is_deleted_just_now_is_left_alone(kafka: LocalKafka, topic: str) -> None:
    """Its settings cannot be changed, and need not be: it is made anew with those that let letters in."""
    topics = Topics(kafka.bootstrap, topic, 1)
    for change in (topics.refuse_letters, topics.take_letters, lambda: topics.need_all_copies(wanted=True)):
        change()
