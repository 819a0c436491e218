"""Files as the output of an export: of their own for each partition."""

from collections.abc import Mapping

from consumer.analytics.gaps import Gap
from consumer.analytics.partition_files import ExportTarget, PartitionFiles
from consumer.log.record_batch import RecordBatch


class FileWriter:
    """The partitions that one thread writes."""

    def __init__(self, target: ExportTarget, starts: Mapping[int, int], open_files: int) -> None:
        self._target = target
        self._partitions = {
            number: PartitionFiles(target, number, start, open_files=open_files) for number, start in starts.items()
        }

    def write(self, batch: RecordBatch) -> None:
        """Take records; a partition that is not known was added to the topic, and begins at its beginning."""
        files = self._partitions.get(batch.partition)
        if files is None:
            files = PartitionFiles(self._target, batch.partition, 0, open_files=len(self._partitions) + 1)
            self._partitions[batch.partition] = files
        files.write(batch)

    def close(self) -> None:
        """End all files."""
        for each in self._partitions.values():
            each.close()

    def close_if_old(self) -> None:
        """End the files that have been written for as long as one may be."""
        for each in self._partitions.values():
            each.close_if_old()

    def abandon(self) -> None:
        """Leave the open files unfinished."""
        for each in self._partitions.values():
            each.abandon()

    @property
    def records(self) -> int:
        """How many records were taken."""
        return sum(each.records for each in self._partitions.values())

    @property
    def files(self) -> int:
        """How many files have their name."""
        return sum(each.files for each in self._partitions.values())

    @property
    def gaps(self) -> list[Gap]:
        """Offsets that the log no longer had."""
        return [gap for each in self._partitions.values() for gap in each.gaps]


class FileOutput:
    """The files of one format in a storage, which this run holds."""

    def __init__(self, target: ExportTarget) -> None:
        self._target = target

    @property
    def topic(self) -> str:
        """The topic whose records the files hold."""
        return self._target.topic

    def begin(self, starts: Mapping[int, int], open_files: int) -> FileWriter:
        """A writer of these partitions from these offsets on."""
        return FileWriter(self._target, starts, open_files)
