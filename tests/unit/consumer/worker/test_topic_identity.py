"""The events topic's identity: when readers are told to begin anew, and when not."""

import asyncio
from collections.abc import Sequence

import pytest

from consumer.worker.topic_identity import TopicIdentity
from runtime.kafka.errors import KafkaUnavailableError


class Cluster:
    """A cluster whose topic has these ids, one a look; then it is asked no more."""

    def __init__(self, ids: Sequence[str | Exception | None]) -> None:
        self.ids = list(ids)

    def topic_id(self, name: str) -> str | None:
        """The next one."""
        assert name == "registry.events"
        if not self.ids:
            raise LookupError
        found = self.ids.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


class Reader:
    """Counts."""

    def __init__(self) -> None:
        self.begun = 0

    def begin_anew(self) -> None:
        """Once more."""
        self.begun += 1


@pytest.mark.parametrize(
    ("ids", "begun"),
    [
        (["a", "a", "a"], 0),
        (["a", "b", "b"], 1),
        (["a", None, "b"], 1),
        (["a", None, "a"], 0),
        (["a", KafkaUnavailableError("away"), "b"], 1),
        ([None, "a", "a"], 0),
        ([None, None, None], 0),
        (["a", "b", "a"], 2),
    ],
)
def test_readers_begin_anew_when_the_topic_is_another_one(ids: list[str | Exception | None], begun: int) -> None:
    """Not when it is away for a while, nor when it is seen first, nor where brokers give no ids."""
    reader = Reader()
    with pytest.raises(LookupError):
        asyncio.run(TopicIdentity(Cluster(ids), "registry.events", [reader], every_s=0.0).watch())
    assert begun == reader.begun


@pytest.mark.parametrize(
    ("ids", "is_missing"),
    [
        (["a"], False),
        (["a", None], False),
        (["a", None, None], True),
        (["a", None, KafkaUnavailableError("away"), None], True),
        (["a", None, None, KafkaUnavailableError("away")], True),
        (["a", None, None, "a"], False),
        (["a", None, None, "b"], False),
        (["a", None, "a", None], False),
        ([None, None, None], False),
    ],
)
def test_a_topic_that_is_gone_is_missing(ids: list[str | Exception | None], *, is_missing: bool) -> None:
    """By two looks in a row, and until it is back; where brokers give no ids nobody knows."""
    identity = TopicIdentity(Cluster(ids), "registry.events", [], every_s=0.0)
    with pytest.raises(LookupError):
        asyncio.run(identity.watch())
    assert is_missing == ("registry.events does not exist any more" in identity.missing)
