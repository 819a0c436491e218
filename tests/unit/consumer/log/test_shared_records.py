"""Records that consumers share: the same object for the same record, and for no other."""

from typing import Any

import pytest
from confluent_kafka import Message

from consumer.log.messages import record_of
from consumer.log.shared_records import SEVERAL, SharedRecords

_HEADERS = [("ce_id", b"1"), ("empty", None)]


def _message(**changed: Any) -> Message:
    given: dict[str, Any] = {
        "partition": 3,
        "offset": 17,
        "key": b"a",
        "value": b"one",
        "headers": _HEADERS,
        "timestamp": (1, 7),
    }
    return Message(topic="t", **(given | changed))


@pytest.mark.parametrize("kept", [1, SEVERAL])
def test_the_same_record_is_one_object(kept: int) -> None:
    """However many consumers read it, and it has all that the message has."""
    records = SharedRecords("t", kept)
    first = records.of(_message())
    assert first is records.of(_message())
    assert first == record_of(_message(), "t")
    assert (("ce_id", b"1"), ("empty", None)) == first.headers


@pytest.mark.parametrize(
    "changed",
    [
        {"partition": 4},
        {"offset": 18},
        {"key": b"b"},
        {"key": None},
        {"value": b"two"},
        {"value": None},
        {"timestamp": (1, 8)},
    ],
    ids=str,
)
def test_another_record_is_never_taken_for_it(changed: dict[str, object]) -> None:
    """With room for one, all share a place: it is what the record is that counts."""
    records = SharedRecords("t", 1)
    records.of(_message())
    assert record_of(_message(**changed), "t") == records.of(_message(**changed))


def test_a_consumer_that_shares_with_no_other_keeps_nothing() -> None:
    """Each message is a record of its own, and costs no comparison."""
    records = SharedRecords("t")
    assert records.of(_message()) is not records.of(_message())


def test_a_large_record_is_not_kept() -> None:
    """What is kept is bounded in bytes, not only in number."""
    records = SharedRecords("t", SEVERAL)
    large = _message(value=bytes(2049))
    assert records.of(large) is not records.of(large)
    assert records.of(large) == records.of(large)
