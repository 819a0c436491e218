"""The content of a lock's object, there and back."""

import msgspec
import pytest

from consumer.analytics.objects.lock_record import LONGEST_LEASE_S, LockRecord, lock_in, written

RECORD = LockRecord(owner="a", holder="host, process 7", serial=3, lease_s=30.0, announced=("accepted_date=x/y",))


def test_a_record_is_read_as_it_was_written() -> None:
    """All of it."""
    assert RECORD == lock_in(written(RECORD))


@pytest.mark.parametrize("lease_s", [-1.0, LONGEST_LEASE_S + 1, 1e308])
def test_nobody_waits_for_ever(lease_s: float) -> None:
    """A lease that no run takes is no lock's."""
    assert lock_in(msgspec.json.encode(msgspec.structs.replace(RECORD, lease_s=lease_s))) is None


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"owner": 3}', b"\xff"])
def test_another_content_is_no_lock(content: bytes) -> None:
    """Whatever it is, nothing is raised."""
    assert lock_in(content) is None
