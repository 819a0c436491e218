"""Letters as values, and as what is read back from the topic."""

from consumer.dead_letters.letter import Closing, ClosingState, Letter
from consumer.dead_letters.record import closings_of, original_of, parse_record
from consumer.record import Record
from tests.kit.letters import DEAD, TOPIC, buried, letter_at, lying, record


def test_letter_is_understood() -> None:
    """What `letter_of` writes is read back: whose it is, why, and which event."""
    letter = parse_record(buried(record(17, partition=3), 4, partition=2))
    assert isinstance(letter, Letter)
    assert letter.identity == ("ci", TOPIC, 3, 17, "id-17")
    assert letter.place == (2, 4)
    assert (letter.reason, letter.status, letter.error, letter.attempts) == ("rejected", "422", "status 422", "3")
    assert (letter.first_attempt, letter.last_attempt) == ("1970-01-01T00:00:01.000Z", "1970-01-01T00:00:02.000Z")
    assert (letter.event_id, letter.webhook_id, letter.repository) == ("id-17", "id-17", "team/app")


def test_original_is_given_back() -> None:
    """The event's record comes out of the letter as it was, its place included."""
    original = record(17, partition=3)
    found = original_of(buried(original, 4))
    assert (original.place, original.key, original.value) == (found.place, found.key, found.value)
    assert original.headers == found.headers


def test_names_of_a_letter() -> None:
    """An operator says the event's id, the webhook-id, or PARTITION:OFFSET; without an id the place is its name."""
    odd, none = (parse_record(buried(record(5, name=name), 0)) for name in ("with.a.dot", ""))
    assert isinstance(odd, Letter)
    assert isinstance(none, Letter)
    assert (odd.name, none.name) == ("with.a.dot", "0:5")
    for letter, texts in ((odd, ("with.a.dot", odd.webhook_id, "0:5")), (none, (none.webhook_id, "0:5"))):
        assert [True] * len(texts) == [letter.is_named(text) for text in texts]
        assert not letter.is_named("")
        assert not letter.is_named("0:6")
    assert odd.webhook_id.startswith("sha256-")


def test_tombstone_is_a_letter() -> None:
    """A letter of a record without a value is none the less a letter: only `dl-state` closes."""
    empty = Record(TOPIC, 0, 1, 0, b"team/app", None, ())
    found = parse_record(buried(empty, 0))
    assert isinstance(found, Letter)
    assert (found.event_id, found.name) == ("", "0:1")


def test_closing_lies_with_its_letter() -> None:
    """A closing has the letter's partition and key, no value, whose letter it closes and the state."""
    (closing,) = closings_of(letter_at(17, 4, partition=2), ClosingState.DISCARDED, topic=DEAD)
    assert (closing.topic, closing.partition, closing.key, closing.value) == (DEAD, 2, b"team/app", None)
    wanted = {
        "endpoint": "ci",
        "topic": TOPIC,
        "partition": "0",
        "offset": "17",
        "event": "id-17",
        "state": "discarded",
    }
    assert [(f"dl-{name}", value.encode()) for name, value in wanted.items()] == closing.headers
    understood_again = parse_record(lying(closing, 9, 2))
    assert isinstance(understood_again, Closing)
    assert (understood_again.address, understood_again.mark) == (("ci", TOPIC, 0, 17), "id-17")
