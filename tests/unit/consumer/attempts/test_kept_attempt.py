"""An attempt as each of its events saw it, kept and shown."""

from msgspec.structs import replace

from consumer.attempts.kept_attempt import event_attempts_of, kept_attempts_of
from consumer.delivery.owner import Attempt
from consumer.delivery.policy.outcome import Answer, Fault, NoAnswer, Outcome
from consumer.lanes.delivery import Delivery, Lane
from consumer.record import Headers, Record
from tests.unit.consumer.attempts.test_event_attempt import EXPECTED

HEADERS: Headers = (
    ("ce_specversion", b"1.0"),
    ("ce_id", b"evt-1"),
    ("ce_type", b"registry.notifications.push"),
    ("ce_subject", b"team/app"),
)


def delivery(offset: int, headers: Headers = HEADERS) -> Delivery:
    """One that was tried at 1,700,000,000.25 s."""
    record = Record("registry.events", 3, offset, 0, b"team/app", b"", headers)
    return Delivery(record, None, Lane((3, b"team/app")), 0.0, None, last_try=1_700_000_000.25)


def test_an_answer() -> None:
    """Status and text of the answer, and the place and the headers of the record."""
    attempt = Attempt([delivery(7)], Answer(202, text="thanks"), Outcome.DELIVERED, 0.125, 2)
    assert event_attempts_of("ci", attempt) == [EXPECTED]


def test_no_answer() -> None:
    """The error in place of a status."""
    attempt = Attempt([delivery(7)], NoAnswer(Fault.DNS, "no such host"), Outcome.UNAVAILABLE, 0.125, 2, 4.0)
    (found,) = event_attempts_of("ci", attempt)
    assert found == replace(
        EXPECTED, outcome="unavailable", status=None, error="dns: no such host", next_try_s=4.0, answer=""
    )


def test_a_batch_is_one_for_each_event() -> None:
    """With the same answer."""
    attempt = Attempt([delivery(7), delivery(8)], Answer(202, text="thanks"), Outcome.DELIVERED, 0.125, 2)
    assert event_attempts_of("ci", attempt) == [EXPECTED, replace(EXPECTED, offset=8)]


def test_what_a_record_does_not_say() -> None:
    """Is None, and bytes that are no text are replaced."""
    attempt = Attempt([delivery(7, (("ce_id", b"\xff"), ("ce_type", None)))], Answer(202), Outcome.DELIVERED, 0.0, 1)
    (found,) = event_attempts_of("ci", attempt)
    assert (found.event_id, found.repository, found.action) == ("\ufffd", None, None)


def test_long_ids_and_names_are_cut() -> None:
    """So that memory is bounded, whoever writes to the topic."""
    headers: Headers = (("ce_id", b"i" * 5000), ("ce_subject", b"s" * 5000), ("ce_type", b"t" * 5000))
    (found,) = event_attempts_of("ci", Attempt([delivery(7, headers)], Answer(202), Outcome.DELIVERED, 0.0, 1))
    assert (found.event_id, found.repository, found.action) == ("i" * 512, "s" * 512, "t" * 512)


def test_is_of() -> None:
    """By the id of the event, or the place of the record."""
    (kept,) = kept_attempts_of(Attempt([delivery(7)], Answer(202), Outcome.DELIVERED, 0.0, 1))
    assert kept.is_of(b"evt-1", "evt-1")
    assert kept.is_of(b"3:7", "3:7")
    assert not kept.is_of(b"3:8", "3:8")


def test_the_text_of_an_answer_is_held_once() -> None:
    """So that it can be forgotten before its attempt."""
    (kept,) = kept_attempts_of(Attempt([delivery(7)], Answer(202, text="thanks"), Outcome.DELIVERED, 0.0, 1))
    assert (kept.result, kept.answer) == (Answer(202), "thanks")
