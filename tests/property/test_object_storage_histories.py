"""Random histories of exports to object storage: runs die, requests are lost or late, locks are taken over.

Whatever happens, the objects hold each record once at the end; see `consumer/analytics/objects/lease.py`.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.analytics.files import FailedWriteError, OutputError, awaited, covered_by, named_files
from consumer.analytics.formats import format_named
from consumer.analytics.objects.bucket import StorageError
from consumer.analytics.objects.lease import LOCK, Lease, LeaseTerms
from consumer.analytics.objects.object_storage import ObjectStorage, holding
from consumer.analytics.partition_files import ExportTarget, PartitionFiles
from consumer.log.record_batch import RecordBatch
from tests.kit.examples import examples
from tests.kit.still_clock import StillClock
from tests.kit.unreliable_objects import Died, UnreliableObjects

TOPIC = "registry.events"
RECORDS = 7
"""In each of the two partitions."""
LARGE_BYTES = 500
"""Some files are larger, and uploaded in parts."""
FATES = (*[0] * 18, 1, 2, 3, 3, 4, 5, 6, 6)
"""Of requests; most are done."""
Draw = Callable[[int], int]


def batch(partition: int, offset: int) -> RecordBatch:
    """One record that cannot be decoded."""
    return RecordBatch(TOPIC, partition, [offset], [0], [b"x"], lambda _: ())


def write(storage: ObjectStorage, draw: Draw) -> None:
    """A run: each partition from where its files end, in files of drawn lengths, up to a drawn end."""
    paths = storage.paths()
    due = awaited(storage.announced(), paths, TOPIC, "ndjson")
    target = ExportTarget(storage, TOPIC, "ndjson", format_named("ndjson"), awaited=due)
    covered = covered_by(paths, TOPIC, "ndjson")
    for partition in (0, 1):
        begin = covered[partition].last + 1 if partition in covered else 0
        end = max(RECORDS - draw(4), due[partition].last + 1 if partition in due else 0)
        files = PartitionFiles(target, partition, begin)
        for offset in range(begin, end):
            files.write(batch(partition, offset))
            if not draw(3) and partition not in due:
                files.close()
        files.close()


def run(objects: UnreliableObjects, draw: Draw) -> None:
    """An export with the lock, which may be refused, fail or die."""
    clock = StillClock()
    objects.is_dead = False
    with tempfile.TemporaryDirectory() as scratch:
        lease = Lease(objects, LeaseTerms("--output s3://lake", "here", clock, 1.0))
        with (
            suppress(Died, StorageError, FailedWriteError, OutputError),
            holding(objects, lease, Path(scratch), LARGE_BYTES) as storage,
        ):
            write(storage, draw)


def rows(objects: UnreliableObjects) -> Counter[tuple[int, int]]:
    """Every row of every file; each file holds just the offsets in its name."""
    found: Counter[tuple[int, int]] = Counter()
    for file in named_files(objects.contents):
        lines = [json.loads(line) for line in objects.contents[file.path][0].splitlines()]
        offsets = [line["kafka_offset"] for line in lines]
        assert list(range(file.first, file.last + 1)) == offsets
        found.update((file.partition, offset) for offset in offsets)
    return found


@given(st.binary(min_size=150, max_size=250))
@settings(max_examples=examples(3000, suite=80))
def test_each_record_once_whatever_happens(drawn: bytes) -> None:
    """No gap, no double and no half file, and nothing but files and the lock, when a run at last ends well."""
    choices = iter(drawn)
    objects = UnreliableObjects(lambda: 0)

    def draw(limit: int) -> int:
        return next(choices, 0) % limit

    def fate() -> int:
        if draw(4) == 1:
            objects.arrive(draw(3))
        return FATES[draw(len(FATES))]

    objects.fate = fate
    for _ in range(6):
        run(objects, draw)
    objects.fate = lambda: 0
    while objects.later and draw(2):
        objects.arrive(0)
    run(objects, lambda limit: limit - 1 if limit == 3 else 0)
    while objects.later:
        objects.arrive(0)
    run(objects, lambda limit: limit - 1 if limit == 3 else 0)
    assert Counter((partition, offset) for partition in (0, 1) for offset in range(RECORDS)) == rows(objects)
    assert {LOCK} == {path for path in objects.contents if not path.endswith((".ndjson", ".part"))}
