"""The attempts of one event at one endpoint, in words."""

from msgspec.structs import replace

from consumer.operations.known_attempts import KnownAttempts
from tests.unit.consumer.attempts.test_event_attempt import EXPECTED

FAILED = replace(EXPECTED, outcome="unavailable", status=None, error="timeout: no answer within 1 s", answer="")


def test_the_delivery_is_told() -> None:
    """Whatever was tried afterwards, as in a repeat after a crash."""
    known = KnownAttempts([FAILED, EXPECTED])
    assert known.of_finished() == "delivered at 2023-11-14T22:13:20.250Z, at try 2, status 202 in 125ms: thanks"
    silent = KnownAttempts([replace(EXPECTED, answer="")])
    assert silent.of_finished().endswith("status 202 in 125ms")


def test_what_is_not_known_is_said() -> None:
    """Since when attempts are kept, who does not answer, or that nobody keeps any."""
    begin = "delivered, or before the endpoint's start; when is not known: "
    assert KnownAttempts([FAILED], EXPECTED.time).of_finished() == (
        f"{begin}attempts before 2023-11-14T22:13:20.250Z are not kept"
    )
    assert KnownAttempts().of_finished() == f"{begin}no worker keeps attempts of it"
    assert KnownAttempts().of_finished(dedupes=True).startswith("delivered, a duplicate, or before the endpoint's")
    assert KnownAttempts(unknown_because=["h:1 does not answer"]).of_finished() == f"{begin}h:1 does not answer"


def test_the_last_try_of_an_event_that_waits() -> None:
    """With its answer; when the next one follows is for the worker to say."""
    assert KnownAttempts().of_waiting() == []
    last = replace(FAILED, number=3, seconds=1.0, next_try_s=8.0)
    assert KnownAttempts([last, FAILED]).of_waiting() == [
        "try 3 at 2023-11-14T22:13:20.250Z failed with timeout: no answer within 1 s in 1s"
    ]
    refused = replace(EXPECTED, outcome="failed", status=500, answer="out of disk")
    assert KnownAttempts([refused]).of_waiting()[0].endswith("failed with status 500 in 125ms: out of disk")
