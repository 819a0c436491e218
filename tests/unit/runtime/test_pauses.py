"""Pauses as records of the control topic: the last of each key counts, and what is not ours changes nothing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.pauses import Pause, PauseFold, PauseReading, pause_of, written

PAUSES = st.builds(Pause, st.integers(0, 253_402_300_799_999), st.text(max_size=20))
DEEP = b"[" * 100_000
"""More than can be read without an end of the stack."""
GROUPS = st.sampled_from(["worker.ci", "worker.é", "blue.ci"])


@given(st.lists(st.tuples(GROUPS, st.none() | PAUSES)))
def test_the_last_record_of_each_endpoint_counts(changes: list[tuple[str, Pause | None]]) -> None:
    """However often it was paused and resumed, and whatever compaction took of it."""
    fold = PauseFold()
    fold.add((group.encode(), written(pause)) for group, pause in changes)
    assert {group: pause for group, pause in dict(changes).items() if pause} == fold.pauses
    compacted = PauseFold()
    compacted.add((group.encode(), written(pause)) for group, pause in dict(changes).items())
    assert fold.pauses == compacted.pauses


@given(st.none() | st.binary(), st.none() | st.binary() | st.sampled_from([b"[]", b"{}", b'{"paused": 1}', b"7", DEEP]))
def test_what_is_not_ours_changes_nothing(key: bytes | None, value: bytes | None) -> None:
    """Anybody who may write to the topic can write anything."""
    fold = PauseFold()
    fold.add([(b"worker.ci", written(Pause(7, "why")))])
    fold.add([(key, value)])
    assert {"worker.ci": Pause(7, "why")} == fold.pauses


def test_a_pause_of_a_newer_release_is_one() -> None:
    """Members that this release does not know, or that are missing, do not make it deliver."""
    fold = PauseFold()
    fold.add([(b"a", b'{"paused": true, "until": "tomorrow"}'), (b"b", b'{"paused": true, "since_ms": 9, "x": []}')])
    assert {"a": Pause(0), "b": Pause(9)} == fold.pauses


@pytest.mark.parametrize("since_ms", [-1, 253_402_300_800_000, 10**30, True])
def test_a_pause_since_no_time_is_one_all_the_same(since_ms: int) -> None:
    """It holds the endpoint, and can be shown."""
    fold = PauseFold()
    fold.add([(b"a", json.dumps({"paused": True, "since_ms": since_ms, "reason": "why"}).encode())])
    assert str(fold.pauses["a"]).startswith("paused by an operator since 1970-01-01T00:00:00.00")


def test_a_reason_that_is_no_text_can_be_shown() -> None:
    """Half of a surrogate pair, as JSON may write it, is no UTF-8: neither a page nor an answer could be sent."""
    fold = PauseFold()
    fold.add([(b"a", b'{"paused": true, "since_ms": 9, "reason": "x\\ud800' + b"y" * 300 + b'"}')])
    [pause] = fold.pauses.values()
    assert pause.reason == "x?" + "y" * 198
    assert json.dumps(pause.as_json(), ensure_ascii=False).encode()


def test_a_pause_is_read_as_it_was_written() -> None:
    """By whoever asks a worker for its status; and a person reads since when, and why."""
    pause = Pause(1_700_000_000_250, "their release")
    assert pause == pause_of(pause.as_json())
    assert None is pause_of(None) is pause_of({}) is pause_of({"since_ms": "x"}) is pause_of([])
    assert "paused by an operator since 2023-11-14T22:13:20.250Z (their release)" == str(pause)
    assert "paused by an operator since 2023-11-14T22:13:20.250Z" == str(Pause(1_700_000_000_250))


def test_a_topic_that_is_missing_once_ends_no_pause() -> None:
    """A broker that has just started does not know it yet; what is missing at two looks in a row is gone."""
    reading = PauseReading()
    assert reading.trusts(None), "nothing was read that could be lost"
    assert reading.trusts(1)
    reading.add([(b"worker.ci", written(Pause(7, "why")))], 1)
    for end in (None, 1, None, 1):
        assert (end is not None) == reading.trusts(end)
        assert ({"worker.ci": Pause(7, "why")}, 1) == (reading.pauses, reading.next)
    assert not reading.trusts(None)
    assert reading.trusts(None)
    assert ({}, 0) == (reading.pauses, reading.next)


def test_a_topic_that_was_made_anew_is_read_from_its_beginning() -> None:
    """It ends before the place that the old one was read up to."""
    reading = PauseReading()
    reading.add([(b"worker.ci", written(Pause(7)))], 5)
    assert reading.trusts(2)
    assert ({}, 0) == (reading.pauses, reading.next)
