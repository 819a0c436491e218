"""What an intake says of its spool, as a line and as JSON."""

import json

import msgspec
import pytest

from runtime.spool_status import SpoolStatus, spool_status_of

MIB = 2**20
HOLDING = SpoolStatus(
    events=1234,
    used_bytes=5 * MIB,
    disk_bytes=6 * MIB,
    max_bytes=10 * 2**30,
    oldest_age_s=183.4,
    waits_because="away",
)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (
            HOLDING,
            "spool: 1234 events; the oldest accepted 3m3s ago; 5 MiB of 10 GiB (6 MiB on disk); waits because away",
        ),
        (
            SpoolStatus(events=0, used_bytes=20480, disk_bytes=1000, max_bytes=1536 * MIB),
            "spool: 0 events; 20 KiB of 1.5 GiB (1000 B on disk)",
        ),
        (
            SpoolStatus(events=1, used_bytes=None, disk_bytes=None, max_bytes=MIB, obstacle="the spool is full"),
            "spool: 1 event; the oldest accepted ? ago; ? of 1 MiB (? on disk); takes no events: the spool is full",
        ),
        (SpoolStatus(obstacle="the spool is being checked"), "spool: the spool is being checked"),
        (SpoolStatus(), "spool: its events are not known yet"),
    ],
)
def test_texts(status: SpoolStatus, text: str) -> None:
    """One line; what is not known is a question mark."""
    assert text == status.text


def test_there_and_back() -> None:
    """An answer is read as it was written; of another release, what fits; anything else is none."""
    assert HOLDING == spool_status_of(json.loads(msgspec.json.encode(HOLDING)))
    assert SpoolStatus(events=1) == spool_status_of({"events": 1, "more": 2})
    assert [None, None, None] == [spool_status_of(None), spool_status_of([]), spool_status_of({"events": "many"})]
