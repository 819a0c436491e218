"""Files as the output of an export: partitions apart, and one that is added."""

from pathlib import Path

from consumer.analytics.directory import LocalDirectory
from consumer.analytics.file_output import FileOutput
from consumer.analytics.formats import format_named
from consumer.analytics.output import BatchWriter
from consumer.analytics.partition_files import ExportTarget
from consumer.log.record_batch import RecordBatch


def batch(partition: int, first: int, last: int) -> RecordBatch:
    """Records that cannot be decoded, all accepted at once."""
    count = last - first + 1
    return RecordBatch("events", partition, range(first, last + 1), [0] * count, [b"x"] * count, lambda _: ())


def test_an_added_partition_begins_at_its_beginning(tmp_path: Path) -> None:
    """A partition that nobody named gets files of its own, and what its records do not begin with is a gap."""
    output = FileOutput(ExportTarget(LocalDirectory(tmp_path), "events", "ndjson", format_named("ndjson")))
    writer: BatchWriter = output.begin({0: 5}, 1)
    writer.write(batch(0, 5, 6))
    lost = batch(3, 2, 2)
    writer.write(RecordBatch(lost.topic, 3, lost.offsets, lost.timestamps_ms, lost.values, lost.headers, log_begins=2))
    writer.close()
    assert (3, 2) == (writer.records, writer.files)
    assert ["partition 3: the log no longer has offsets 0 to 1"] == [str(gap) for gap in writer.gaps]
