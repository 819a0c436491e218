"""The content of a lock's object, there and back."""

import pytest

from consumer.analytics.objects.lock_record import LockRecord, lock_in, written

RECORD = LockRecord(owner="a", holder="host, process 7", serial=3, lease_s=30.0, announced=("accepted_date=x/y",))


def test_a_record_is_read_as_it_was_written() -> None:
    """All of it."""
    assert RECORD == lock_in(written(RECORD))


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"owner": 3}', b"\xff"])
def test_another_content_is_no_lock(content: bytes) -> None:
    """Whatever it is, nothing is raised."""
    assert lock_in(content) is None
