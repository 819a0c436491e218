"""What an export removes from a bucket when it begins: its own leftovers, and nothing of others."""

from pathlib import Path

from consumer.analytics.objects.lease import LOCK, Lease, LeaseTerms
from consumer.analytics.objects.object_storage import holding
from tests.kit.still_clock import StillClock
from tests.kit.unreliable_objects import UnreliableObjects

FILE = "accepted_date=2026-01-01/registry.events-00000-00000000000000000000-00000000000000000001.parquet"
DAY, _, NAME = FILE.partition("/")


def test_only_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    """An export with a longer prefix may be at work in the same bucket, and its parts look alike."""
    others = {f"eu/{DAY}/.{NAME}.run.part", ".kept.part", "README", f"eu/{FILE}"}
    left = {f"{DAY}/.{NAME}.run.part"}
    objects = UnreliableObjects(lambda: 0, dict.fromkeys((FILE, *others, *left), (b"", 0)))
    lease = Lease(objects, LeaseTerms("--output s3://lake", "here", StillClock(), 1.0))
    with holding(objects, lease, tmp_path) as storage:
        assert (FILE,) == storage.paths()
    assert {FILE, LOCK, *others} == objects.contents.keys()
