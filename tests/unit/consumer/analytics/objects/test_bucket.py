"""The bucket, over a store in memory: files that cannot be written here."""

from pathlib import Path

import pytest
from obstore.store import MemoryStore

from consumer.analytics.files import FailedWriteError
from consumer.analytics.objects.address import StorageAddress
from consumer.analytics.objects.bucket import Bucket, StorageError


def test_a_download_to_a_full_disk() -> None:
    """The file and the cause are named; the store is not asked again."""
    bucket = Bucket(MemoryStore(), StorageAddress("s3", "lake"))
    bucket.create("events.parquet", b"x")
    with pytest.raises(FailedWriteError, match=r"^writing /dev/full: No space left on device$"):
        bucket.download("events.parquet", Path("/dev/full"))


def test_a_download_of_nothing(tmp_path: Path) -> None:
    """An object that is gone is a fault of the store, and not of the disk."""
    bucket = Bucket(MemoryStore(), StorageAddress("s3", "lake"))
    with pytest.raises(StorageError, match=r"^s3://lake: "):
        bucket.download("events.parquet", tmp_path / "events.parquet")
