"""Discarding letters: what is said of them, also where Kafka does not acknowledge all."""

from collections.abc import Sequence

import pytest

from consumer.dead_letters.discarding import Discarding
from consumer.dead_letters.letter import ClosingState
from consumer.dead_letters.record import closings_of
from runtime.kafka.errors import KafkaUnavailableError
from runtime.kafka.records import OutgoingRecord
from tests.kit.letters import DEAD, letter_at

LETTERS = [letter_at(offset, offset) for offset in range(5)]


class Log:
    """The dead-letter topic; while it is away it takes the first record, and acknowledges none."""

    def __init__(self) -> None:
        self.records: list[OutgoingRecord] = []
        self.is_away = False

    def write(self, records: Sequence[OutgoingRecord]) -> None:
        """Take them."""
        self.records += records[:1] if self.is_away else records
        if self.is_away:
            raise KafkaUnavailableError("no answer")


def test_all_are_discarded() -> None:
    """Each is closed, and nothing is left to say."""
    log, discarding = Log(), Discarding(DEAD, 3)
    discarding.discard(LETTERS[:2], log)
    discarding.discard(LETTERS[2:3], log)
    assert [
        record for one in LETTERS[:3] for record in closings_of(one, ClosingState.DISCARDED, topic=DEAD)
    ] == log.records
    assert "3 dead letters discarded" == str(discarding)


def test_what_was_under_way_may_be_discarded() -> None:
    """It is not said to be unchanged: Kafka may have taken what it did not acknowledge."""
    log, discarding = Log(), Discarding(DEAD, 5)
    discarding.discard(LETTERS[:1], log)
    log.is_away = True
    with pytest.raises(KafkaUnavailableError):
        discarding.discard(LETTERS[1:3], log)
    perhaps = "2 perhaps (`dead-letters list` shows those that are open)"
    assert f"1 dead letter discarded, {perhaps}, 2 unchanged" == str(discarding)


def test_what_was_not_begun_is_unchanged() -> None:
    """A run that is broken off before its next part says so."""
    log, discarding = Log(), Discarding(DEAD, 5)
    assert "0 dead letters discarded, 5 unchanged" == str(discarding)
    discarding.discard(LETTERS[:2], log)
    assert "2 dead letters discarded, 3 unchanged" == str(discarding)
