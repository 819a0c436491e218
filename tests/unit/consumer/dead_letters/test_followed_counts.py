"""The open dead letters, followed: read on, and counted anew when what was counted is no longer there."""

from collections.abc import Iterable, Iterator

import pytest

from consumer.dead_letters.followed_counts import FollowedCounts
from consumer.record import Record
from runtime.kafka.cluster_state import Topic
from tests.kit.letters import DEAD, buried, record


class Log:
    """A dead-letter topic of some partitions, with a letter at each offset from `first`, which brokers may identify."""

    def __init__(self, *letters: int) -> None:
        self.first = [0 for _ in letters]
        self.letters = list(letters)
        self.id: str | None = "one"

    def topic_id(self, name: str) -> str | None:
        """Its id."""
        assert name == DEAD
        return self.id

    def topic(self, name: str) -> Topic | None:
        """It is there."""
        return Topic(name, len(self.letters), 1, {})

    def beginning(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """Where they begin."""
        return {number: self.first[number] for number in partitions}

    def end(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """Behind the last letters."""
        return {number: self.first[number] + self.letters[number] for number in partitions}

    def at(self, topic: str, partitions: Iterable[int], timestamp_ms: int) -> dict[int, int]:
        """Not asked for."""
        raise NotImplementedError


def lying(unread: dict[int, range]) -> Iterator[Record]:
    """The letters there, each of an event of its own."""
    for partition, offsets in unread.items():
        for at in offsets:
            yield buried(record(at, partition=partition), at, partition=partition)


def looked(followed: FollowedCounts) -> tuple[dict[int, range], int]:
    """What the next look had to read, and how many letters are open then."""
    unread = followed.look()
    followed.take(lying(unread))
    return unread, followed.by_endpoint().get("ci", 0)


def test_it_is_read_on() -> None:
    """Only what came since the last look is read, in each partition, also in one that was added."""
    log = Log(2, 0)
    followed = FollowedCounts(DEAD, log)
    assert ({0: range(2)}, 2) == looked(followed)
    assert ({}, 2) == looked(followed)
    log.first, log.letters = [0, 0, 0], [3, 1, 1]
    assert ({0: range(2, 3), 1: range(1), 2: range(1)}, 5) == looked(followed)


@pytest.mark.parametrize(("first", "letters"), [(5, 0), (4, 1), (2, 9), (0, 1), (0, 0)])
def test_what_the_topic_has_lost_does_not_count(first: int, letters: int) -> None:
    """Records were deleted, or the topic was made anew: what is there now is counted, and nothing else."""
    log = Log(5, 1)
    followed = FollowedCounts(DEAD, log)
    assert 6 == looked(followed)[1]
    log.first[0], log.letters[0] = first, letters
    assert letters + 1 == looked(followed)[1]


def test_a_topic_made_anew_with_more_letters() -> None:
    """It is told by its id, for its offsets are those that an old topic could have grown to."""
    log = Log(5)
    followed = FollowedCounts(DEAD, log)
    looked(followed)
    log.id, log.letters = "two", [7]
    assert ({0: range(7)}, 7) == looked(followed)


def test_brokers_without_ids_of_topics() -> None:
    """What is read is read once."""
    log = Log(5)
    log.id = None
    followed = FollowedCounts(DEAD, log)
    looked(followed)
    assert ({}, 5) == looked(followed)


def test_a_reading_that_breaks_off() -> None:
    """The next one goes on where it was."""
    followed = FollowedCounts(DEAD, Log(5))

    def broken() -> Iterator[Record]:
        yield from lying({0: range(2)})
        raise OSError("away")

    followed.look()
    with pytest.raises(OSError, match="away"):
        followed.take(broken())
    assert ({0: range(2, 5)}, 5) == looked(followed)
