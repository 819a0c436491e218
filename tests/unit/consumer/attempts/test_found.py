"""One answer out of several."""

from datetime import timedelta

import msgspec
from msgspec.structs import replace

from consumer.attempts.found import FoundAttempts, merged
from consumer.attempts.question import AttemptQuestion
from consumer.attempts.repeat import repeat_of
from consumer.record import Record
from tests.unit.consumer.attempts.test_event_attempt import EXPECTED

EARLIER = replace(EXPECTED, time=EXPECTED.time - timedelta(seconds=1), offset=1)
LATER = replace(EXPECTED, time=EXPECTED.time + timedelta(seconds=1), offset=2)


def test_the_newest_of_all() -> None:
    """As many as were asked for, each once, and every reason why there may be more."""
    silent = FoundAttempts(unknown_because=["process 2: it does not answer"])
    parts = [FoundAttempts([EXPECTED, EARLIER]), FoundAttempts([LATER, EXPECTED]), silent]
    expected = FoundAttempts([LATER, EXPECTED], {}, ["process 2: it does not answer"])
    assert merged(AttemptQuestion(limit=2), parts) == expected


def test_since_when_all_are_kept() -> None:
    """Since the last of those moments by which one of them forgot some."""
    parts = [FoundAttempts(kept_since={"ci": EARLIER.time}), FoundAttempts(kept_since={"ci": LATER.time})]
    assert merged(AttemptQuestion(), parts).kept_since == {"ci": LATER.time}


def test_repeats_of_all() -> None:
    """Each once, the newest first."""
    first = repeat_of("ci", Record("t", 0, 1, 0, None, None), "0:0", 1.0)
    second = repeat_of("ci", Record("t", 0, 2, 0, None, None), "0:0", 2.0)
    parts = [FoundAttempts(repeats=[first]), FoundAttempts(repeats=[second, first])]
    assert merged(AttemptQuestion(), parts).repeats == [second, first]


def test_json_and_back() -> None:
    """As one process answers another; the time is RFC 3339."""
    answer = msgspec.json.encode(FoundAttempts([EXPECTED]))
    assert b'"time":"2023-11-14T22:13:20.250000Z"' in answer
    assert msgspec.json.decode(answer, type=FoundAttempts) == FoundAttempts([EXPECTED])
